/* SPDX-License-Identifier: MIT */
/* mcast.c - the list of mcast.h */
#include <errno.h>
#include <string.h>

#include "mcast.h"

#define BROADCAST UINT64_C(0xffffffffffff)

static uint64_t pack(const uint8_t *addr)
{
	uint64_t v = 0;

	for (int i = 0; i < 6; i++)
		v = v << 8 | addr[i];
	return v;
}

bool mcast_applies(const uint8_t *addr)
{
	return (addr[0] & 1) && pack(addr) != BROADCAST;
}

static bool has(const struct mcast *m, uint64_t v)
{
	for (unsigned int i = 0; i < MCAST_MAX; i++)
		if (atomic_load_explicit(&m->addr[i], memory_order_relaxed) == v)
			return true;
	return false;
}

/* Two threads that add the same address may both find it absent: then it is
 * there twice, and deleting it deletes both. */
int mcast_add(struct mcast *m, const uint8_t *addr)
{
	uint64_t v = pack(addr);

	/* Not 0 either, as its first bit is 1. */
	if (!(addr[0] & 1))
		return -EINVAL;
	if (has(m, v))
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
	uint64_t v = pack(addr);
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
	return has(m, pack(addr));
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
