/* SPDX-License-Identifier: MIT */
/* spare.h - which of the pool's transmit pages are not with the backend
 *
 * A set, of which the lowest are always used first: so a frame's pages lie one
 * behind the other and are one run to the kernel, at both ends, in whatever
 * order they come back; and few pages are in use as long as few are needed,
 * which the processor's cache then has.
 */
#ifndef NETPAIR_SPARE_H
#define NETPAIR_SPARE_H

#include <stdint.h>

#include "../common/util.h"
#include "pool.h"

#define SPARE_WORDS ((POOL_GTX_PAGES + 63u) / 64u)

struct spare {
	uint64_t word[SPARE_WORDS];	/* a bit a page */
	unsigned int count;
};

/* All of them. */
void spare_init(struct spare *s);

/* Page id, which was taken, comes back. */
void spare_put(struct spare *s, uint16_t id);

/* The n lowest to ids, in order, or as many as there are; they stay. How many. */
unsigned int spare_lowest(const struct spare *s, uint16_t *ids, unsigned int n);

/* The n pages of ids, all in the set, go. */
void spare_take(struct spare *s, const uint16_t *ids, unsigned int n);

#endif
