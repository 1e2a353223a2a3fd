/* SPDX-License-Identifier: MIT */
/* grx.c - guest receive: ring -> TAP, from the granted pages
 *
 * The headers are copied out of the page before they are parsed, and the copy is
 * sent: the backend, which can still write the page, cannot change what was
 * checked. The payload is written to the TAP from the page.
 *
 * Buffers return in the order in which they were posted, and all are always in
 * the ring. So a slot always has the same page.
 */
#include <string.h>

#include "common/base/probe.h"
#include "common/host/tap.h"
#include "conn_internal.h"
#include "grx.h"
#include "rss.h"

/* Returns the page that is a slot's buffer; the number of pages is a power of two. */
static unsigned int grx_page_of(const struct nic_queue *q, unsigned int slot)
{
	return slot & (q->grx_pool.count - 1);
}

/* Adds a packet to the burst. */
static enum drop grx_send_packet(struct nic_queue *q, struct pkt *p)
{
	struct burst *burst = &q->conn->w.net.burst;
	struct nic_send *s = &q->conn->send[burst->n];
	struct iovec *from = s->iov + 1;
	unsigned int n = p->pieces;
	enum drop drop;

	for (unsigned int i = 0; i < p->pieces; i++) {
		const struct pkt_piece *piece = &p->piece[i];

		from[i] = (struct iovec){ pool_page(&q->grx_pool, grx_page_of(q, piece->index)) + piece->offset, piece->len };
	}
	drop = frame_from_pkt(&s->head, p, q->conn->conf.header, s->iov, from, &n);
	if (drop != DROP_NONE)
		return drop;
	s->len = p->len;
	if (capture_on(&q->conn->w.capture)) {
		s->rec = capring_of_pkt(p, DROP_NONE, &s->head.hdr.hdr);
		s->runs = n;
	}
	burst_add(burst, s->iov, n, &s->put);
	return DROP_NONE;
}

/* Posts the pages of n slots again. */
static void grx_repost(struct nic_queue *q, unsigned int slots)
{
	for (unsigned int i = 0; i < slots; i++)
		grx_front_post(&q->grx, q->grx_pool.gref[grx_page_of(q, grx_front_next(&q->grx))]);
}

/* Copies a frame to the capture. Its n runs of iov begin with its header. The
 * headers are the copy that was checked; the backend can still write the rest. */
static void grx_capture(const struct nic_queue *q, const struct capring_record *rec, enum drop drop, const struct iovec *iov, unsigned int n)
{
	struct capring_record r = *rec;

	r.to_guest = 1;
	r.drop = (uint8_t)drop;
	r.queue = (uint16_t)q->index;
	capture_put(q->conn->w.capture.now, &r, iov, n, VNET_HDR_LEN);
}

/* Counts a packet of len bytes, once its fate is known. */
static void grx_count(struct nic_queue *q, enum drop drop, uint32_t len)
{
	if (drop != DROP_NONE) {
		stats_inc(&q->stats, stats_grx_drop(drop));
		probe_drop(q->conn->w.name, "to-guest", drop_name(drop), len);
		return;
	}
	stats_inc(&q->stats, STAT_GRX_PACKETS);
	stats_add(&q->stats, STAT_GRX_BYTES, len);
	worker_count_bytes(&q->conn->w, len);
}

/* Writes the burst, counts the fate of each frame, and posts the pages of its slots again,
 * as nothing reads them any more. */
static void grx_write_burst(struct nic_queue *q, unsigned int slots)
{
	unsigned int n = q->conn->w.net.burst.n;

	port_write(&q->conn->w.net);
	for (unsigned int i = 0; i < n; i++) {
		const struct nic_send *s = &q->conn->send[i];

		enum drop drop = s->put < 0 ? q->conn->w.net.lost : DROP_NONE;

		if (capture_on(&q->conn->w.capture))
			grx_capture(q, &s->rec, drop, s->iov, s->runs);
		grx_count(q, drop, s->len);
	}
	grx_repost(q, slots);
}

/* Adds one packet to the burst, or counts why it is dropped. */
static void grx_handle_packet(struct nic_queue *q, struct pkt *p)
{
	enum drop drop = p->drop;

	if (drop == DROP_NONE && p->hashed)
		drop = nic_rss_check(q, p);
	if (drop == DROP_NONE)
		drop = grx_send_packet(q, p);
	if (drop == DROP_NONE)
		return;
	if (capture_on(&q->conn->w.capture)) {
		const struct capring_record rec = capring_of_pkt(p, drop, NULL);

		grx_capture(q, &rec, drop, NULL, 0);
	}
	grx_count(q, drop, p->len);
}

unsigned int nic_grx_run(struct nic_queue *q)
{
	enum pkt_layout layout = q->conn->conf.peer.header ? PKT_HEADED : PKT_PLAIN;
	int ready = grx_front_begin(&q->grx);
	unsigned int n = 0, slots = 0, taken = 0;
	uint16_t first;
	UNINITIALISED struct pkt p;

	if (ready <= 0) {
		if (ready < 0)
			worker_fault(&q->conn->w, "grx responses out of range");
		return 0;
	}
	if (capture_on(&q->conn->w.capture))
		capture_run(q->conn->w.capture.now);
	while (slots < WORKER_RUN_SLOTS && q->conn->segments < WORKER_RUN_SEGMENTS &&
	       pkt_from_grx(&q->grx, layout, &p, &first) != PKT_NONE) {
		grx_handle_packet(q, &p);
		q->conn->segments += pkt_segments(&p);
		slots += p.slots;
		taken += p.slots;
		n++;
		if (burst_has_room(&q->conn->w.net.burst))
			continue;
		grx_write_burst(q, taken);
		taken = 0;
	}
	grx_write_burst(q, taken);
	if (grx_front_push(&q->grx))
		worker_notify(&q->conn->w, q->grx_doorbell);
	nic_queue_show(q);
	return n;
}
