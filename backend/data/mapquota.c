/* SPDX-License-Identifier: MIT */
/* mapquota.c - how many pages of guests stay mapped */
#include "mapquota.h"

static bool mapquota_add_up_to(atomic_uint *used, unsigned int n, unsigned int max)
{
	unsigned int was = atomic_load_explicit(used, memory_order_relaxed);

	do {
		if (n > max || was > max - n)
			return false;
	} while (!atomic_compare_exchange_weak(used, &was, was + n));
	return true;
}

static atomic_uint *mapquota_used_by(struct mapquota *q, struct domid guest)
{
	uint16_t index = guest.raw;	/* Raw: an index of the table */

	assert(index < ARRAY_SIZE(q->guest));
	return &q->guest[index];
}

bool mapquota_charge(struct mapquota *q, struct domid guest, unsigned int n)
{
	if (!mapquota_add_up_to(mapquota_used_by(q, guest), n, q->guest_max))
		return false;
	if (mapquota_add_up_to(&q->all, n, q->all_max))
		return true;
	atomic_fetch_sub(mapquota_used_by(q, guest), n);
	return false;
}

/* Returns how many more may be charged to an account. */
static unsigned int mapquota_left(const atomic_uint *used, unsigned int max)
{
	unsigned int now = atomic_load(used);

	return now < max ? max - now : 0;
}

unsigned int mapquota_charge_up_to(struct mapquota *q, struct domid guest, unsigned int n)
{
	do {
		n = (unsigned int)min_size(n, mapquota_left(mapquota_used_by(q, guest), q->guest_max));
		n = (unsigned int)min_size(n, mapquota_left(&q->all, q->all_max));
	} while (n && !mapquota_charge(q, guest, n));
	return n;
}

void mapquota_release(struct mapquota *q, struct domid guest, unsigned int n)
{
	atomic_fetch_sub(mapquota_used_by(q, guest), n);
	atomic_fetch_sub(&q->all, n);
}
