/* SPDX-License-Identifier: MIT */
/* grx_split.c - a large frame that goes to the guest in segments */
#include <string.h>

#include "grx_split.h"

void vif_split_begin(const struct frame *f, const struct virtio_net_hdr *hdr, const struct iovec *body, unsigned int n)
{
	struct vif_worker *vw = f->queue->vw;

	vw->tso_queue = f->queue;
	vw->tso_headroom = f->pkt.headroom;
	if (tso_begin(&vw->tso, hdr, body, n, pkt_grx_part(&f->pkt)) < 0)
		stats_inc(&f->queue->stats, STAT_GRX_DROP_GSO);
}

void vif_split_next(struct vif_worker *vw, struct frame *f, uint32_t at)
{
	memset(&f->pkt, 0, offsetof(struct pkt, piece));
	f->pkt.len = tso_take(&vw->tso, vw->grx_buf + at + VNET_HDR_LEN);
	f->pkt.csum_valid = true;
	f->pkt.headroom = vw->tso_headroom;
	f->pkt.slots = (uint16_t)pkt_grx_slots(&f->pkt);
	f->queue = vw->tso_queue;
	f->drop = false;
	f->at = at;
}
