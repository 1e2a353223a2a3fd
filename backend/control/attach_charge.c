/* SPDX-License-Identifier: MIT */
/* attach_charge.c - charges for attach_charge.h */
#include "attach_charge.h"

bool attach_charge(struct attach *a)
{
	unsigned int most = a->conf.ctrl ? vif_conn_mappings_max() : 0;

	a->quota = a->params.quota;
	a->peer = a->params.peer;
	a->mappings = mapquota_charge_up_to(a->quota, a->peer, most);
	return a->mappings == most;
}

unsigned int attach_charged(const struct process *p)
{
	unsigned int sum = 0;

	for (const struct attach *a = p->attached; a; a = a->next)
		sum += a->mappings;
	return sum;
}

void attach_tell_charged(struct process *p)
{
	union msg m = msg_new(MSG_MAPPINGS, 0);

	m.mappings.all = attach_charged(p);
	if (p->state == PROCESS_READY && !p->served)
		process_send(p, &m, NULL, 0);
}

void attach_uncharge(struct attach *a)
{
	if (a->mappings)
		mapquota_release(a->quota, a->peer, a->mappings);
	a->mappings = 0;
}
