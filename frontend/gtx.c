/* SPDX-License-Identifier: MIT */
/* gtx.c - guest transmit: TAP -> granted pages -> ring
 *
 * A frame is read straight into free pages of the pool and its slots posted
 * over them; the pages come back with the backend's responses. Only the
 * virtio_net_hdr goes to private memory.
 */
#include <errno.h>
#include <string.h>

#include "../common/tap.h"
#include "nic.h"

/* Frames a run. */
#define GTX_BATCH 64u

/* Ring slots of the largest frame: its pages and a GSO extra. */
#define FRAME_SLOTS (FRAME_PAGES + 1)

/* Takes the pages of answered requests back. False: the ring is lost. */
static bool reap(struct nic_queue *q)
{
	int ready = gtx_front_begin(&q->gtx), got = 0;
	uint16_t id;
	int16_t status;

	while (ready > 0 && (got = gtx_front_take(&q->gtx, &id, &status)) > 0) {
		/* What was posted was one of the pool's, and so is what comes back. */
		q->gtx_free[q->gtx_nfree++] = id;
		if (status != NETIF_RSP_OKAY)
			stats_inc(&q->w.stats, STAT_GTX_REFUSED_SLOTS);
	}
	if (ready >= 0 && got >= 0)
		return true;
	worker_fault(&q->w, ready < 0 ? "gtx responses out of range" : "gtx response to nothing");
	return false;
}

/* Lays the next free pages out behind the header; how many runs. */
static unsigned int prepare(struct nic_queue *q, struct virtio_net_hdr_mrg_rxbuf *hdr, struct iovec *iov)
{
	iov[0] = (struct iovec){ hdr, sizeof(*hdr) };
	for (unsigned int i = 0; i < FRAME_PAGES; i++) {
		uint16_t id = q->gtx_free[q->gtx_nfree - 1 - i];

		iov[1 + i] = (struct iovec){ pool_page(&q->gtx_pool, id), XEN_PAGE };
	}
	/* One byte short of the pages: what a slot's 16 bits can tell. */
	iov[FRAME_PAGES].iov_len = PKT_LEN_MAX - (FRAME_PAGES - 1) * XEN_PAGE;
	return 1 + FRAME_PAGES;
}

/* Describes the frame of len bytes that lies in the topmost free pages. */
static void describe(const struct nic_queue *q, struct pkt *p, uint16_t *ids, uint32_t len)
{
	uint32_t left = len;

	p->len = len;
	p->pieces = 0;
	while (left) {
		uint16_t id = q->gtx_free[q->gtx_nfree - 1 - p->pieces];
		uint16_t part = (uint16_t)min_size(left, XEN_PAGE);

		ids[p->pieces] = id;
		p->piece[p->pieces++] = (struct pkt_piece){ .gref = q->gtx_pool.gref[id], .len = part };
		left -= part;
	}
}

static void post(struct nic_queue *q, const struct pkt *p, const uint16_t *ids)
{
	pkt_to_gtx(&q->gtx, p, ids);
	q->gtx_nfree -= p->pieces;
	stats_inc(&q->w.stats, STAT_GTX_PACKETS);
	stats_add(&q->w.stats, STAT_GTX_BYTES, p->len);
}

/* Turns one frame that was read into slots; STAT_MAX: posted, or to go in segments. */
static enum stat post_frame(struct nic_queue *q, struct virtio_net_hdr *hdr, struct iovec *iov, uint32_t len)
{
	uint16_t ids[FRAME_PAGES];
	struct pkt p;

	memset(&p, 0, offsetof(struct pkt, piece));
	if (len < PKT_LEN_MIN)
		return STAT_GTX_DROP_SHORT;
	describe(q, &p, ids, len);
	for (unsigned int i = 0; i < p.pieces; i++)
		iov[i].iov_len = p.piece[i].len;
	if (vnet_must_cut(hdr, &q->conf.peer, iov[0].iov_base, iov[0].iov_len))
		return segment_begin(&q->cut, hdr, iov, p.pieces, XEN_PAGE) < 0 ? STAT_GTX_DROP_GSO : STAT_MAX;
	if (p.pieces > 1 && !q->conf.peer.sg)
		return STAT_GTX_DROP_SLOTS;
	if (vnet_complete(hdr, &q->conf.peer, iov, p.pieces) < 0)
		return STAT_GTX_DROP_CSUM;
	if (vnet_to_pkt(&p, hdr) < 0)
		return STAT_GTX_DROP_GSO;
	post(q, &p, ids);
	return STAT_MAX;
}

/* Posts the next segment of a frame that the backend does not take as it is, one slot each. */
static void post_segment(struct nic_queue *q)
{
	uint16_t id = q->gtx_free[q->gtx_nfree - 1];
	struct pkt p;

	memset(&p, 0, offsetof(struct pkt, piece));
	describe(q, &p, &id, segment_take(&q->cut, pool_page(&q->gtx_pool, id)));
	p.csum_valid = true;
	post(q, &p, &id);
}

/* Moves one frame from the TAP to the ring; false: there is none. */
static bool move_frame(struct nic_queue *q)
{
	struct virtio_net_hdr_mrg_rxbuf hdr;
	struct iovec iov[1 + FRAME_PAGES];
	enum stat drop;
	ssize_t got;

	if (q->cut.left) {
		post_segment(q);
		return true;
	}
	got = tap_read(q->w.tap_fd, iov, prepare(q, &hdr, iov));
	if (got < (ssize_t)VNET_HDR_LEN) {
		q->w.tap_ready = false;
		if (got != -EAGAIN && got != -EINTR)
			worker_fault(&q->w, "TAP lost");
		return false;
	}
	drop = post_frame(q, &hdr.hdr, iov + 1, (uint32_t)got - VNET_HDR_LEN);
	if (drop != STAT_MAX)
		stats_inc(&q->w.stats, drop);
	return true;
}

unsigned int nic_gtx_run(struct nic_queue *q)
{
	unsigned int n = 0;

	if ((!q->w.tap_ready && !q->cut.left) || !reap(q))
		return 0;
	do {
		q->gtx_blocked = q->gtx_nfree < FRAME_PAGES || gtx_front_free(&q->gtx) < FRAME_SLOTS;
	} while (!q->gtx_blocked && n < GTX_BATCH && move_frame(q) && ++n);
	if (gtx_front_push(&q->gtx))
		worker_notify(&q->w, q->w.gtx_port);
	return n;
}
