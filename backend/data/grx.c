/* SPDX-License-Identifier: MIT */
/* grx.c - guest receive: TAP -> ring
 *
 * The guest's buffers are taken off the ring a few ahead of the frames, so
 * that where they lie is known before a frame is read. If enough of them are
 * static grants the frame is read straight into the guest's pages; else it is
 * read into private memory, and a run copies all such frames out by one ioctl
 * (or memcpy, where a page is mapped).
 *
 * A response lies in its request's slot and a GSO extra takes the second. So
 * a read leaves the second page out; a frame that needs no extra and reached
 * past the first page is moved up by one.
 *
 * With several queues a frame's queue is known only once it is read: so frames
 * go by way of private memory then.
 *
 * A frame that needs more slots than are posted is held in the buffer, and the
 * TAP is not read, until the slots come or the wait ends (grx_stall.h): frames
 * meanwhile queue in the TAP, which is bounded in bytes (XSA-392, taplimit.h).
 *
 * Where the frontend wants headroom, each slot's data starts behind it and an
 * extra says so. It is for an XDP program, which sees one page: so large
 * frames are split (grx_split.h), and frames go by way of private memory. A
 * frame has the headroom that was wanted when it was read, and its extra says
 * how much.
 */
#include <string.h>

#include "common/base/log.h"
#include "common/host/tap.h"
#include "grx.h"
#include "grx_posted.h"
#include "grx_split.h"
#include "grx_stall.h"
#include "queue_limit.h"
#include "rate.h"
#include "steer.h"

/* Buffers of the largest frame, its extra included. */
#define DIRECT_SLOTS ((PKT_LEN_MAX + XEN_PAGE - 1) / XEN_PAGE + 1)

static_assert(DIRECT_SLOTS <= POSTED_MAX, "the largest frame fits what is taken ahead");
static_assert(VNET_HDR_LEN + (DIRECT_SLOTS - 1) * XEN_PAGE == TAP_READ_MAX, "a longer frame is told apart");
static_assert(TAP_READ_MAX + XEN_PAGE <= FRAME_ROOM, "it has room behind the start of a page");

/* Returns what was read: a frame, one that is lost and counted, or none. */
static enum tap_outcome grx_read_outcome(struct vif_worker *vw, ssize_t got)
{
	enum tap_outcome outcome = tap_outcome(got);

	switch (outcome) {
	case TAP_FRAME:
		taplimit_took(&vw->reader, (uint32_t)got - VNET_HDR_LEN);
		break;
	case TAP_DROP:
		stats_inc(&vw->w.stats, STAT_GRX_DROP_BOUNDS);
		break;
	case TAP_LOST:
		worker_fault(&vw->w, "TAP lost");
		/* fall through */
	case TAP_EMPTY:
		taplimit_empty(&vw->reader);
		vw->w.tap_ready = false;
		vif_stall_end_idle(vw);
		break;
	}
	return outcome;
}

/* Makes what was read into a packet; body is the frame in n runs. */
static void grx_classify(struct frame *f, struct virtio_net_hdr *hdr, const struct iovec *body, unsigned int n)
{
	struct vif_queue *q = f->queue;
	enum vnet_step step;

	f->drop = true;
	f->copy_count = 0;
	if (f->pkt.len < PKT_LEN_MIN) {
		stats_inc(&q->stats, STAT_GRX_DROP_SHORT);
		return;
	}
	if (vif_settings_filtered(q->vw->conn->settings, body->iov_base)) {
		stats_inc(&q->stats, STAT_GRX_DROP_MCAST);
		return;
	}
	step = vnet_prepare(hdr, &q->conf->peer, body, n);
	vif_settings_charge(q->vw->conn->settings, RATE_GRX, vnet_wire_len(hdr, f->pkt.len));
	if (step == VNET_SEGMENT || (f->pkt.headroom && hdr->gso_type != VIRTIO_NET_HDR_GSO_NONE)) {
		/* It goes on in segments. */
		vif_split_begin(f, hdr, body, n);
		return;
	}
	if (step == VNET_BROKEN) {
		stats_inc(&q->stats, STAT_GRX_DROP_CSUM);
		return;
	}
	if (vnet_to_pkt(&f->pkt, hdr) < 0) {
		stats_inc(&q->stats, STAT_GRX_DROP_GSO);
		return;
	}
	f->pkt.slots = (uint16_t)pkt_grx_slots(&f->pkt);
	if (f->pkt.slots > (q->conf->peer.sg ? POSTED_MAX : 1 + pkt_extras(&f->pkt))) {
		stats_inc(&q->stats, STAT_GRX_DROP_SLOTS);
		return;
	}
	f->drop = false;
}

/* Reads one frame to grx_buf + at. Returns false if there is none. */
static bool grx_read_private(struct vif_worker *vw, struct frame *f, uint32_t at)
{
	struct iovec iov = { vw->grx_buf + at, TAP_READ_MAX };
	struct virtio_net_hdr_mrg_rxbuf hdr;
	struct iovec body;
	ssize_t got = tap_read(vw->w.tap_fd, &iov, 1);
	enum tap_outcome outcome = grx_read_outcome(vw, got);

	memset(&f->pkt, 0, offsetof(struct pkt, piece));
	f->drop = true;
	f->at = at;
	if (outcome != TAP_FRAME)
		return outcome == TAP_DROP;
	memcpy(&hdr, vw->grx_buf + at, sizeof(hdr));
	f->pkt.len = (uint32_t)got - VNET_HDR_LEN;
	body = (struct iovec){ vw->grx_buf + at + VNET_HDR_LEN, f->pkt.len };
	f->pkt.headroom = vif_settings_headroom(vw->conn->settings);
	f->queue = vif_steer(vw, &f->pkt, body.iov_base);
	grx_classify(f, &hdr.hdr, &body, 1);
	return true;
}

/* Returns true if the largest frame would lie in mapped pages entirely. Not
 * with a hash or headroom: each takes one more slot. */
static bool grx_can_read_direct(const struct vif_queue *q)
{
	if (q->nposted < DIRECT_SLOTS || !q->conf->peer.sg || hash_steers(&q->vw->conn->hash) ||
	    vif_settings_headroom(q->vw->conn->settings))
		return false;
	for (unsigned int i = 0; i < DIRECT_SLOTS; i++)
		if (!q->posted[i].page)
			return false;
	return true;
}

/* Moves up a frame without extra that reached past the page left free for one. */
static void grx_move_up(struct vif_queue *q, uint32_t len)
{
	for (unsigned int i = 1; i * XEN_PAGE < len; i++)
		memcpy(q->posted[i].page, q->posted[i + 1].page, min_size(len - i * XEN_PAGE, XEN_PAGE));
}

/* Reads one frame into the guest's pages. Returns false if there is none. */
static bool grx_read_direct(struct vif_queue *q, struct frame *f)
{
	struct virtio_net_hdr_mrg_rxbuf hdr;
	struct iovec iov[DIRECT_SLOTS] = { { &hdr, sizeof(hdr) }, { q->posted[0].page, XEN_PAGE } };
	enum tap_outcome outcome;
	uint32_t left;
	ssize_t got;

	for (unsigned int i = 2; i < ARRAY_SIZE(iov); i++)
		iov[i] = (struct iovec){ q->posted[i].page, XEN_PAGE };
	got = tap_read(q->vw->w.tap_fd, iov, ARRAY_SIZE(iov));
	memset(&f->pkt, 0, offsetof(struct pkt, piece));
	f->queue = q;
	f->drop = true;
	outcome = grx_read_outcome(q->vw, got);
	if (outcome != TAP_FRAME)
		return outcome == TAP_DROP;
	f->pkt.len = left = (uint32_t)got - VNET_HDR_LEN;
	for (unsigned int i = 1; i < ARRAY_SIZE(iov); i++) {
		iov[i].iov_len = min_size(left, XEN_PAGE);
		left -= (uint32_t)iov[i].iov_len;
	}
	grx_classify(f, &hdr.hdr, iov + 1, ARRAY_SIZE(iov) - 1);
	if (f->drop)
		return true;
	if (f->pkt.gso_type == XEN_NETIF_GSO_TYPE_NONE)
		grx_move_up(q, f->pkt.len);
	vif_posted_spend(q, f->pkt.slots);
	return true;
}

/* Copies a private frame to its slots, by memcpy or a segment of the grant batch. */
static void grx_fill_slots(struct frame *f)
{
	struct vif_queue *q = f->queue;
	struct grant_batch *batch = q->vw->batch;
	const uint8_t *from = q->vw->grx_buf + f->at + VNET_HDR_LEN;
	unsigned int extras = pkt_extras(&f->pkt);
	uint32_t left = f->pkt.len;

	f->copy_first = (uint16_t)grant_batch_count(batch);
	for (unsigned int i = 0; i < f->pkt.slots; i++) {
		uint16_t part = (uint16_t)min_size(left, pkt_grx_part(&f->pkt));

		/* Buffers of slots that extras go to stay empty. */
		if (i > 0 && i <= extras)
			continue;
		if (q->posted[i].page)
			memcpy(q->posted[i].page + f->pkt.headroom, from, part);
		else
			grant_batch_to_peer(batch, q->posted[i].gref, from, f->pkt.headroom, part);
		from += part;
		left -= part;
	}
	f->copy_count = (uint16_t)(grant_batch_count(batch) - f->copy_first);
	vif_posted_spend(q, f->pkt.slots);
}

/* Makes f the next private frame: the held one, a segment, or one that is read.
 * Returns false if there is none now. */
static bool grx_next_private(struct vif_worker *vw, struct frame *f, uint32_t used)
{
	if (!vw->held) {
		if (!vw->tso.left)
			return grx_read_private(vw, f, vif_grx_at(used));
		vif_split_next(vw, f, vif_grx_at(used));
		return true;
	}
	*f = vw->held_frame;
	return true;
}

/* Returns true if there may be a frame. */
static bool grx_has_frames(struct vif_worker *vw)
{
	return (vw->w.tap_ready && vif_rate_allows(vw, RATE_GRX)) || vw->held || vw->tso.left;
}

/* Whether there was a frame, and whether it is in the batch now or was dropped. */
enum grx_moved { GRX_NO_FRAME, GRX_FRAME, GRX_DROPPED };

/* Moves one frame by way of the private buffer to the queue that it is for. */
static enum grx_moved grx_move_private(struct vif_worker *vw, struct frame *f, uint32_t *used)
{
	if (*used + FRAME_ROOM > BATCH_BYTES || grant_batch_room(vw->batch) < PKT_SLOTS_MAX ||
	    !grx_next_private(vw, f, *used))
		return GRX_NO_FRAME;
	if (f->drop)
		return GRX_DROPPED;
	vif_posted_take(f->queue);
	if (f->pkt.slots > f->queue->nposted)
		return vif_stall_keeps(f) ? GRX_NO_FRAME : GRX_DROPPED;
	vw->held = false;
	grx_fill_slots(f);
	*used = f->at + VNET_HDR_LEN + f->pkt.len;
	return GRX_FRAME;
}

static enum grx_moved grx_move_frame(struct vif_worker *vw, struct frame *f, uint32_t *used)
{
	struct vif_queue *q = vw->queue;

	if (!grx_has_frames(vw))
		return GRX_NO_FRAME;
	/* With one queue the frame's queue is known before the read. */
	if (!vw->held && vw->nqueues == 1) {
		vif_posted_take(q);
		if (q->nposted == 0 && !vif_stall_drops(q))
			return GRX_NO_FRAME;
		if (!vw->tso.left && grx_can_read_direct(q)) {
			if (!grx_read_direct(q, f))
				return GRX_NO_FRAME;
			return f->drop ? GRX_DROPPED : GRX_FRAME;
		}
	}
	return grx_move_private(vw, f, used);
}

/* Fills the batch. Returns the number of its frames, and in *looked the number
 * of those that were looked at. */
static unsigned int grx_collect(struct vif_worker *vw, unsigned int *looked)
{
	unsigned int n = 0, slots = 0;
	uint32_t used = 0;

	/* Dropped frames count as a slot: a flood of them must not keep gtx waiting. */
	for (*looked = 0; slots < WORKER_RUN_SLOTS; (*looked)++) {
		struct frame *f = &vw->frames[n];
		enum grx_moved moved = grx_move_frame(vw, f, &used);

		if (moved == GRX_NO_FRAME)
			break;
		n += moved == GRX_FRAME;
		slots += moved == GRX_FRAME ? f->pkt.slots : 1;
	}
	return n;
}

static void grx_finish(const struct frame *f)
{
	struct vif_queue *q = f->queue;

	stats_add(&q->stats, STAT_GRANT_OPS, f->copy_count);
	if (!f->copy_count || grant_batch_ok(q->vw->batch, f->copy_first, f->copy_count)) {
		pkt_to_grx(&q->grx, &f->pkt);
		stats_inc(&q->stats, STAT_GRX_PACKETS);
		stats_add(&q->stats, STAT_GRX_BYTES, f->pkt.len);
		worker_count_bytes(&q->vw->w, f->pkt.len);
		if (q->stall.since)
			vif_stall_progress(q);
		return;
	}
	stats_inc(&q->stats, STAT_GRX_DROP_GRANT);
	for (unsigned int i = 0; i < f->pkt.slots; i++)
		grx_back_reply(&q->grx, 0, 0, NETIF_RSP_ERROR);
}

static void grx_run_batch(struct vif_worker *vw)
{
	if (!grant_batch_count(vw->batch))
		return;
	stats_inc(&vw->w.stats, STAT_GRANT_CALLS);
	if (grant_batch_run(vw->batch) < 0)
		log_debug("grant copy failed vif=%s errno=%m", vw->w.name);
}

/* Looks at the rings. Returns false if there is nothing to do or a ring is broken. */
static bool grx_begin(struct vif_worker *vw)
{
	struct vif_queue *end = vw->queue + vw->nqueues;
	bool lacking = false;

	for (struct vif_queue *q = vw->queue; q < end; q++) {
		q->slots_wanted = 0;
		lacking |= q->stall.since != 0;
	}
	if (!grx_has_frames(vw) && !lacking)
		return false;
	for (struct vif_queue *q = vw->queue; q < end; q++) {
		if (grx_back_begin(&q->grx) < 0) {
			worker_fault(&vw->w, "grx producer out of range");
			return false;
		}
		if (q->stall.since)
			vif_stall_check(q);
	}
	return grx_has_frames(vw);
}

unsigned int vif_grx_run(struct vif_worker *vw)
{
	struct vif_queue *end = vw->queue + vw->nqueues;
	unsigned int n, looked;

	if (!grx_begin(vw))
		return 0;
	grant_batch_reset(vw->batch);
	vif_stall_move_held(vw);
	taplimit_begin(&vw->reader);
	n = grx_collect(vw, &looked);
	if (taplimit_end(&vw->reader))
		vif_queue_limit_kick(vw);
	if (n == 0)
		return looked;
	grx_run_batch(vw);
	for (unsigned int i = 0; i < n; i++)
		grx_finish(&vw->frames[i]);
	for (struct vif_queue *q = vw->queue; q < end; q++)
		if (grx_back_push(&q->grx))
			worker_notify(&vw->w, q->grx_doorbell);
	return looked;
}
