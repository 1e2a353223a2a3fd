/* SPDX-License-Identifier: MIT */
/* gtx.c - guest transmit: TAP -> granted pages -> ring
 *
 * A frame is read straight into the lowest free pages of the pool (spare.h),
 * which all queues share, and its slots posted over them on its queue's ring;
 * the pages come back with the backend's responses. Only the virtio_net_hdr
 * goes to private memory.
 */
#include <string.h>

#include "../common/tap.h"
#include "link.h"

/* Ring slots of the largest frame: its pages and a GSO extra. */
#define FRAME_SLOTS (FRAME_PAGES + 1)

static_assert(VNET_HDR_LEN + FRAME_PAGES * XEN_PAGE == TAP_READ_MAX, "a longer frame is told apart");

/* Takes the pages of a queue's answered requests back. False: the ring is lost. */
static bool reap(struct nic_queue *q)
{
	struct nic_link *l = q->link;
	int ready = gtx_front_begin(&q->gtx), got = 0;
	uint16_t id;
	int16_t status;

	while (ready > 0 && (got = gtx_front_take(&q->gtx, &id, &status)) > 0) {
		/* What was posted was one of the pool's, and so is what comes back. */
		spare_put(&l->gtx_spare, id);
		if (id == l->mcast.id)
			nic_mcast_answered(l, status);
		else if (status != NETIF_RSP_OKAY)
			stats_inc(&q->stats, STAT_GTX_REFUSED_SLOTS);
	}
	if (ready >= 0 && got >= 0)
		return true;
	worker_fault(&l->w, ready < 0 ? "gtx responses out of range" : "gtx response to nothing");
	return false;
}

/* Lays the next free pages out behind the header; how many runs. */
static unsigned int prepare(struct nic_link *l, struct virtio_net_hdr_mrg_rxbuf *hdr, struct iovec *iov, uint16_t *ids)
{
	iov[0] = (struct iovec){ hdr, sizeof(*hdr) };
	spare_lowest(&l->gtx_spare, ids, FRAME_PAGES);
	for (unsigned int i = 0; i < FRAME_PAGES; i++)
		iov[1 + i] = (struct iovec){ pool_page(&l->gtx_pool, ids[i]), XEN_PAGE };
	return 1 + FRAME_PAGES;
}

/* Describes the frame of len bytes that lies in the pages of ids. */
static void describe(const struct nic_link *l, struct pkt *p, const uint16_t *ids, uint32_t len)
{
	uint32_t left = len;

	p->len = len;
	p->pieces = 0;
	while (left) {
		uint16_t part = (uint16_t)min_size(left, XEN_PAGE);

		p->piece[p->pieces] = (struct pkt_piece){ .gref = l->gtx_pool.gref[ids[p->pieces]], .len = part };
		p->pieces++;
		left -= part;
	}
}

static void post(struct nic_queue *q, const struct pkt *p, const uint16_t *ids)
{
	pkt_to_gtx(&q->gtx, p, ids);
	spare_take(&q->link->gtx_spare, ids, p->pieces);
	stats_inc(&q->stats, STAT_GTX_PACKETS);
	stats_add(&q->stats, STAT_GTX_BYTES, p->len);
	worker_moved(&q->link->w, p->len);
}

/* Cuts a frame that the backend does not take as it is. */
static enum stat cut(struct nic_queue *q, const struct virtio_net_hdr *hdr, const struct iovec *iov, unsigned int n)
{
	q->link->cut_queue = q;
	return segment_begin(&q->link->cut, hdr, iov, n, XEN_PAGE) < 0 ? STAT_GTX_DROP_GSO : STAT_MAX;
}

/* Turns one frame that was read into slots; STAT_MAX: posted, or to go in segments. */
static enum stat post_frame(struct nic_queue *q, struct virtio_net_hdr *hdr, struct iovec *iov,
			    const uint16_t *ids, uint32_t len)
{
	const struct vnet_peer *peer = &q->link->conf.peer;
	enum vnet_step step;
	UNINITIALISED struct pkt p;

	memset(&p, 0, offsetof(struct pkt, piece));
	if (len < PKT_LEN_MIN)
		return STAT_GTX_DROP_SHORT;
	describe(q->link, &p, ids, len);
	for (unsigned int i = 0; i < p.pieces; i++)
		iov[i].iov_len = p.piece[i].len;
	step = vnet_prepare(hdr, peer, iov, p.pieces);
	if (step == VNET_CUT)
		return cut(q, hdr, iov, p.pieces);
	if (p.pieces > 1 && !peer->sg)
		return STAT_GTX_DROP_SLOTS;
	if (step == VNET_BROKEN)
		return STAT_GTX_DROP_CSUM;
	if (vnet_to_pkt(&p, hdr) < 0)
		return STAT_GTX_DROP_GSO;
	post(q, &p, ids);
	return STAT_MAX;
}

/* Posts the next segment of a frame that the backend does not take as it is, one slot each. */
static void post_segment(struct nic_link *l)
{
	uint16_t id;
	UNINITIALISED struct pkt p;

	spare_lowest(&l->gtx_spare, &id, 1);
	memset(&p, 0, offsetof(struct pkt, piece));
	describe(l, &p, &id, segment_take(&l->cut, pool_page(&l->gtx_pool, id)));
	p.csum_valid = true;
	post(l->cut_queue, &p, &id);
}

/* Deals with a read that gave no frame. Returns whether there may be another. */
static bool gtx_not_read(struct nic_link *l, enum tap_outcome outcome)
{
	if (outcome == TAP_DROP) {
		stats_inc(&l->w.stats, STAT_GTX_DROP_BOUNDS);
		return true;
	}
	l->w.tap_ready = false;
	if (outcome == TAP_LOST)
		worker_fault(&l->w, "TAP lost");
	return false;
}

/* Posts what is to be announced of the device's addresses, as far as there is room. */
static void post_announcements(struct nic_link *l)
{
	struct nic_queue *q = &l->queue[0];
	uint16_t id;
	struct pkt p;
	uint32_t len;

	for (;;) {
		if (gtx_front_free(&q->gtx) == 0 || spare_lowest(&l->gtx_spare, &id, 1) == 0) {
			nic_announce_put_off(l);
			return;
		}
		len = nic_announce_next(l, pool_page(&l->gtx_pool, id));
		if (len == 0)
			return;
		memset(&p, 0, offsetof(struct pkt, piece));
		describe(l, &p, &id, len);
		post(q, &p, &id);
	}
}

/* Moves one frame from the TAP to the ring; false: there is none. */
static bool move_frame(struct nic_link *l)
{
	struct virtio_net_hdr_mrg_rxbuf hdr;
	UNINITIALISED struct iovec iov[1 + FRAME_PAGES];
	UNINITIALISED uint16_t ids[FRAME_PAGES];
	struct nic_queue *q;
	enum stat drop;
	ssize_t got;

	if (l->cut.left) {
		post_segment(l);
		return true;
	}
	got = tap_read(l->w.tap_fd, iov, prepare(l, &hdr, iov, ids));
	if (tap_outcome(got) != TAP_FRAME)
		return gtx_not_read(l, tap_outcome(got));
	q = nic_steer(l, iov[1].iov_base, (uint32_t)got - VNET_HDR_LEN);
	drop = post_frame(q, &hdr.hdr, iov + 1, ids, (uint32_t)got - VNET_HDR_LEN);
	if (drop != STAT_MAX)
		stats_inc(&q->stats, drop);
	return true;
}

/* Whether every queue could take the largest frame: which it will be for is
 * known once it is read. */
static bool has_room(const struct nic_link *l)
{
	for (unsigned int i = 0; i < l->conf.queues; i++)
		if (gtx_front_free(&l->queue[i].gtx) < FRAME_SLOTS)
			return false;
	return l->gtx_spare.count >= FRAME_PAGES;
}

/* Moves frames for a run; how many. Who takes no page, being dropped, counts as a slot. */
static unsigned int move_frames(struct nic_link *l)
{
	unsigned int n = 0, slots = 0, before;

	for (; slots < WORKER_RUN_SLOTS; n++) {
		l->gtx_blocked = !has_room(l);
		before = l->gtx_spare.count;
		if (l->gtx_blocked || !move_frame(l))
			break;
		slots += l->gtx_spare.count < before ? before - l->gtx_spare.count : 1;
	}
	return n;
}

unsigned int nic_gtx_run(struct nic_link *l)
{
	bool mcast = nic_mcast_busy(l), announce = nic_announce_is_due(l);
	unsigned int n;

	if (!l->w.tap_ready && !l->cut.left && !mcast && !announce)
		return 0;
	for (unsigned int i = 0; i < l->conf.queues; i++)
		if (!reap(&l->queue[i]))
			return 0;
	if (mcast)
		nic_mcast_post(l);
	if (announce)
		post_announcements(l);
	n = move_frames(l);
	for (unsigned int i = 0; i < l->conf.queues; i++)
		if (gtx_front_push(&l->queue[i].gtx))
			worker_notify(&l->w, l->queue[i].gtx_bell);
	return n;
}
