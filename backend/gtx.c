/* SPDX-License-Identifier: MIT */
/* gtx.c - guest transmit: ring -> TAP
 *
 * A run takes as many whole packets as its batch holds, copies what is not
 * mapped by one ioctl into private memory, writes the frames out and answers
 * every slot taken, in order. A frame whose pages are all copied lies in one
 * run behind room for its header; one with static grants is written from the
 * guest's pages, but for its first bytes, which are copied before they are
 * parsed, since the guest can still write there.
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

/* Whether any of the packet lies in static grants; those parts are noted. */
static bool find_mapped(const struct vif_queue *q, struct frame *f)
{
	bool any = false;

	if (statics_count(q->statics) == 0)
		return false;
	for (unsigned int i = 0; i < f->pkt.pieces; i++) {
		const struct pkt_piece *piece = &f->pkt.piece[i];
		const uint8_t *at = statics_read(q->statics, piece->gref, piece->offset);

		/* writev() does not write there, but its iovec is not const. */
		f->part[i] = (struct iovec){ (void *)(uintptr_t)at, piece->len };
		any |= at != NULL;
	}
	return any;
}

/* Lays a frame out from used on and queues the copies it needs; where it ends. */
static uint32_t place_frame(struct vif_queue *q, struct frame *f, uint32_t used)
{
	uint8_t *to;

	f->drop = false;
	f->at = used;
	f->mapped = find_mapped(q, f);
	f->seg = (uint16_t)grant_batch_count(q->batch);
	to = q->gtx_buf + used + (f->mapped ? sizeof(struct vnet_head) : VNET_HDR_LEN);
	for (unsigned int i = 0; i < f->pkt.pieces; i++) {
		const struct pkt_piece *piece = &f->pkt.piece[i];

		if (f->mapped && f->part[i].iov_base)
			continue;
		f->part[i] = (struct iovec){ to, piece->len };
		grant_batch_from_peer(q->batch, to, piece->gref, piece->offset, piece->len);
		to += piece->len;
	}
	f->segs = (uint16_t)(grant_batch_count(q->batch) - f->seg);
	return (uint32_t)(to - q->gtx_buf + 63) & ~63u;
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
			used = place_frame(q, f, used);
			n++;
			break;
		}
	}
	return n;
}

/* Sends one frame, its bytes at hand; the counter of its verdict. */
static enum stat send_frame(struct vif_queue *q, struct frame *f)
{
	struct vnet_head *head = (struct vnet_head *)(void *)(q->gtx_buf + f->at);
	struct iovec iov[1 + PKT_SLOTS_FATAL] = { { head, VNET_HDR_LEN + f->pkt.len } };
	unsigned int n = f->mapped ? vnet_gather(head, iov, f->part, f->pkt.pieces) : 1;

	memset(&head->hdr, 0, sizeof(head->hdr));
	switch (vnet_from_pkt(&head->hdr.hdr, &f->pkt, head->bytes, iov[0].iov_len - VNET_HDR_LEN)) {
	case VNET_OK:
		break;
	case VNET_BAD_CSUM:
		return STAT_GTX_DROP_CSUM;
	case VNET_BAD_GSO:
		return STAT_GTX_DROP_GSO;
	}
	if (tap_write(q->w.tap_fd, iov, n) < 0)
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
	if (f->segs && !grant_batch_ok(q->batch, f->seg, f->segs)) {
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
