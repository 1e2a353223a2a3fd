/* SPDX-License-Identifier: MIT */
/* ring_internal.h - what only ring.c and ctrlring.c share
 *
 * Theory of operation. Each end keeps its own indices in private memory and
 * never reads back what it wrote to the page. begin loads the peer's index once,
 * checks it against what can be outstanding, and stores it as the snapshot.
 * Slots are copied word by word through shm_load(). So if a peer rewrites a slot
 * meanwhile, we see one value of each word, the old or the new, and never both.
 */
#ifndef NETPAIR_RING_INTERNAL_H
#define NETPAIR_RING_INTERNAL_H

#include <string.h>

#include "ring.h"
#include "common/base/shm.h"

struct shring {
	union {
		struct netif_tx_sring gtx;
		struct netif_rx_sring grx;
		struct xen_netif_ctrl_sring ctrl;
	};
};

/* Words of the largest slot, a control request. */
#define RING_SLOT_WORDS 4u

/* Copy words (at most RING_SLOT_WORDS) of a slot out of, or into, the page, with one access a word. They are
 * inline because words is a constant: a loop and a call for each slot were a fifth of a large frame. */
static inline void ring_read(void *dst, const void *slot, unsigned int words)
{
	const uint32_t *from = slot;
	uint32_t to[RING_SLOT_WORDS];

	for (unsigned int i = 0; i < words; i++)
		to[i] = shm_load(&from[i]);
	memcpy(dst, to, words * 4);
}

static inline void ring_write(void *slot, const void *src, unsigned int words)
{
	uint32_t *to = slot;
	uint32_t from[RING_SLOT_WORDS];

	memcpy(from, src, words * 4);
	for (unsigned int i = 0; i < words; i++)
		shm_store(&to[i], from[i]);
}

/* The verbs of ring.h, for a ring of that many slots. */
MUST_CHECK int ring_back_attach(struct ring_back *r, void *page, uint32_t slots);
MUST_CHECK int ring_back_begin(struct ring_back *r);
MUST_CHECK bool ring_back_push(struct ring_back *r);
MUST_CHECK bool ring_back_rearm(struct ring_back *r, unsigned int want);
void ring_front_init(struct ring_front *r, void *page, uint32_t slots);
MUST_CHECK int ring_front_begin(struct ring_front *r);
MUST_CHECK bool ring_front_push(struct ring_front *r);
MUST_CHECK bool ring_front_rearm(struct ring_front *r, unsigned int ahead);
unsigned int ring_front_free(const struct ring_front *r);

#endif
