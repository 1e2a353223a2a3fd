/* SPDX-License-Identifier: MIT */
/* hold.c - frames that lack slots; the frontend that posts four buffers and no more is served too */
#include <string.h>

#include "hold.h"
#include "posted.h"

void vif_hold_cut(const struct frame *f, const struct virtio_net_hdr *hdr, const struct iovec *body, unsigned int n)
{
	struct vif_worker *vw = f->queue->vw;

	vw->cut_queue = f->queue;
	vw->cut_headroom = f->pkt.headroom;
	if (segment_begin(&vw->cut, hdr, body, n, pkt_grx_part(&f->pkt)) < 0)
		stats_inc(&f->queue->stats, STAT_GRX_DROP_GSO);
}

/* A large segment for whose slots we do not wait. */
static void cut_frame(struct vif_worker *vw, const struct frame *f)
{
	struct iovec body = { vw->grx_buf + f->at + VNET_HDR_LEN, f->pkt.len };
	struct virtio_net_hdr hdr;

	memcpy(&hdr, vw->grx_buf + f->at, sizeof(hdr));
	vif_hold_cut(f, &hdr, &body, 1);
}

bool vif_hold_frame(const struct frame *f)
{
	struct vif_worker *vw = f->queue->vw;
	const struct patience_limits *limits = &vw->link->limits;
	struct vif_queue *q = f->queue;
	uint64_t now = now_us();

	patience_lack(&q->patience, f->pkt.slots, now);
	vw->held = false;
	if (patience_is_spent(&q->patience, limits, now)) {
		stats_inc(&q->stats, STAT_GRX_DROP_TIMEOUT);
		q->patience.lost = true;
		return false;
	}
	if (f->pkt.gso_type != XEN_NETIF_GSO_TYPE_NONE && patience_cuts(&q->patience, limits, now)) {
		q->patience.scant = true;
		cut_frame(vw, f);
		return false;
	}
	vw->held = true;
	vw->held_frame = *f;
	q->starved = f->pkt.slots;
	return true;
}

void vif_hold_settle(struct vif_worker *vw)
{
	struct frame *f = &vw->held_frame;

	if (!vw->held || f->at == vif_hold_at(0))
		return;
	memmove(vw->grx_buf + vif_hold_at(0), vw->grx_buf + f->at, VNET_HDR_LEN + f->pkt.len);
	f->at = vif_hold_at(0);
}

bool vif_hold_is_over(struct vif_queue *q)
{
	uint64_t now = now_us();

	patience_lack(&q->patience, 1, now);
	q->starved = 1;
	return patience_is_spent(&q->patience, &q->vw->link->limits, now);
}

void vif_hold_nobody(struct vif_worker *vw)
{
	/* But where frames were lost for want of slots the link may yet go down. */
	for (struct vif_queue *q = vw->queue; q < vw->queue + vw->nqueues; q++)
		if (q->patience.since && !q->patience.lost && patience_end(&q->patience))
			worker_tell(&vw->w);
}

void vif_hold_review(struct vif_queue *q)
{
	bool turned;

	if (vif_posted_slots(q) >= q->patience.needed) {
		turned = patience_end(&q->patience);
	} else {
		turned = patience_stalls(&q->patience, &q->vw->link->limits, now_us());
		if (turned)
			stats_inc(&q->stats, STAT_GRX_STALLS);
		/* To be told when they come. */
		if (q->patience.stalled)
			q->starved = q->patience.needed;
	}
	if (turned)
		worker_tell(&q->vw->w);
}
