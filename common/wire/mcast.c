/* SPDX-License-Identifier: MIT */
/* mcast.c - the list of mcast.h */
#include <errno.h>
#include <string.h>

#include "mcast.h"

#define BROADCAST UINT64_C(0xffffffffffff)

static uint64_t mcast_pack(const uint8_t *addr)
{
	uint64_t v = 0;

	for (int i = 0; i < 6; i++)
		v = v << 8 | addr[i];
	return v;
}

bool mcast_applies(const uint8_t *addr)
{
	return (addr[0] & 1) && mcast_pack(addr) != BROADCAST;
}

static bool mcast_has(const struct mcast *m, uint64_t v)
{
	for (unsigned int i = 0; i < MCAST_MAX; i++)
		if (atomic_load_explicit(&m->addr[i], memory_order_relaxed) == v)
			return true;
	return false;
}

/* Two threads that add the same address may both find it absent. Then the list has
 * it twice, and mcast_del() removes both. */
int mcast_add(struct mcast *m, const uint8_t *addr)
{
	uint64_t v = mcast_pack(addr);

	/* So v is not 0, which marks a free entry. */
	if (!(addr[0] & 1))
		return -EINVAL;
	if (mcast_has(m, v))
		return 0;
	for (unsigned int i = 0; i < MCAST_MAX; i++) {
		uint64_t none = 0;

		if (atomic_compare_exchange_strong(&m->addr[i], &none, v))
			return 0;
	}
	return -ENOSPC;
}

int mcast_del(struct mcast *m, const uint8_t *addr)
{
	uint64_t v = mcast_pack(addr);
	int err = -ENOENT;

	if (!(addr[0] & 1))
		return -EINVAL;
	for (unsigned int i = 0; i < MCAST_MAX; i++) {
		uint64_t seen = v;

		if (atomic_compare_exchange_strong(&m->addr[i], &seen, 0))
			err = 0;
	}
	return err;
}

unsigned int mcast_check(struct mcast *m)
{
	unsigned int bad = 0;

	for (unsigned int i = 0; i < MCAST_MAX; i++) {
		uint64_t v = atomic_load(&m->addr[i]);

		if (v == 0 || (v <= BROADCAST && (v >> 40 & 1)))
			continue;
		atomic_store(&m->addr[i], 0);
		bad++;
	}
	return bad;
}

bool mcast_match(const struct mcast *m, const uint8_t *addr)
{
	return mcast_has(m, mcast_pack(addr));
}

unsigned int mcast_list(const struct mcast *m, uint8_t out[MCAST_MAX][6])
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < MCAST_MAX; i++) {
		uint64_t v = atomic_load_explicit(&m->addr[i], memory_order_relaxed);

		if (v == 0)
			continue;
		for (int at = 5; at >= 0; at--, v >>= 8)
			out[n][at] = (uint8_t)v;
		n++;
	}
	return n;
}
