/* SPDX-License-Identifier: MIT */
/* attach_stuck.c - makes a connection anew whose worker does not come back, for attach_stuck.h */
#include "attach_stuck.h"

bool attach_answers(const struct attach *a)
{
	return a->conn || a->unapplied == 0;
}

/* Settings that change nothing: APPLIED says that the process takes messages. */
void attach_probe(struct attach *a)
{
	union msg m = msg_new(MSG_SETTINGS, a->number);

	if (a->conn)
		return;
	m.settings.values = a->sent;
	a->unapplied++;
	process_send(a->process, &m, NULL, 0);
}

void attach_reset(struct attach *a)
{
	if (!a->conn) {
		process_kill(a->process, "a worker of it neither sleeps nor moves");
		return;
	}
	a->state = ATTACH_STOPPING;
	attach_reset_tick(a);
}

void attach_reset_tick(struct attach *a)
{
	struct stats sum;

	if (!a->conn || a->state != ATTACH_STOPPING || !vif_conn_try_stop(a->conn))
		return;
	vif_conn_stop(a->conn, &sum);
	a->conn = NULL;
	a->state = ATTACH_NONE;
	a->lost = a->changed = true;
}
