/* SPDX-License-Identifier: MIT */
/* free_pages.h - the set of the pool's transmit pages that the backend does not have
 *
 * The lowest pages are always used first, in whatever order pages return:
 * - a frame's pages are then mostly adjacent, which is one run to the kernel at both
 *   ends;
 * - while few pages are needed, the same few are used, and stay in the processor's
 *   cache.
 */
#ifndef NETPAIR_FRONTEND_FREE_PAGES_H
#define NETPAIR_FRONTEND_FREE_PAGES_H

#include <stdint.h>

#include "common/base/util.h"
#include "pool.h"

#define FREE_PAGES_WORDS ((POOL_GTX_PAGES + 63u) / 64u)

struct free_pages {
	uint64_t word[FREE_PAGES_WORDS];	/* a bit a page */
	unsigned int count;
};

/* Puts all pages into the set. */
void free_pages_init(struct free_pages *s);

/* Returns page id, which was claimed, to the set. */
void free_pages_put(struct free_pages *s, uint16_t id);

/* Copies the n lowest pages, or as many as there are, to ids, in ascending order. They stay
 * in the set. Returns their number. */
unsigned int free_pages_lowest(const struct free_pages *s, uint16_t *ids, unsigned int n);

/* Returns the lowest page if it is the first of n pages in the set that lie one behind the other, n being at
 * most 64; else FREE_PAGES_NONE. */
#define FREE_PAGES_NONE POOL_GTX_PAGES
MUST_CHECK uint16_t free_pages_lowest_run(const struct free_pages *s, unsigned int n);

/* Removes the n pages of ids, which are all in the set. */
void free_pages_claim(struct free_pages *s, const uint16_t *ids, unsigned int n);

#endif
