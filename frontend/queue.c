/* SPDX-License-Identifier: MIT */
/* queue.c - birth and end of a queue: receive pages granted, rings formatted, channels offered */
#include "link.h"

static int offer_ports(struct nic_queue *q, struct domid peer)
{
	struct worker *w = &q->link->w;
	int err;

	if (q->link->conf.mask) {
		q->gtx_bell = (struct bell){ q->link->mask_bell.port, evmask_gtx_bit(q->index) };
		q->grx_bell = (struct bell){ q->link->mask_bell.port, evmask_grx_bit(q->index) };
		return 0;
	}
	err = worker_offer(w, peer, &q->gtx_bell);
	q->grx_bell = q->gtx_bell;
	return err || !q->link->conf.split ? err : worker_offer(w, peer, &q->grx_bell);
}

int nic_queue_init(struct nic_queue *q, struct nic_link *l, struct domid peer,
		   unsigned int index, const char **why)
{
	unsigned int page = RINGS_QUEUES + 2 * index, count = pool_grx_pages(l->conf.queues);
	int err;

	q->link = l;
	q->index = index;
	*why = "cannot grant pages; raise gntalloc's limit (module parameter xen_gntalloc.limit)";
	err = pool_init(&q->grx_pool, l->share, count, SHARE_READ_WRITE);
	if (err)
		return err;
	gtx_front_init(&q->gtx, pool_page(&l->rings, page));
	grx_front_init(&q->grx, pool_page(&l->rings, page + 1));
	for (unsigned int i = 0; i < count; i++)
		grx_front_post(&q->grx, q->grx_pool.gref[i]);
	*why = "cannot allocate an event channel";
	return offer_ports(q, peer);
}

void nic_queue_exit(struct nic_queue *q)
{
	if (q->link && q->link->share)
		pool_exit(&q->grx_pool, q->link->share);
}
