/* SPDX-License-Identifier: MIT */
/* ring_internal.h - what ring.c and ctrlring.c share and nobody else may see
 *
 * Theory of operation. Each end keeps its own indices in private memory and
 * never reads back what it wrote to the page. The peer's index is loaded once a
 * begin, checked against what can be outstanding, and kept as the snapshot.
 * Slots are copied word by word through shm_load(), so a peer that rewrites a
 * slot meanwhile gives us one value per word, whichever, and never two.
 */
#ifndef NETPAIR_RING_INTERNAL_H
#define NETPAIR_RING_INTERNAL_H

#include "ring.h"
#include "shm.h"

struct shring {
	union {
		struct netif_tx_sring gtx;
		struct netif_rx_sring grx;
		struct xen_netif_ctrl_sring ctrl;
	};
};

/* Copies words (at most 4) of a slot out of, or into, the page: one access each. */
void ring_read(void *dst, const void *slot, unsigned int words);
void ring_write(void *slot, const void *src, unsigned int words);

/* The verbs of ring.h for a ring of that many slots. */
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
