/* SPDX-License-Identifier: MIT */
/* mcast.h - the multicast addresses that a frontend wants (netif.h, "multicast-control")
 *
 * Any thread may look while others change the list: an address is one word.
 */
#ifndef NETPAIR_MCAST_H
#define NETPAIR_MCAST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "util.h"

/* Linux netback's limit. */
#define MCAST_MAX 64u

struct mcast {
	_Atomic uint64_t addr[MCAST_MAX];	/* 0: free */
};

/* Whether an address is for many, but not for all: those are filtered. */
bool mcast_applies(const uint8_t *addr);

/* Adds an address; one that is there already is fine. -EINVAL: not a multicast
 * address; -ENOSPC: the list is full. */
MUST_CHECK int mcast_add(struct mcast *m, const uint8_t *addr);

/* -ENOENT: it is not there. */
MUST_CHECK int mcast_del(struct mcast *m, const uint8_t *addr);

/* Removes what is no multicast address, as a damaged list may hold. Returns how many. */
unsigned int mcast_check(struct mcast *m);

bool mcast_match(const struct mcast *m, const uint8_t *addr);

/* The addresses, to out; how many. */
unsigned int mcast_list(const struct mcast *m, uint8_t out[MCAST_MAX][6]);

#endif
