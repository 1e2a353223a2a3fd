/* SPDX-License-Identifier: MIT */
/* mcast.h - the multicast addresses that a frontend wants (netif.h, "multicast-control")
 *
 * Any thread may read the list while others change it: an address is one word.
 */
#ifndef NETPAIR_MCAST_H
#define NETPAIR_MCAST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

/* The most addresses; Linux netback has the same limit. */
#define MCAST_MAX 64u

struct mcast {
	_Atomic uint64_t addr[MCAST_MAX];	/* 0: free */
};

/* Returns whether addr is a multicast address, but not broadcast: only frames to
 * such addresses are filtered. */
bool mcast_applies(const uint8_t *addr);

/* Adds an address. Returns 0, also if it is there already; -EINVAL: it is not a
 * multicast address; -ENOSPC: the list is full. */
MUST_CHECK int mcast_add(struct mcast *m, const uint8_t *addr);

/* Removes an address. Returns 0; -EINVAL: it is not a multicast address; -ENOENT:
 * it is not there. */
MUST_CHECK int mcast_del(struct mcast *m, const uint8_t *addr);

/* Removes the entries of a damaged list that are no multicast addresses. Returns
 * the number of removed entries. */
unsigned int mcast_check(struct mcast *m);

/* Returns whether the list holds addr. */
bool mcast_match(const struct mcast *m, const uint8_t *addr);

/* Copies the addresses to out. Returns the number of addresses. */
unsigned int mcast_list(const struct mcast *m, uint8_t out[MCAST_MAX][6]);

#endif
