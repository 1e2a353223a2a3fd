/* SPDX-License-Identifier: MIT */
/* gtx.c - guest transmit: TAP -> granted pages -> ring
 *
 * A frame is read straight into the lowest free pages of the pool (free_pages.h),
 * which all queues share. Its slots, on the ring of its queue, refer to these
 * pages, which are free again with the backend's responses. Only the
 * virtio_net_hdr is read into private memory. With an offload header (docs/vnet-header.md)
 * it is read into the first page, before the frame, in one run with it: the backend may
 * read these pages and not write them.
 */
#include <string.h>

#include "common/base/probe.h"
#include "common/host/tap.h"
#include "common/wire/frame.h"
#include "announce.h"
#include "conn_internal.h"
#include "gtx.h"
#include "mcast.h"
#include "steer.h"

/* Pages of the largest frame. */
#define FRAME_PAGES ((PKT_LEN_MAX + XEN_PAGE - 1) / XEN_PAGE)

/* Ring slots of the largest frame: its pages and a GSO extra. With an offload header there is
 * no extra, and the header's bytes may need one more page. */
#define FRAME_SLOTS (FRAME_PAGES + 1)

static_assert(VNET_HDR_LEN + FRAME_PAGES * XEN_PAGE == TAP_READ_MAX, "a longer frame is told apart");

/* Takes the responses of a queue and frees their pages. Returns false if the ring is lost. */
static bool gtx_reap(struct nic_queue *q)
{
	struct nic_conn *conn = q->conn;
	int ready = gtx_front_begin(&q->gtx), got = 0;
	uint16_t id;
	int16_t status;

	while (ready > 0 && (got = gtx_front_take(&q->gtx, &id, &status)) > 0) {
		/* The ring returns only ids that were posted, so each is a page of the pool. */
		free_pages_put(&conn->gtx_free_pages, id);
		if (id == conn->mcast.id)
			nic_mcast_answered(conn, status);
		else if (status != NETIF_RSP_OKAY)
			stats_inc(&q->stats, STAT_GTX_REFUSED_SLOTS);
	}
	if (ready >= 0 && got >= 0)
		return true;
	worker_fault(&conn->w, ready < 0 ? "gtx responses out of range" : "gtx response to nothing");
	return false;
}

/* Where a frame is read to. */
struct gtx_read {
	struct virtio_net_hdr_mrg_rxbuf own;	/* the header, if it does not lie in the first page */
	struct virtio_net_hdr_mrg_rxbuf *hdr;
	struct iovec iov[1 + FRAME_SLOTS];
	struct iovec *body;			/* the runs of iov behind the header */
	unsigned int runs;			/* those of body */
	uint16_t first;				/* the first of adjacent pages; FREE_PAGES_NONE: ids are set */
	uint16_t ids[FRAME_SLOTS];		/* of the pages; those that a frame uses are set by gtx_name_pages() */
};

/* Returns the number of pages that the largest frame needs. */
static unsigned int gtx_frame_pages(const struct nic_conn *conn)
{
	return conn->conf.peer.header ? FRAME_SLOTS : FRAME_PAGES;
}

/* Lays body over the next free pages, which mostly lie one behind the other. */
static void gtx_lay_out(struct nic_conn *conn, struct gtx_read *r)
{
	unsigned int pages = gtx_frame_pages(conn);
	uint16_t first = free_pages_lowest_run(&conn->gtx_free_pages, pages);

	if (first != FREE_PAGES_NONE) {
		r->body[0] = (struct iovec){ pool_page(&conn->gtx_pool, first), pages * XEN_PAGE };
		r->first = first;
		r->runs = 1;
		return;
	}
	r->first = FREE_PAGES_NONE;
	free_pages_lowest(&conn->gtx_free_pages, r->ids, pages);
	for (unsigned int i = 0; i < pages; i++)
		r->body[i] = (struct iovec){ pool_page(&conn->gtx_pool, r->ids[i]), XEN_PAGE };
	r->runs = pages;
}

/* Reads one frame into the next free pages. Returns as port_read(). */
static ssize_t gtx_read_frame(struct nic_conn *conn, struct gtx_read *r)
{
	ssize_t got;

	if (!conn->conf.peer.header) {
		r->hdr = &r->own;
		r->body = r->iov + 1;
		gtx_lay_out(conn, r);
		r->iov[0] = (struct iovec){ &r->own, sizeof(r->own) };
		return port_read(&conn->w.net, r->iov, 1 + r->runs);
	}
	r->body = r->iov;
	gtx_lay_out(conn, r);
	/* Of the last page only as much as makes TAP_READ_MAX in all. */
	r->body[r->runs - 1].iov_len -= XEN_PAGE - VNET_HDR_LEN;
	got = port_read(&conn->w.net, r->iov, r->runs);
	r->hdr = r->body[0].iov_base;
	r->body[0] = (struct iovec){ r->hdr + 1, r->body[0].iov_len - VNET_HDR_LEN };
	/* The kernel leaves it as it is. */
	r->hdr->num_buffers = 0;
	return got;
}

/* Sets the ids of the pages in which a frame of len bytes lies. */
static void gtx_name_pages(struct gtx_read *r, uint32_t len)
{
	if (r->first != FREE_PAGES_NONE)
		for (uint16_t i = 0; i * XEN_PAGE < len + VNET_HDR_LEN; i++)
			r->ids[i] = (uint16_t)(r->first + i);
}

/* Describes the frame of len bytes that lies in the pages of ids; with p->header behind a header. */
static void gtx_describe(const struct nic_conn *conn, struct pkt *p, const uint16_t *ids, uint32_t len)
{
	uint16_t offset = pkt_first(p);
	uint32_t left = len;

	p->len = len;
	p->pieces = 0;
	while (left) {
		uint16_t part = (uint16_t)min_size(left, XEN_PAGE - offset);

		p->piece[p->pieces] = (struct pkt_piece){ .gref = conn->gtx_pool.gref[ids[p->pieces]], .offset = offset, .len = part };
		p->pieces++;
		left -= part;
		offset = 0;
	}
}

/* Copies a frame that goes to the ring to the capture. The backend cannot write these pages. */
static void gtx_capture(const struct nic_queue *q, const struct pkt *p, const uint16_t *ids)
{
	struct capture_end *e = q->conn->w.capture.now;
	const uint8_t *first = pool_page(&q->conn->gtx_pool, ids[0]);
	UNINITIALISED struct iovec iov[FRAME_SLOTS];
	struct virtio_net_hdr vh = { .flags = 0 };
	struct capring_record rec;

	for (unsigned int i = 0; i < p->pieces; i++)
		iov[i] = (struct iovec){ pool_page(&q->conn->gtx_pool, ids[i]) + p->piece[i].offset, p->piece[i].len };
	if (p->header)
		memcpy(&vh, first, sizeof(vh));
	rec = capring_of_pkt(p, DROP_NONE, &vh);
	rec.queue = (uint16_t)q->index;
	capture_put(e, &rec, iov, p->pieces, 0);
}

/* Copies a frame that is dropped, which is in n runs. */
static void gtx_capture_drop(const struct nic_queue *q, enum drop drop, const struct iovec *iov, unsigned int n, uint32_t len)
{
	const struct capring_record rec = { .kind = CAPRING_FRAME, .drop = (uint8_t)drop, .len = len, .queue = (uint16_t)q->index };

	capture_put(q->conn->w.capture.now, &rec, iov, n, 0);
}

static void gtx_post(struct nic_queue *q, const struct pkt *p, const uint16_t *ids)
{
	if (capture_on(&q->conn->w.capture))
		gtx_capture(q, p, ids);
	pkt_to_gtx(&q->gtx, p, ids);
	free_pages_claim(&q->conn->gtx_free_pages, ids, p->pieces);
	stats_inc(&q->stats, STAT_GTX_PACKETS);
	stats_add(&q->stats, STAT_GTX_BYTES, p->len);
	worker_count_bytes(&q->conn->w, p->len);
}

/* Posts one frame of len bytes that was read, or begins to send it in segments. */
static enum drop gtx_post_frame(struct nic_queue *q, struct gtx_read *r, uint32_t len)
{
	struct nic_conn *conn = q->conn;
	enum drop drop;
	UNINITIALISED struct pkt p;

	memset(&p, 0, offsetof(struct pkt, piece));
	p.len = len;
	drop = frame_to_pkt(&p, &conn->tso, &r->hdr->hdr, &conn->conf.peer, r->body, frame_trim(r->body, r->runs, len));
	if (drop != DROP_NONE)
		return drop;
	if (conn->tso.left) {
		conn->tso_queue = q;
		return DROP_NONE;
	}
	gtx_name_pages(r, len);
	gtx_describe(conn, &p, r->ids, len);
	gtx_post(q, &p, r->ids);
	return DROP_NONE;
}

/* Posts the next segment of the frame that goes out in segments, in one slot. */
static void gtx_post_tso(struct nic_conn *conn)
{
	bool header = conn->conf.peer.header;
	uint16_t id;
	UNINITIALISED struct pkt p;

	free_pages_lowest(&conn->gtx_free_pages, &id, 1);
	frame_next_segment(&p, &conn->tso, header ? PKT_HEADED : PKT_PLAIN,
			   pool_page(&conn->gtx_pool, id) + (header ? VNET_HDR_LEN : 0), 0);
	gtx_describe(conn, &p, &id, p.len);
	gtx_post(conn->tso_queue, &p, &id);
}

/* Handles a read that gave no frame. Returns true if another read may give one. */
static bool gtx_not_read(struct nic_conn *conn, enum tap_outcome outcome)
{
	if (outcome == TAP_DROP) {
		if (capture_on(&conn->w.capture))
			gtx_capture_drop(&conn->queue[0], DROP_BOUNDS, NULL, 0, 0);
		stats_inc(conn->w.stats, STAT_GTX_DROP_BOUNDS);
		return true;
	}
	conn->w.tap_ready = false;
	taplook_empty(&conn->w.look);
	if (outcome == TAP_LOST)
		worker_fault(&conn->w, "TAP lost");
	return false;
}

/* Posts the announcements that are due, as far as there is room. */
static void gtx_post_announcements(struct nic_conn *conn)
{
	struct nic_queue *q = &conn->queue[0];
	uint8_t *page;
	uint16_t id;
	struct pkt p;
	uint32_t len;

	for (;;) {
		if (gtx_front_free(&q->gtx) == 0 || free_pages_lowest(&conn->gtx_free_pages, &id, 1) == 0) {
			nic_announce_put_off(conn);
			return;
		}
		memset(&p, 0, offsetof(struct pkt, piece));
		p.header = conn->conf.peer.header;
		page = pool_page(&conn->gtx_pool, id);
		if (p.header)
			frame_plain_header(page);
		len = nic_announce_next(conn, page + pkt_first(&p));
		if (len == 0)
			return;
		gtx_describe(conn, &p, &id, len);
		gtx_post(q, &p, &id);
	}
}

/* Moves one frame from the TAP to the ring. Returns false if there is none, or if the TAP is not to be read. */
static bool gtx_move_frame(struct nic_conn *conn)
{
	UNINITIALISED struct gtx_read r;
	struct nic_queue *q;
	enum drop drop;
	ssize_t got;
	uint32_t len;

	if (conn->tso.left) {
		gtx_post_tso(conn);
		return true;
	}
	if (!conn->w.tap_ready)
		return false;
	got = gtx_read_frame(conn, &r);
	if (tap_outcome(got) != TAP_FRAME)
		return gtx_not_read(conn, tap_outcome(got));
	conn->w.tap_ready = taplook_again(&conn->w.look);
	len = (uint32_t)got - VNET_HDR_LEN;
	q = nic_steer(conn, r.body->iov_base, len);
	drop = gtx_post_frame(q, &r, len);
	if (drop != DROP_NONE) {
		if (capture_on(&conn->w.capture))
			gtx_capture_drop(q, drop, r.body, r.runs, len);
		stats_inc(&q->stats, stats_gtx_drop(drop));
		probe_drop(conn->w.name, "from-guest", drop_name(drop), len);
	}
	return true;
}

/* Returns true if every queue has room for the largest frame: the queue of a frame is known
 * only after it was read. */
static bool gtx_has_room(const struct nic_conn *conn)
{
	for (unsigned int i = 0; i < conn->conf.queues; i++)
		if (gtx_front_free(&conn->queue[i].gtx) < FRAME_SLOTS)
			return false;
	return conn->gtx_free_pages.count >= gtx_frame_pages(conn);
}

/* Moves the frames of a run. Returns their number. A frame that is dropped needs no page; it
 * counts as one slot. */
static unsigned int gtx_move_frames(struct nic_conn *conn)
{
	unsigned int n = 0, slots = 0, before;

	for (; slots < WORKER_RUN_SLOTS; n++) {
		/* A TAP that is not to be read lacks no room: the worker would wait for it in vain. */
		conn->gtx_blocked = (conn->w.tap_ready || conn->tso.left) && !gtx_has_room(conn);
		before = conn->gtx_free_pages.count;
		if (conn->gtx_blocked || !gtx_move_frame(conn))
			break;
		slots += conn->gtx_free_pages.count < before ? before - conn->gtx_free_pages.count : 1;
	}
	return n;
}

unsigned int nic_gtx_run(struct nic_conn *conn)
{
	bool mcast = nic_mcast_busy(conn), announce = nic_announce_is_due(conn);
	unsigned int n;

	if (!conn->w.tap_ready && !conn->tso.left && !mcast && !announce)
		return 0;
	for (unsigned int i = 0; i < conn->conf.queues; i++)
		if (!gtx_reap(&conn->queue[i]))
			return 0;
	if (capture_on(&conn->w.capture))
		capture_run(conn->w.capture.now);
	if (mcast)
		nic_mcast_post(conn);
	if (announce)
		gtx_post_announcements(conn);
	n = gtx_move_frames(conn);
	for (unsigned int i = 0; i < conn->conf.queues; i++) {
		struct nic_queue *q = &conn->queue[i];

		if (gtx_front_push(&q->gtx))
			worker_notify(&conn->w, q->gtx_doorbell);
		nic_queue_show(q);
	}
	return n;
}
