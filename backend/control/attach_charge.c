/* SPDX-License-Identifier: MIT */
/* attach_charge.c - charges for attach_charge.h */
#include "attach_charge.h"

void attach_charge(struct attach *a)
{
	unsigned int most = a->conf.ctrl ? vif_conn_mappings_max() : 0;

	a->quota = a->params.quota;
	a->peer = a->params.peer;
	a->mappings = a->granted = mapquota_charge_up_to(a->quota, a->peer, most);
}

bool attach_charge_granted(struct attach *a, unsigned int granted)
{
	unsigned int charged = 0, all = 0;

	attach_charge(a);
	a->granted = granted;
	for (const struct attach *other = a->process->attached; other; other = other->next) {
		charged += other->mappings;
		all += other->granted;
	}
	return charged >= all;
}

/* Hands on what other VIFs of the process may map and are not charged for, as they were adopted in another
 * order than they were connected in. */
static void attach_hand_on(struct attach *a)
{
	for (struct attach *other = a->process->attached; other; other = other->next) {
		unsigned int lacks = other->granted > other->mappings ? other->granted - other->mappings : 0;
		unsigned int n = (unsigned int)min_size(lacks, a->mappings);

		other->mappings += n;
		a->mappings -= n;
	}
}

void attach_uncharge(struct attach *a)
{
	attach_hand_on(a);
	if (a->mappings)
		mapquota_release(a->quota, a->peer, a->mappings);
	a->mappings = a->granted = 0;
}
