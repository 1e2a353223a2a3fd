/* SPDX-License-Identifier: MIT */
/* grx.c - guest receive: TAP -> grant copy -> ring
 *
 * A run reads frames while the guest has buffers posted and the batch has
 * room, copies all of them out by one ioctl and answers. A frame that needs
 * more slots than are posted is held in the buffer, and the TAP is
 * left alone, until the slots come or its time is up: what then piles up is in
 * the TAP's own queue, which is bounded (XSA-392).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/log.h"
#include "../common/tap.h"
#include "vif.h"

/* How long a frame waits for slots, in microseconds. A frontend that never
 * said it would kick us (feature-rx-notify) is not waited for long; Linux
 * netback's figures. */
#define HOLD_US 10000000u
#define HOLD_NO_NOTIFY_US 30000u

/* Reads one frame to q->grx_buf + at and describes it in f. False: none. */
static bool read_frame(struct vif_queue *q, struct frame *f, uint32_t at)
{
	struct iovec iov = { q->grx_buf + at, VNET_HDR_LEN + PKT_LEN_MAX };
	struct virtio_net_hdr_mrg_rxbuf hdr;
	struct iovec body;
	ssize_t got = tap_read(q->w.tap_fd, &iov, 1);

	if (got < 0) {
		q->w.tap_ready = false;
		if (got != -EAGAIN && got != -EINTR)
			worker_fault(&q->w, "TAP lost");
		return false;
	}
	memset(&f->pkt, 0, offsetof(struct pkt, piece));
	f->at = at;
	f->drop = true;
	if ((size_t)got < VNET_HDR_LEN + PKT_LEN_MIN) {
		stats_inc(&q->w.stats, STAT_GRX_DROP_SHORT);
		return true;
	}
	memcpy(&hdr, q->grx_buf + at, sizeof(hdr));
	f->pkt.len = (uint32_t)got - VNET_HDR_LEN;
	body = (struct iovec){ q->grx_buf + at + VNET_HDR_LEN, f->pkt.len };
	if (vnet_complete(&hdr.hdr, &q->conf.peer, &body, 1) < 0) {
		stats_inc(&q->w.stats, STAT_GRX_DROP_CSUM);
		return true;
	}
	if (vnet_to_pkt(&f->pkt, &hdr.hdr) < 0) {
		stats_inc(&q->w.stats, STAT_GRX_DROP_GSO);
		return true;
	}
	f->pkt.slots = (uint16_t)pkt_grx_slots(f->pkt.len, f->pkt.gso_type);
	if (f->pkt.slots > 1 && !q->conf.peer.sg) {
		stats_inc(&q->w.stats, STAT_GRX_DROP_SLOTS);
		return true;
	}
	f->drop = false;
	return true;
}

/* Takes a frame's buffers off the ring and adds its segments to the batch. */
static void fill_slots(struct vif_queue *q, struct frame *f)
{
	const uint8_t *from = q->grx_buf + f->at + VNET_HDR_LEN;
	uint32_t left = f->pkt.len;

	f->seg = (uint16_t)grant_batch_count(q->batch);
	for (unsigned int i = 0; i < f->pkt.slots; i++) {
		uint16_t part = (uint16_t)min_size(left, XEN_PAGE);
		struct gref gref;

		if (!grx_back_take(&q->grx, &gref))
			abort();	/* the caller counted them */
		/* The second slot's buffer stays empty if an extra goes there. */
		if (i == 1 && f->pkt.gso_type != XEN_NETIF_GSO_TYPE_NONE)
			continue;
		grant_batch_to_peer(q->batch, gref, from, 0, part);
		from += part;
		left -= part;
	}
	f->segs = (uint16_t)(grant_batch_count(q->batch) - f->seg);
}

/* Keeps f where it is, for the next run. */
static void hold(struct vif_queue *q, const struct frame *f)
{
	if (!q->held)
		q->held_until = now_us() + (q->conf.rx_notify ? HOLD_US : HOLD_NO_NOTIFY_US);
	q->held = true;
	q->held_frame = *f;
	q->starved = f->pkt.slots;
}

/* Moves the held frame to the buffer's start. Not before the next run: the
 * frames ahead of it are copied out of the buffer only at the end of a run. */
static void settle_held(struct vif_queue *q)
{
	struct frame *f = &q->held_frame;

	if (!q->held || f->at == 0)
		return;
	memmove(q->grx_buf, q->grx_buf + f->at, VNET_HDR_LEN + f->pkt.len);
	f->at = 0;
}

/* The next frame: the held one first. False: none to be had now. */
static bool next_frame(struct vif_queue *q, struct frame *f, uint32_t used)
{
	if (q->held) {
		if (now_us() >= q->held_until) {
			stats_inc(&q->w.stats, STAT_GRX_DROP_TIMEOUT);
			q->held = false;
			return next_frame(q, f, used);
		}
		*f = q->held_frame;
		return true;
	}
	if (!q->w.tap_ready)
		return false;
	if (grx_back_left(&q->grx) == 0) {
		q->starved = 1;
		return false;
	}
	return read_frame(q, f, used);
}

static unsigned int collect(struct vif_queue *q)
{
	unsigned int n = 0;
	uint32_t used = 0;

	/* Dropped frames count as looks: a flood of them must not keep gtx waiting. */
	for (unsigned int looks = 0; looks < BATCH_FRAMES; looks++) {
		struct frame *f = &q->frames[n];

		if (used + FRAME_ROOM > BATCH_BYTES || grant_batch_room(q->batch) < PKT_SLOTS_MAX ||
		    !next_frame(q, f, used))
			break;
		if (f->drop)
			continue;
		if (f->pkt.slots > grx_back_left(&q->grx)) {
			hold(q, f);
			break;
		}
		q->held = false;
		fill_slots(q, f);
		used = (f->at + VNET_HDR_LEN + f->pkt.len + 63u) & ~63u;
		n++;
	}
	return n;
}

static void finish(struct vif_queue *q, const struct frame *f)
{
	if (grant_batch_ok(q->batch, f->seg, f->segs)) {
		pkt_to_grx(&q->grx, &f->pkt);
		stats_inc(&q->w.stats, STAT_GRX_PACKETS);
		stats_add(&q->w.stats, STAT_GRX_BYTES, f->pkt.len);
		return;
	}
	stats_inc(&q->w.stats, STAT_GRX_DROP_GRANT);
	for (unsigned int i = 0; i < f->pkt.slots; i++)
		grx_back_reply(&q->grx, 0, 0, NETIF_RSP_ERROR);
}

unsigned int vif_grx_run(struct vif_queue *q)
{
	unsigned int n;

	q->starved = 0;
	if (!q->w.tap_ready && !q->held)
		return 0;
	if (grx_back_begin(&q->grx) < 0) {
		worker_fault(&q->w, "grx producer out of range");
		return 0;
	}
	grant_batch_reset(q->batch);
	settle_held(q);
	n = collect(q);
	if (n == 0)
		return 0;
	stats_add(&q->w.stats, STAT_GRANT_OPS, grant_batch_count(q->batch));
	stats_inc(&q->w.stats, STAT_GRANT_CALLS);
	if (grant_batch_run(q->batch) < 0)
		log_debug("grant copy failed vif=%s errno=%m", q->w.name);
	for (unsigned int i = 0; i < n; i++)
		finish(q, &q->frames[i]);
	if (grx_back_push(&q->grx))
		worker_notify(&q->w, q->w.grx_port);
	return n;
}
