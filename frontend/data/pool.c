/* SPDX-License-Identifier: MIT */
/* pool.c - the fixed pages of an interface: granted once, used again and again, freed at the end
 *
 * - A page is zero at first, and only packets are stored in it. So what the toolstack's key
 *   trusted = 0 asks of a frontend always holds (XSA-403).
 * - Nothing is granted or revoked per packet.
 * - gntalloc counts a page against its limit until the backend has unmapped it.
 */
#include <assert.h>

#include "pool.h"

int pool_init(struct pool *p, struct share_dev *s, unsigned int count, enum share_access access)
{
	int err = 0;

	assert(count <= ARRAY_SIZE(p->gref));
	p->pages = share_pages(s, p->gref, count, access, &err);
	p->count = p->pages ? count : 0;
	return p->pages ? 0 : err;
}

void pool_exit(struct pool *p, struct share_dev *s)
{
	if (p->pages)
		share_end(s, p->pages, p->count);
	p->pages = NULL;
}

uint8_t *pool_page(const struct pool *p, unsigned int index)
{
	assert(index < p->count);
	return p->pages + (size_t)index * XEN_PAGE;
}

unsigned int pool_grx_pages(unsigned int queues)
{
	/* The least is more than the slots of a packet (18). */
	return queues <= 2 ? RING_SLOTS : queues <= 4 ? RING_SLOTS / 2 : queues <= 8 ? RING_SLOTS / 4 : RING_SLOTS / 8;
}

unsigned int pool_pages(unsigned int queues)
{
	return RINGS_QUEUES + 2 * queues + 1 + POOL_GTX_PAGES + queues * pool_grx_pages(queues);
}
