/* SPDX-License-Identifier: MIT */
/* gtx.c - guest transmit: ring -> grant copy -> TAP
 *
 * A run takes as many whole packets as its batch holds, copies all their bytes
 * by one ioctl into private memory, each frame in one run behind room for its
 * header, writes them out and answers every slot taken, in order.
 */
#include <string.h>

#include "../common/log.h"
#include "../common/tap.h"
#include "vif.h"

/* Whether the worst packet still fits. */
static bool batch_has_room(const struct vif_queue *q, unsigned int frames, uint32_t used)
{
	return frames < BATCH_FRAMES && used + FRAME_ROOM <= BATCH_BYTES &&
	       grant_batch_room(q->batch) >= PKT_SLOTS_FATAL;
}

static void add_segments(struct vif_queue *q, struct frame *f)
{
	uint8_t *to = q->gtx_buf + f->at + VNET_HDR_LEN;

	f->seg = (uint16_t)grant_batch_count(q->batch);
	f->segs = f->pkt.pieces;
	for (unsigned int i = 0; i < f->pkt.pieces; i++) {
		const struct pkt_piece *piece = &f->pkt.piece[i];

		grant_batch_from_peer(q->batch, to, piece->gref, piece->offset, piece->len);
		to += piece->len;
	}
}

static unsigned int collect(struct vif_queue *q)
{
	unsigned int n = 0;
	uint32_t used = 0;

	while (batch_has_room(q, n, used)) {
		struct frame *f = &q->frames[n];

		switch (pkt_from_gtx(&q->gtx, &f->pkt)) {
		case PKT_NONE:
			return n;
		case PKT_FAULT:
			worker_fault(&q->w, f->pkt.why);
			return n;
		case PKT_DROP:
			stats_inc(&q->w.stats, f->pkt.cause);
			f->drop = true;
			n++;
			break;
		case PKT_OK:
			f->drop = false;
			f->at = used;
			add_segments(q, f);
			used = (used + VNET_HDR_LEN + f->pkt.len + 63u) & ~63u;
			n++;
			break;
		}
	}
	return n;
}

/* Sends one copied frame; the counter of its verdict. */
static enum stat send_frame(struct vif_queue *q, struct frame *f)
{
	struct virtio_net_hdr_mrg_rxbuf hdr = { .num_buffers = 0 };
	uint8_t *at = q->gtx_buf + f->at;
	struct iovec iov = { at, VNET_HDR_LEN + f->pkt.len };

	switch (vnet_from_pkt(&hdr.hdr, &f->pkt, at + VNET_HDR_LEN, f->pkt.len)) {
	case VNET_OK:
		break;
	case VNET_BAD_CSUM:
		return STAT_GTX_DROP_CSUM;
	case VNET_BAD_GSO:
		return STAT_GTX_DROP_GSO;
	}
	memcpy(at, &hdr, sizeof(hdr));
	if (tap_write(q->w.tap_fd, &iov, 1) < 0)
		return STAT_GTX_DROP_TAP;
	stats_add(&q->w.stats, STAT_GTX_BYTES, f->pkt.len);
	return STAT_GTX_PACKETS;
}

/* What the guest is told: only what is its own doing is an error. */
static int16_t finish(struct vif_queue *q, struct frame *f)
{
	enum stat verdict;

	if (f->drop)
		return NETIF_RSP_ERROR;
	if (!grant_batch_ok(q->batch, f->seg, f->segs)) {
		stats_inc(&q->w.stats, STAT_GTX_DROP_GRANT);
		return NETIF_RSP_ERROR;
	}
	verdict = send_frame(q, f);
	stats_inc(&q->w.stats, verdict);
	if (verdict == STAT_GTX_PACKETS)
		return NETIF_RSP_OKAY;
	return verdict == STAT_GTX_DROP_TAP ? NETIF_RSP_DROPPED : NETIF_RSP_ERROR;
}

unsigned int vif_gtx_run(struct vif_queue *q)
{
	int ready = gtx_back_begin(&q->gtx);
	unsigned int n;

	if (ready < 0) {
		worker_fault(&q->w, "gtx producer out of range");
		return 0;
	}
	if (ready == 0)
		return 0;
	grant_batch_reset(q->batch);
	n = collect(q);
	if (grant_batch_count(q->batch)) {
		stats_add(&q->w.stats, STAT_GRANT_OPS, grant_batch_count(q->batch));
		stats_inc(&q->w.stats, STAT_GRANT_CALLS);
		if (grant_batch_run(q->batch) < 0)
			log_debug("grant copy failed vif=%s errno=%m", q->w.name);
	}
	for (unsigned int i = 0; i < n; i++) {
		int16_t status = finish(q, &q->frames[i]);

		gtx_back_reply(&q->gtx, q->frames[i].pkt.slots, status);
	}
	if (gtx_back_push(&q->gtx))
		worker_notify(&q->w, q->w.gtx_port);
	return n;
}
