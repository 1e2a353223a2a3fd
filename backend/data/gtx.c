/* SPDX-License-Identifier: MIT */
/* gtx.c - guest transmit: ring -> TAP
 *
 * A run takes as many whole packets as its batch holds. It copies what is not
 * mapped into private memory by one ioctl, writes the frames in bursts, and
 * answers every slot that it took, in order.
 *
 * A small frame is in one run, after room for its header. A frame of several pieces,
 * or in static grants, is written from where its pieces are. Only its first bytes
 * are copied, before they are parsed, as the guest can still write a mapped page.
 */
#include <errno.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/probe.h"
#include "common/wire/frame.h"
#include "gtx.h"
#include "gtx_segment.h"
#include "queue.h"
#include "rate.h"

/* Returns true if the batch still has room for the largest packet. */
static bool gtx_batch_has_room(const struct vif_queue *q, uint32_t used)
{
	return used + FRAME_ROOM <= BATCH_BYTES && grant_batch_room(q->vw->batch) >= PKT_SLOTS_FATAL;
}

/* Returns the first offset, at least at, from which len bytes are in one page. */
static uint32_t gtx_within_page(uint32_t at, uint32_t len)
{
	return at % XEN_PAGE + len > XEN_PAGE ? (at + XEN_PAGE - 1) & ~(XEN_PAGE - 1) : at;
}

/* Adds the copy of one piece to the grant batch. Returns the offset in the buffer where it ends. */
static uint32_t gtx_copy_piece(struct vif_queue *q, struct vif_frame *f, unsigned int i, uint32_t at)
{
	const struct pkt_piece *piece = &f->pkt.piece[i];
	uint8_t *to = q->vw->gtx_buf + at;

	grant_batch_from_peer(q->vw->batch, to, piece->gref, piece->offset, piece->len);
	f->iov[1 + i] = (struct iovec){ to, piece->len };
	return at + piece->len;
}

/* Lays out a frame that is copied and fits in a page: in one run, after its header. Returns the
 * offset in the buffer where it ends. */
static uint32_t gtx_place_small(struct vif_queue *q, struct vif_frame *f, uint32_t used)
{
	uint32_t len = f->pkt.len;

	/* A piece with its own header is copied as it is. */
	if (f->pkt.header) {
		f->at = gtx_within_page(used, VNET_HDR_LEN + len);
		return gtx_copy_piece(q, f, 0, f->at);
	}
	/* A frame of a full page has its header in the page before. */
	f->at = len + VNET_HDR_LEN <= XEN_PAGE ? gtx_within_page(used, VNET_HDR_LEN + len) :
		gtx_within_page(used + VNET_HDR_LEN, len) - VNET_HDR_LEN;
	return gtx_copy_piece(q, f, 0, f->at + VNET_HDR_LEN);
}

/* Lays out a frame of several pieces, each where it is mapped or in a page of the buffer. Returns
 * the offset in the buffer where it ends. */
static uint32_t gtx_place_scattered(struct vif_queue *q, struct vif_frame *f, uint32_t used)
{
	uint32_t end;

	f->at = gtx_within_page(used, sizeof(struct frame_head));
	end = f->at + sizeof(struct frame_head);
	for (unsigned int i = 0; i < f->pkt.pieces; i++) {
		const struct pkt_piece *piece = &f->pkt.piece[i];
		const uint8_t *at = gref_map_read(q->gref_map, piece->gref, piece->offset);

		if (at)
			/* The iovec of writev() is not const, although writev() does not write there. */
			f->iov[1 + i] = (struct iovec){ (void *)(uintptr_t)at, piece->len };
		else
			end = gtx_copy_piece(q, f, i, gtx_within_page(end, piece->len));
	}
	return end;
}

/* Lays out a frame from offset used on, and adds the copies that it needs to the grant batch. Returns
 * the offset in the buffer where it ends. */
static uint32_t gtx_place_frame(struct vif_queue *q, struct vif_frame *f, uint32_t used)
{
	uint32_t end;

	f->copy_first = (uint16_t)grant_batch_count(q->vw->batch);
	f->scattered = f->pkt.pieces > 1 || gref_map_read(q->gref_map, f->pkt.piece[0].gref, 0);
	end = f->scattered ? gtx_place_scattered(q, f, used) : gtx_place_small(q, f, used);
	f->copy_count = (uint16_t)(grant_batch_count(q->vw->batch) - f->copy_first);
	return (end + 63) & ~63u;
}

/* Changes the frontend's multicast list, which is saved for the next daemon (saved.h). */
static enum drop gtx_change_mcast(struct vif_queue *q, const struct pkt *p)
{
	struct vif_settings *settings = q->vw->conn->settings;
	bool add = p->mcast == XEN_NETIF_EXTRA_TYPE_MCAST_ADD;
	int err = add ? mcast_add(settings->mcast, p->addr) : mcast_del(settings->mcast, p->addr);

	/* The address may be one of those that a damaged file lost. */
	if (err == -ENOENT && atomic_load_explicit(&settings->all_multicast, memory_order_relaxed))
		err = 0;
	return err ? DROP_MCAST : DROP_NONE;
}

/* Handles a packet that was taken off the ring. Returns where the next one's frame may start. */
static uint32_t gtx_accept(struct vif_queue *q, struct vif_frame *f, uint32_t used)
{
	if (f->pkt.drop == DROP_NONE && f->pkt.mcast) {
		f->pkt.drop = gtx_change_mcast(q, &f->pkt);
		return used;
	}
	vif_settings_charge(q->vw->conn->settings, RATE_GTX, f->pkt.len);
	if (f->pkt.drop != DROP_NONE)
		return used;
	q->vw->segments += pkt_segments(&f->pkt);
	return gtx_place_frame(q, f, used);
}

/* Takes the packets of a run off the ring. Returns their number. */
static unsigned int gtx_collect(struct vif_queue *q)
{
	unsigned int n = 0, slots = 0;
	uint32_t used = 0;

	while (slots < WORKER_RUN_SLOTS && q->vw->segments < WORKER_RUN_SEGMENTS && gtx_batch_has_room(q, used) &&
	       vif_rate_allows(q->vw, RATE_GTX)) {
		struct vif_frame *f = &q->vw->frames[n];

		switch (pkt_from_gtx(&q->gtx, q->conf->peer.header ? PKT_HEADED : PKT_PLAIN, &f->pkt)) {
		case PKT_NONE:
			return n;
		case PKT_FAULT:
			worker_fault(&q->vw->w, f->pkt.why);
			return n;
		case PKT_TAKEN:
			used = gtx_accept(q, f, used);
			break;
		}
		slots += f->pkt.slots;
		n++;
	}
	return n;
}

/* Runs the grant copy from pages that are not mapped. */
static void gtx_copy(struct vif_queue *q)
{
	unsigned int n = grant_batch_count(q->vw->batch);

	if (!n)
		return;
	stats_add(q->stats, STAT_GRANT_OPS, n);
	stats_inc(q->stats, STAT_GRANT_CALLS);
	if (grant_batch_run(q->vw->batch) < 0)
		log_debug("grant copy failed vif=%s errno=%m", q->vw->w.name);
}

/* Adds one frame to the burst. */
static enum drop gtx_send_frame(struct vif_queue *q, struct vif_frame *f)
{
	struct frame_head *head = (struct frame_head *)(void *)(q->vw->gtx_buf + f->at);
	unsigned int n = f->scattered ? f->pkt.pieces : 1;
	enum drop drop;

	if (f->copy_count && !grant_batch_ok(q->vw->batch, f->copy_first, f->copy_count))
		return DROP_GRANT;
	drop = f->scattered ? frame_from_pkt(head, &f->pkt, q->conf->header, f->iov, f->iov + 1, &n) :
		frame_from_private(&head->hdr, &f->pkt, q->conf->header, f->iov);
	if (capture_on(&q->vw->w.capture))
		f->runs = (uint16_t)n;
	if (drop != DROP_NONE)
		return drop;
	/* Its header said only now what it becomes; one frame was counted when it was taken. */
	if (f->pkt.header)
		q->vw->segments += pkt_segments(&f->pkt) - 1;
	/* Its own length was charged when it was taken, so that the run stops in time. */
	if (f->pkt.gso_size)
		vif_settings_charge(q->vw->conn->settings, RATE_GTX, vnet_wire_len(&head->hdr.hdr, f->pkt.len) - f->pkt.len);
	if (vif_gtx_segment_needs(q->vw, &head->hdr.hdr))
		return vif_gtx_segment(q->vw, f, n);
	burst_add(&q->vw->w.net.burst, f->iov, n, &f->put);
	return DROP_NONE;
}

/* Sends the frames of n packets, in bursts. */
static void gtx_send(struct vif_queue *q, unsigned int n)
{
	struct burst *burst = &q->vw->w.net.burst;

	for (unsigned int i = 0; i < n; i++) {
		struct vif_frame *f = &q->vw->frames[i];

		if (!pkt_has_frame(&f->pkt))
			continue;
		if (!burst_has_room(burst))
			port_write(&q->vw->w.net);
		f->pkt.drop = gtx_send_frame(q, f);
	}
	port_write(&q->vw->w.net);
}

/* Copies a frame to the capture, with its fate. A frame whose bytes were not read has no runs. */
static void gtx_capture(const struct vif_queue *q, const struct vif_frame *f, enum drop drop)
{
	const struct frame_head *head = (const struct frame_head *)(const void *)(q->vw->gtx_buf + f->at);
	struct capring_record rec = capring_of_pkt(&f->pkt, drop, f->runs ? &head->hdr.hdr : NULL);

	if (drop == DROP_NONE && f->pkt.mcast)
		return;
	rec.queue = (uint16_t)q->index;
	/* Without its header, which vif_gtx_segment() has taken off already. */
	capture_put(q->vw->w.capture.now, &rec, f->iov, f->runs, f->runs && f->iov[0].iov_base == head ? VNET_HDR_LEN : 0);
}

/* Counts a packet. Returns the status of its responses: an error only if the
 * guest caused it. */
static int16_t gtx_count(struct vif_queue *q, const struct vif_frame *f)
{
	bool lost = pkt_has_frame(&f->pkt) && f->put < 0;
	enum drop drop = lost ? q->vw->w.net.lost : f->pkt.drop;

	if (capture_on(&q->vw->w.capture))
		gtx_capture(q, f, drop);
	if (drop != DROP_NONE) {
		stats_inc(q->stats, stats_gtx_drop(drop));
		probe_drop(q->vw->conn->name, "from-guest", drop_name(drop), f->pkt.len);
		return lost ? NETIF_RSP_DROPPED : NETIF_RSP_ERROR;
	}
	if (f->pkt.mcast) {
		stats_inc(q->stats, STAT_GTX_MCAST);
		return NETIF_RSP_OKAY;
	}
	stats_inc(q->stats, STAT_GTX_PACKETS);
	stats_add(q->stats, STAT_GTX_BYTES, f->pkt.len);
	worker_count_bytes(&q->vw->w, f->pkt.len);
	return NETIF_RSP_OKAY;
}

/* Looks at the ring. Returns false if there is nothing to do or the ring is broken. */
static bool gtx_begin(struct vif_queue *q)
{
	int ready = gtx_back_begin(&q->gtx);

	if (ready < 0)
		worker_fault(&q->vw->w, "gtx producer out of range");
	return ready > 0 && vif_rate_allows(q->vw, RATE_GTX);
}

/* Begins a run of n packets that are captured. */
static void gtx_capture_run(struct vif_queue *q, unsigned int n)
{
	capture_run(q->vw->w.capture.now);
	for (unsigned int i = 0; i < n; i++)
		q->vw->frames[i].runs = 0;
}

unsigned int vif_gtx_run(struct vif_queue *q)
{
	unsigned int n;

	if (!gtx_begin(q))
		return 0;
	grant_batch_reset(q->vw->batch);
	n = gtx_collect(q);
	if (capture_on(&q->vw->w.capture))
		gtx_capture_run(q, n);
	gtx_copy(q);
	gtx_send(q, n);
	for (unsigned int i = 0; i < n; i++)
		gtx_back_reply(&q->gtx, q->vw->frames[i].pkt.slots, gtx_count(q, &q->vw->frames[i]));
	if (gtx_back_push(&q->gtx))
		worker_notify(&q->vw->w, q->gtx_doorbell);
	vif_queue_show(q);
	return n;
}
