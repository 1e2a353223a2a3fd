/* SPDX-License-Identifier: MIT */
/* queue.c - the rings and channels of a queue */
#include "queue.h"
#include "reason_list.h"

static int queue_map_rings(struct vif_queue *q, struct reason *why)
{
	struct grant_dev *grant = q->vw->grant;
	int err = 0;

	q->gtx_page = grant_map(grant, q->conf->queue[q->index].gtx_ref, &err);
	if (!q->gtx_page)
		return reason_list_fail(why, "cannot map tx-ring-ref", err);
	q->grx_page = grant_map(grant, q->conf->queue[q->index].grx_ref, &err);
	if (!q->grx_page)
		return reason_list_fail(why, "cannot map rx-ring-ref", err);
	err = gtx_back_attach(&q->gtx, q->gtx_page);
	if (err)
		return reason_list_fail(why, "the page of tx-ring-ref is not a ring", err);
	err = grx_back_attach(&q->grx, q->grx_page);
	return reason_list_fail(why, "the page of rx-ring-ref is not a ring", err);
}

static int queue_bind_ports(struct vif_queue *q, struct domid peer, struct reason *why)
{
	struct evport gtx = q->conf->queue[q->index].gtx_port, grx = q->conf->queue[q->index].grx_port;
	int err;

	if (q->conf->mask) {
		q->gtx_doorbell = (struct doorbell){ q->vw->conn->mask_doorbell.port, evmask_gtx_bit(q->index) };
		q->grx_doorbell = (struct doorbell){ q->vw->conn->mask_doorbell.port, evmask_grx_bit(q->index) };
		return 0;
	}
	err = worker_bind(&q->vw->w, peer, gtx, &q->gtx_doorbell);
	q->grx_doorbell = q->gtx_doorbell;
	if (!err && gtx.raw != grx.raw)
		err = worker_bind(&q->vw->w, peer, grx, &q->grx_doorbell);
	return reason_list_fail(why, "cannot bind the event channel", err);
}

int vif_queue_init(struct vif_queue *q, struct vif_worker *vw, struct domid peer,
		   unsigned int index, struct reason *why)
{
	int err;

	q->vw = vw;
	q->conf = &vw->conn->conf;
	q->gref_map = vw->conn->gref_map;
	q->index = index;
	q->stats = vif_counters_queue(&vw->conn->counters, index);
	q->at = &vif_counters_all_of_queue(&vw->conn->counters, index)->at;
	err = queue_map_rings(q, why);
	if (err)
		return err;
	vif_queue_show(q);
	return queue_bind_ports(q, peer, why);
}

void vif_queue_show(struct vif_queue *q)
{
	ring_show_back(&q->gtx.r, &q->at->gtx);
	ring_show_back(&q->grx.r, &q->at->grx);
}

void vif_queue_exit(struct vif_queue *q)
{
	if (!q->vw)
		return;
	grant_unmap(q->vw->grant, q->gtx_page);
	grant_unmap(q->vw->grant, q->grx_page);
}
