/* SPDX-License-Identifier: MIT */
/* grx.c - guest receive: TAP -> ring
 *
 * Theory of operation. A run does this with one frame after another:
 *
 *   next frame  gets it from one of the places in grx_source.h
 *   refill      takes a few of the guest's buffers off the ring, ahead of the frames
 *               (grx_posted.h)
 *   fit         if the frame needs more slots than are posted, it waits in the private
 *               buffer, and the TAP is not read, until slots come or the wait ends
 *               (grx_stall.h). Meanwhile frames wait in the TAP's queue, which is limited
 *               in bytes (XSA-392, taplimit.h)
 *   fill        copies a frame in private memory to its slots: by memcpy if a page is
 *               mapped, else by the run's one grant copy
 *   complete    counts its fate and answers its slots
 */
#include <string.h>

#include "common/base/log.h"
#include "common/base/probe.h"
#include "grx.h"
#include "grx_posted.h"
#include "grx_source.h"
#include "grx_stall.h"
#include "queue.h"

/* Looks at the rings. Returns false if there is nothing to do or a ring is broken. */
static bool grx_begin(struct vif_worker *vw)
{
	bool waiting = vif_stall_begin(vw);

	if (!vif_source_has_frames(vw) && !waiting)
		return false;
	for (struct vif_queue *q = vw->queue; q < vw->queue + vw->nqueues; q++)
		if (grx_back_begin(&q->grx) < 0) {
			worker_fault(&vw->w, "grx producer out of range");
			return false;
		}
	if (waiting)
		vif_stall_review(vw);
	return vif_source_has_frames(vw);
}

/* Copies a frame to the capture, with its fate. The bytes are private: no frame is read straight
 * into the guest's pages while there is a capture. */
static void grx_capture(const struct vif_worker *vw, const struct vif_frame *f)
{
	bool read = f->queue && !f->direct;
	const struct iovec iov = { vw->grx_buf + f->at + VNET_HDR_LEN, f->pkt.len };
	struct virtio_net_hdr vh = { .flags = 0 };
	struct capring_record rec;

	if (read)
		memcpy(&vh, vw->grx_buf + f->at, sizeof(vh));
	rec = capring_of_pkt(&f->pkt, f->pkt.drop, &vh);
	rec.to_guest = 1;
	rec.queue = f->queue ? (uint16_t)f->queue->index : 0;
	capture_put(vw->w.capture.now, &rec, &iov, read, 0);
}

/* Counts a frame, once its fate is known. */
static void grx_count(struct vif_worker *vw, const struct vif_frame *f)
{
	/* A frame that is dropped before its queue is known counts for the worker. */
	struct stats *stats = f->queue ? f->queue->stats : vw->w.stats;

	if (capture_on(&vw->w.capture))
		grx_capture(vw, f);
	if (f->pkt.drop != DROP_NONE) {
		stats_inc(stats, stats_grx_drop(f->pkt.drop));
		probe_drop(vw->conn->name, "to-guest", drop_name(f->pkt.drop), f->pkt.len);
		return;
	}
	stats_inc(stats, STAT_GRX_PACKETS);
	stats_add(stats, STAT_GRX_BYTES, f->pkt.len);
	worker_count_bytes(&vw->w, f->pkt.len);
}

/* Decides whether a frame goes to the guest now. Returns false if it waits. Else it fits, or
 * f->pkt.drop is set; a large frame may have become its first segment. */
static bool grx_fit(struct vif_frame *f)
{
	enum vif_fit fit = vif_stall_fit(f);

	if (fit == FIT_SPLIT) {
		vif_source_split(f);
		if (f->pkt.drop != DROP_NONE)
			return true;
		fit = vif_stall_fit(f);
	}
	if (fit == FIT_TIMEOUT)
		f->pkt.drop = DROP_TIMEOUT;
	return fit != FIT_WAIT;
}

/* Moves up the bytes of a frame without an extra that lie after the page which was left free
 * for one. */
static void grx_move_up(struct vif_queue *q, uint32_t len)
{
	for (unsigned int i = 1; i * XEN_PAGE < len; i++)
		memcpy(q->posted[i].page, q->posted[i + 1].page, min_size(len - i * XEN_PAGE, XEN_PAGE));
}

/* Copies a frame in private memory to its slots, by memcpy or by segments of the grant batch. */
static void grx_copy_out(struct vif_frame *f)
{
	struct vif_queue *q = f->queue;
	struct grant_batch *batch = q->vw->batch;
	/* An offload header goes with the bytes of the first slot. */
	uint16_t header = f->pkt.header ? VNET_HDR_LEN : 0, to = (uint16_t)(pkt_first(&f->pkt) - header);
	const uint8_t *from = q->vw->grx_buf + f->at + VNET_HDR_LEN - header;
	unsigned int extras = pkt_extras(&f->pkt);
	uint32_t left = f->pkt.len + header;

	for (unsigned int i = 0; i < f->pkt.slots; i++) {
		uint16_t part = (uint16_t)min_size(left, XEN_PAGE - to);

		/* The buffers of slots that extras take stay empty. */
		if (i > 0 && i <= extras)
			continue;
		if (q->posted[i].page)
			memcpy(q->posted[i].page + to, from, part);
		else
			grant_batch_to_peer(batch, q->posted[i].gref, from, to, part);
		from += part;
		left -= part;
		to = f->pkt.headroom;
	}
}

/* Fills a frame's slots. */
static void grx_fill(struct vif_frame *f)
{
	struct vif_queue *q = f->queue;

	f->copy_first = (uint16_t)grant_batch_count(q->vw->batch);
	if (!f->direct)
		grx_copy_out(f);
	else if (!f->pkt.header && f->pkt.gso_type == XEN_NETIF_GSO_TYPE_NONE)
		grx_move_up(q, f->pkt.len);
	f->copy_count = (uint16_t)(grant_batch_count(q->vw->batch) - f->copy_first);
	vif_posted_spend(q, f->pkt.slots);
}

/* Fills slots with frames. Returns the number of frames that were filled; *looked also counts those
 * that were dropped. */
static unsigned int grx_collect(struct vif_worker *vw, unsigned int *looked)
{
	unsigned int n = 0, slots = 0;
	uint32_t used = 0;

	for (*looked = 0; slots < WORKER_RUN_SLOTS; (*looked)++) {
		struct vif_frame *f = &vw->frames[n];

		if (!vif_source_next(vw, f, used) || (f->pkt.drop == DROP_NONE && !grx_fit(f)))
			break;
		if (f->pkt.drop != DROP_NONE) {
			grx_count(vw, f);
			slots++;	/* a flood of dropped frames must not delay gtx */
			continue;
		}
		grx_fill(f);
		if (!f->direct)
			used = f->at + VNET_HDR_LEN + f->pkt.len;
		slots += f->pkt.slots;
		n++;
	}
	return n;
}

/* Runs the grant copy to pages that are not mapped. */
static void grx_copy(struct vif_worker *vw)
{
	if (!grant_batch_count(vw->batch))
		return;
	stats_inc(vw->w.stats, STAT_GRANT_CALLS);
	if (grant_batch_run(vw->batch) < 0)
		log_debug("grant copy failed vif=%s errno=%m", vw->w.name);
}

/* Counts a frame and answers its slots. */
static void grx_complete(struct vif_frame *f)
{
	struct vif_queue *q = f->queue;

	stats_add(q->stats, STAT_GRANT_OPS, f->copy_count);
	if (f->copy_count && !grant_batch_ok(q->vw->batch, f->copy_first, f->copy_count))
		f->pkt.drop = DROP_GRANT;
	grx_count(q->vw, f);
	if (f->pkt.drop == DROP_NONE) {
		pkt_to_grx(&q->grx, &f->pkt);
		if (q->stall.since)
			vif_stall_progress(q);
		return;
	}
	for (unsigned int i = 0; i < f->pkt.slots; i++)
		grx_back_reply(&q->grx, 0, 0, NETIF_RSP_ERROR);
}

unsigned int vif_grx_run(struct vif_worker *vw)
{
	unsigned int n, looked;

	if (!grx_begin(vw))
		return 0;
	grant_batch_reset(vw->batch);
	vif_source_begin(vw);
	if (capture_on(&vw->w.capture))
		capture_run(vw->w.capture.now);
	n = grx_collect(vw, &looked);
	vif_source_end(vw);
	if (n == 0)
		return looked;
	grx_copy(vw);
	if (capture_on(&vw->w.capture))
		capture_run(vw->w.capture.now);
	for (unsigned int i = 0; i < n; i++)
		grx_complete(&vw->frames[i]);
	for (struct vif_queue *q = vw->queue; q < vw->queue + vw->nqueues; q++) {
		if (grx_back_push(&q->grx))
			worker_notify(&vw->w, q->grx_doorbell);
		vif_queue_show(q);
	}
	return looked;
}
