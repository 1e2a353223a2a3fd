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

static enum stat send_packet(struct nic_queue *q, const struct pkt *p)
{
	struct iovec from[PKT_SLOTS_FATAL], iov[1 + PKT_SLOTS_FATAL];
	struct vnet_head head;
	unsigned int n;

	for (unsigned int i = 0; i < p->pieces; i++) {
		const struct pkt_piece *piece = &p->piece[i];

		from[i] = (struct iovec){ pool_page(&q->grx_pool, page_of(q, piece->index)) + piece->offset, piece->len };
	}
	n = vnet_gather(&head, iov, from, p->pieces);
	memset(&head.hdr, 0, sizeof(head.hdr));
	switch (vnet_from_pkt(&head.hdr.hdr, p, head.bytes, iov[0].iov_len - VNET_HDR_LEN)) {
	case VNET_OK:
		break;
	case VNET_BAD_CSUM:
		return STAT_GRX_DROP_CSUM;
	case VNET_BAD_GSO:
		return STAT_GRX_DROP_GSO;
	}
	if (tap_write(q->link->w.tap_fd, iov, n) < 0)
		return STAT_GRX_DROP_TAP;
	stats_add(&q->stats, STAT_GRX_BYTES, p->len);
	worker_moved(&q->link->w, p->len);
	return STAT_GRX_PACKETS;
}

/* Posts the pages of the packet's slots again. */
static void repost(struct nic_queue *q, unsigned int slots)
{
	for (unsigned int i = 0; i < slots; i++)
		grx_front_post(&q->grx, q->grx_pool.gref[page_of(q, grx_front_next(&q->grx))]);
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

unsigned int nic_grx_run(struct nic_queue *q)
{
	int ready = grx_front_begin(&q->grx);
	unsigned int n = 0, slots = 0;
	enum pkt_verdict verdict;
	uint16_t first;
	struct pkt p;

	if (ready <= 0) {
		if (ready < 0)
			worker_fault(&q->link->w, "grx responses out of range");
		return 0;
	}
	while (slots < WORKER_RUN_SLOTS && (verdict = pkt_from_grx(&q->grx, &p, &first)) != PKT_NONE) {
		if (verdict == PKT_OK && p.hashed)
			verdict = take_hash(q, &p);
		stats_inc(&q->stats, verdict == PKT_OK ? send_packet(q, &p) : p.cause);
		repost(q, p.slots);
		slots += p.slots;
		n++;
	}
	if (grx_front_push(&q->grx))
		worker_notify(&q->link->w, q->grx_bell);
	return n;
}
