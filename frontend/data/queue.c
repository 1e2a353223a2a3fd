/* SPDX-License-Identifier: MIT */
/* queue.c - makes and ends a queue: grants its receive pages, formats its rings, offers its channels */
#include "conn_internal.h"
#include "queue.h"

static int queue_offer_ports(struct nic_queue *q, struct domid peer)
{
	struct worker *w = &q->conn->w;
	int err;

	if (q->conn->conf.mask) {
		q->gtx_doorbell = (struct doorbell){ q->conn->mask_doorbell.port, evmask_gtx_bit(q->index) };
		q->grx_doorbell = (struct doorbell){ q->conn->mask_doorbell.port, evmask_grx_bit(q->index) };
		return 0;
	}
	err = worker_offer(w, peer, &q->gtx_doorbell);
	q->grx_doorbell = q->gtx_doorbell;
	return err || !q->conn->conf.split ? err : worker_offer(w, peer, &q->grx_doorbell);
}

int nic_queue_init(struct nic_queue *q, struct nic_conn *conn, struct domid peer,
		   unsigned int index, struct reason *why)
{
	unsigned int page = RINGS_QUEUES + 2 * index, count = pool_grx_pages(conn->conf.queues);
	int err;

	q->conn = conn;
	q->index = index;
	err = pool_init(&q->grx_pool, conn->share, count, SHARE_READ_WRITE);
	if (err)
		return reason_fail(why, POOL_NO_PAGES, ERRTEXT_XEN, err);
	gtx_front_init(&q->gtx, pool_page(&conn->rings, page));
	grx_front_init(&q->grx, pool_page(&conn->rings, page + 1));
	for (unsigned int i = 0; i < count; i++)
		grx_front_post(&q->grx, q->grx_pool.gref[i]);
	return reason_fail(why, "cannot allocate an event channel", ERRTEXT_XEN, queue_offer_ports(q, peer));
}

void nic_queue_exit(struct nic_queue *q)
{
	if (q->conn && q->conn->share)
		pool_exit(&q->grx_pool, q->conn->share);
}

void nic_queue_show(struct nic_queue *q)
{
	ring_show_front(&q->gtx.r, &q->at.gtx);
	ring_show_front(&q->grx.r, &q->at.grx);
}
