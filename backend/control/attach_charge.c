/* SPDX-License-Identifier: MIT */
/* attach_charge.c - charges for attach_charge.h */
#include "attach_charge.h"
#include "served.h"

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

unsigned int attach_may_map(const struct process *p)
{
	unsigned int before = p->served ? p->served->made.mappings : 0, adopted = 0;

	for (const struct attach *a = p->attached; a; a = a->next) {
		if (a->state == ATTACH_FOUND)
			before = a->served->made.mappings;
		else if (a->adopted)
			adopted += a->mappings;
	}
	/* What an earlier control granted to all of its VIFs. */
	return attach_charged(p) - adopted + (before > adopted ? before : adopted);
}

void attach_tell_charged(struct process *p)
{
	union msg m = msg_new(MSG_MAPPINGS, 0);

	m.mappings.all = attach_may_map(p);
	if (p->state == PROCESS_READY)
		process_send(p, &m, NULL, 0);
}

void attach_uncharge(struct attach *a)
{
	if (a->mappings)
		mapquota_release(a->quota, a->peer, a->mappings);
	a->mappings = 0;
}
