/* SPDX-License-Identifier: MIT */
/* pool.h - the granted pages of an interface */
#ifndef NETPAIR_FRONTEND_POOL_H
#define NETPAIR_FRONTEND_POOL_H

#include <stdint.h>

#include "common/base/abi.h"
#include "common/base/util.h"
#include "common/host/share.h"

/* Transmit pages of one interface, which all queues share. Two interfaces with one queue
 * each stay within gntalloc's default limit of 1024. A page never holds anything but packet
 * data (XSA-403). */
#define POOL_GTX_PAGES 250u

/* Returns the number of receive pages of each queue, a power of two. With many queues each
 * has fewer, so that all have at most twice as many as one. */
unsigned int pool_grx_pages(unsigned int queues);

/* Returns the number of pages of an interface with so many queues. */
unsigned int pool_pages(unsigned int queues);

/* The first ring pages. Two for each queue follow; the event mask's page is the last. */
enum { RINGS_CTRL, RINGS_LIST, RINGS_QUEUES };

/* A run of pages, granted for as long as the interface is connected. */
struct pool {
	uint8_t *pages;
	unsigned int count;
	struct gref gref[RING_SLOTS];
};

/* Grants count new zeroed pages. Returns 0 or -errno; -ENOSPC: gntalloc's limit is reached, for
 * which POOL_NO_PAGES is the text. */
#define POOL_NO_PAGES "cannot grant pages; raise gntalloc's limit (module parameter xen_gntalloc.limit)"
MUST_CHECK int pool_init(struct pool *p, struct share_dev *s, unsigned int count, enum share_access access);
void pool_exit(struct pool *p, struct share_dev *s);
uint8_t *pool_page(const struct pool *p, unsigned int index);

#endif
