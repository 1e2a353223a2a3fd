/* SPDX-License-Identifier: MIT */
/* grx.c - guest receive: ring -> TAP, from the granted pages
 *
 * The headers are copied out of the page before they are parsed, and the copy
 * is what is sent on: so the backend, which can still write the page, cannot
 * change what was checked. The payload goes from the page as it is.
 *
 * Buffers come back in the order they were posted and all are always in the
 * ring, so the page for a slot is for ever the slot's own.
 */
#include <errno.h>
#include <string.h>

#include "../common/tap.h"
#include "link.h"

/* The page that a slot's buffer is: their count is a power of two. */
static unsigned int page_of(const struct nic_queue *q, unsigned int slot)
{
	return slot & (q->grx_pool.count - 1);
}

/* Adds a packet to the burst; STAT_MAX, or the counter of why not. */
static enum stat send_packet(struct nic_queue *q, const struct pkt *p)
{
	struct burst *burst = &q->link->w.burst;
	struct nic_send *s = &q->link->send[burst->n];
	struct iovec *from = s->iov + 1;
	unsigned int n = p->pieces;

	for (unsigned int i = 0; i < p->pieces; i++) {
		const struct pkt_piece *piece = &p->piece[i];

		from[i] = (struct iovec){ pool_page(&q->grx_pool, page_of(q, piece->index)) + piece->offset, piece->len };
	}
	switch (vnet_gather(&s->head, p, s->iov, from, &n)) {
	case VNET_OK:
		break;
	case VNET_BAD_CSUM:
		return STAT_GRX_DROP_CSUM;
	case VNET_BAD_GSO:
		return STAT_GRX_DROP_GSO;
	}
	s->len = p->len;
	burst_add(burst, s->iov, n, &s->put);
	return STAT_MAX;
}

/* Posts the pages of so many slots again. */
static void repost(struct nic_queue *q, unsigned int slots)
{
	for (unsigned int i = 0; i < slots; i++)
		grx_front_post(&q->grx, q->grx_pool.gref[page_of(q, grx_front_next(&q->grx))]);
}

/* Writes the burst out, counts what became of it, and posts again the pages of
 * the slots that were taken for it: nobody reads them any more. */
static void write_burst(struct nic_queue *q, unsigned int slots)
{
	struct worker *w = &q->link->w;
	unsigned int n = w->burst.n;

	burst_write(&w->burst);
	for (unsigned int i = 0; i < n; i++) {
		const struct nic_send *s = &q->link->send[i];

		if (s->put < 0) {
			stats_inc(&q->stats, STAT_GRX_DROP_TAP);
			continue;
		}
		stats_inc(&q->stats, STAT_GRX_PACKETS);
		stats_add(&q->stats, STAT_GRX_BYTES, s->len);
		worker_moved(w, s->len);
	}
	repost(q, slots);
}

static enum pkt_verdict take_hash(struct nic_queue *q, struct pkt *p)
{
	enum stat told = nic_rss_take(q, p);

	if (told == STAT_GRX_DROP_EXTRA) {
		p->cause = told;
		return PKT_DROP;
	}
	stats_inc(&q->stats, told);
	return PKT_OK;
}

/* Deals with one packet, up to its turn in a burst. */
static void take_packet(struct nic_queue *q, struct pkt *p, enum pkt_verdict verdict)
{
	enum stat drop;

	if (verdict == PKT_OK && p->hashed)
		verdict = take_hash(q, p);
	drop = verdict == PKT_OK ? send_packet(q, p) : p->cause;
	if (drop != STAT_MAX)
		stats_inc(&q->stats, drop);
}

unsigned int nic_grx_run(struct nic_queue *q)
{
	int ready = grx_front_begin(&q->grx);
	unsigned int n = 0, slots = 0, taken = 0;
	enum pkt_verdict verdict;
	uint16_t first;
	UNINITIALISED struct pkt p;

	if (ready <= 0) {
		if (ready < 0)
			worker_fault(&q->link->w, "grx responses out of range");
		return 0;
	}
	while (slots < WORKER_RUN_SLOTS && q->link->segments < WORKER_RUN_SEGMENTS &&
	       (verdict = pkt_from_grx(&q->grx, &p, &first)) != PKT_NONE) {
		take_packet(q, &p, verdict);
		q->link->segments += pkt_segments(&p);
		slots += p.slots;
		taken += p.slots;
		n++;
		if (burst_has_room(&q->link->w.burst))
			continue;
		write_burst(q, taken);
		taken = 0;
	}
	write_burst(q, taken);
	if (grx_front_push(&q->grx))
		worker_notify(&q->link->w, q->grx_bell);
	return n;
}
