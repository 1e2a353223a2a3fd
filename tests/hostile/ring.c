/* SPDX-License-Identifier: MIT */
/* ring.c - the scripted frontend's rings, written raw, and what may not change */
#include <poll.h>
#include <string.h>

#include "front.h"

#define PATTERN 0xa5
/* Where the slots of the rings end, in bytes. */
#define GTX_END (64u + SLOTS * 12u)
#define GRX_END (64u + SLOTS * 8u)
#define CTRL_END (64u + 128u * 16u)

/* The frame that always passes, and the ARP request, each in a page of its own. */
#define PAGE_GOOD 1u
#define PAGE_ARP 2u

static void format(void *page, size_t end, uint32_t start)
{
	uint32_t *word = page;

	memset(page, PATTERN, PAGE);
	memset((uint8_t *)page + 64, 0, end - 64);
	word[0] = start;	/* req_prod */
	word[1] = start + 1;	/* req_event */
	word[2] = start;	/* rsp_prod */
	word[3] = start + 1;	/* rsp_event */
}

static void queue_format(struct front *f)
{
	format(f->gtx, GTX_END, f->c->gtx_start);
	format(f->grx, GRX_END, f->c->grx_start);
	f->g = (struct ring_end){ f->c->gtx_start, f->c->gtx_start };
	f->r = (struct ring_end){ f->c->grx_start, f->c->grx_start };
	for (unsigned int i = 0; i < SLOTS; i++)
		f->page[i] = -1;
}

void rings_format(struct front *f)
{
	queue_format(f);
	front_swap(f);
	queue_format(f);
	front_swap(f);
	format(f->ctrl, CTRL_END, 0);
	memset(f->mask, 0, PAGE);
	f->m = (struct ring_end){ 0, 0 };
	f->sent = 0;
	f->next_id = 0;
}

void bit_set(struct front *f, uint64_t bit)
{
	if (f->c->mask)
		__atomic_fetch_or(&f->mask[TO_BACKEND], bit, __ATOMIC_SEQ_CST);
}

/* Signals the backend. A signal that is not needed does no harm. With a mask one channel serves all rings. */
static void kick(struct front *f, uint64_t bit)
{
	bit_set(f, bit);
	xenevtchn_notify(f->evt, f->c->mask && f->nth ? f->other.port : f->port);
}

uint32_t ref_of(struct front *f, enum ref r)
{
	const uint32_t refs[REF_MAX] = {
		[REF_DATA] = f->data_ref[0], [REF_ZERO] = 0, [REF_HUGE] = UINT32_MAX, [REF_BEYOND] = 1u << 20,
		[REF_FOREIGN] = f->foreign_ref, [REF_ENDED] = f->ended_ref, [REF_RING] = f->gtx_ref,
		[REF_BUF] = f->buf_ref[NBUF - 1],
	};

	return refs[r];
}

void slot_put(struct front *f, uint32_t gref, uint16_t offset, uint16_t flags, uint16_t id, uint16_t size)
{
	uint32_t at = f->g.req++ % SLOTS;

	f->gtx->ring[at].req = (netif_tx_request_t){
		.gref = gref, .offset = offset, .flags = flags, .id = id, .size = size };
	f->id[at] = id;
	f->is_extra[at] = false;
}

void extra_put(struct front *f, const uint8_t *x)
{
	uint32_t at = f->g.req++ % SLOTS;

	memset(&f->gtx->ring[at], 0, sizeof(f->gtx->ring[at]));
	memcpy(&f->gtx->ring[at], x, 8);
	f->is_extra[at] = true;
}

void chain_put(struct front *f, const struct slot *s)
{
	for (; s->kind != SLOT_END; s++) {
		for (uint16_t i = 0; i < s->n; i++) {
			if (s->kind == SLOT_EXTRA)
				extra_put(f, s->x);
			else
				slot_put(f, ref_of(f, s->ref), (uint16_t)(s->offset + i * s->step), s->flags,
					 f->next_id++, s->size);
		}
	}
}

void gtx_push(struct front *f)
{
	__atomic_store_n(&f->gtx->req_prod, f->g.req, __ATOMIC_RELEASE);
	kick(f, GTX_BIT(f));
}

void grx_push(struct front *f)
{
	__atomic_store_n(&f->grx->req_prod, f->r.req, __ATOMIC_RELEASE);
	kick(f, GRX_BIT(f));
}

void buf_put(struct front *f, uint32_t gref, int page)
{
	uint32_t at = f->r.req++ % SLOTS;

	f->grx->ring[at].req = (netif_rx_request_t){ .id = (uint16_t)at, .gref = gref };
	f->page[at] = (int16_t)page;
}

void bufs_post(struct front *f, unsigned int first, unsigned int n)
{
	for (unsigned int i = first; i < first + n; i++)
		buf_put(f, f->buf_ref[i], (int)i);
	grx_push(f);
}

/* Sleeps on the channel, but not for long: a case may have made the backend
 * signal at the wrong place or not at all. */
static void doze(struct front *f)
{
	struct pollfd p = { .fd = xenevtchn_fd(f->evt), .events = POLLIN };
	xenevtchn_port_or_error_t port;

	if (poll(&p, 1, 1) != 1)
		return;
	port = xenevtchn_pending(f->evt);
	if (port >= 0)
		xenevtchn_unmask(f->evt, (evtchn_port_t)port);
}

bool gtx_settle(struct front *f, unsigned int ms)
{
	uint64_t end = now_us() + ms * 1000ull;

	while (__atomic_load_n(&f->gtx->rsp_prod, __ATOMIC_ACQUIRE) != f->g.req) {
		if (now_us() > end)
			return false;
		doze(f);
	}
	return true;
}

unsigned int grx_wait(struct front *f, unsigned int n, unsigned int ms)
{
	uint64_t end = now_us() + ms * 1000ull;
	uint32_t prod;

	while ((prod = __atomic_load_n(&f->grx->rsp_prod, __ATOMIC_ACQUIRE)) - f->r.rsp < n && now_us() < end)
		doze(f);
	return prod - f->r.rsp;
}

void gtx_check(struct front *f, int16_t status)
{
	if (!gtx_settle(f, WAIT_MS)) {
		trouble(&f->t, "answered are %u of %u slots", f->gtx->rsp_prod - f->g.rsp, f->g.req - f->g.rsp);
		return;
	}
	for (; f->g.rsp != f->g.req; f->g.rsp++) {
		uint32_t at = f->g.rsp % SLOTS;
		netif_tx_response_t rsp = f->gtx->ring[at].rsp;
		int16_t want = f->is_extra[at] ? NETIF_RSP_NULL : status;

		if (rsp.status != want || (!f->is_extra[at] && rsp.id != f->id[at]))
			trouble(&f->t, "slot %u was answered id %u status %d, not id %u status %d", at, rsp.id,
				rsp.status, f->id[at], want);
	}
}

/* Returns where a frame begins in its page. */
static uint16_t first(const struct front *f)
{
	return f->c->header ? HEADER_LEN : 0;
}

void good_put(struct front *f)
{
	slot_put(f, f->data_ref[PAGE_GOOD], first(f), 0, f->next_id++, 60);
	f->sent++;
}

void probe(struct front *f)
{
	f->g.rsp = f->g.req;
	good_put(f);
	gtx_push(f);
	gtx_check(f, NETIF_RSP_OKAY);
}

void arp_put(struct front *f, unsigned int n)
{
	front_wait_host(f);
	for (unsigned int i = 0; i < n; i++) {
		slot_put(f, f->data_ref[PAGE_ARP], first(f), 0, f->next_id++, 60);
		f->sent++;
	}
	gtx_push(f);
}

void arp(struct front *f, unsigned int n)
{
	arp_put(f, n);
	gtx_check(f, NETIF_RSP_OKAY);
}

/* --- guarded memory -------------------------------------------------------- */

void guards_set(struct front *f)
{
	const struct patch *p = f->c->patch;
	uint8_t *data = f->data + first(f);

	memset(f->data, 0, NDATA * PAGE);
	if (f->c->header)
		memcpy(f->data, f->c->header, HEADER_LEN);
	frame_make(data, f->c->frame);
	for (; p && p->at; p++)
		data[p->at] = p->value;
	frame_make(data + PAGE_GOOD * PAGE, FRAME_RAW);
	frame_arp(data + PAGE_ARP * PAGE, f->guest_ip, f->host_ip);
	memcpy(f->guard, f->data, NDATA * PAGE);
	memset(f->buf, PATTERN, NBUF * PAGE);
}

static bool untouched(const uint8_t *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (p[i] != PATTERN)
			return false;
	return true;
}

/* How much of each buffer the responses allow to have been written. */
static void count_allowed(const struct front *f, uint32_t *allowed)
{
	uint32_t answered = f->grx->rsp_prod - f->c->grx_start;
	bool extra = false;

	for (uint32_t i = 0; i < answered && i < SLOTS; i++) {
		uint32_t at = (f->c->grx_start + i) % SLOTS;
		netif_rx_response_t rsp = f->grx->ring[at].rsp;
		uint32_t end = rsp.status < 0 ? PAGE : (uint32_t)rsp.offset + (uint32_t)rsp.status;

		/* The slot of an extra says nothing of its buffer, which stays as it is. */
		if (extra)
			end = 0;
		extra = !extra && (rsp.flags & NETRXF_extra_info);
		if (f->page[at] >= 0 && end > allowed[f->page[at]])
			allowed[f->page[at]] = end;
	}
}

static void check_rings(struct front *f)
{
	if (!untouched((uint8_t *)f->gtx, 16, 64) || !untouched((uint8_t *)f->gtx, GTX_END, PAGE) ||
	    !untouched((uint8_t *)f->grx, 16, 64) || !untouched((uint8_t *)f->grx, GRX_END, PAGE) ||
	    !untouched((uint8_t *)f->ctrl, 16, 64) || !untouched((uint8_t *)f->ctrl, CTRL_END, PAGE))
		trouble(&f->t, "a ring page was written outside its slots");
	if (f->gtx->req_prod != f->g.req || f->grx->req_prod != f->r.req)
		trouble(&f->t, "an index of ours was written");
}

/* Both ends may write the two words. */
static void check_mask(struct front *f)
{
	for (unsigned int i = 0; i < PAGE / sizeof(*f->mask); i++)
		if (i != TO_BACKEND && i != TO_FRONTEND && f->mask[i])
			trouble(&f->t, "word %u of the mask's page was written", i);
}

/* Adds the bytes that this queue's responses and posted buffers allow. */
static void allow(struct front *f, uint32_t *allowed)
{
	count_allowed(f, allowed);
	/* A posted buffer that stays mapped may be in use already. */
	for (uint32_t i = f->r.rsp; f->c->ctrl && i != f->r.req; i++)
		if (f->page[i % SLOTS] >= 0)
			allowed[f->page[i % SLOTS]] = PAGE;
}

void guards_check(struct front *f)
{
	uint32_t allowed[NBUF] = { 0 };
	bool twice = false;

	if (f->c->wild)
		return;
	if (memcmp(f->data, f->guard, NDATA * PAGE) != 0)
		trouble(&f->t, "a page granted read-only was written");
	check_mask(f);
	for (unsigned int i = 0; i < 2; i++) {
		check_rings(f);
		twice |= f->r.req - f->c->grx_start > SLOTS;	/* buffers were posted twice */
		allow(f, allowed);
		front_swap(f);
	}
	if (twice)
		return;
	for (unsigned int i = 0; i < NBUF; i++)
		if (!untouched(f->buf + i * PAGE, allowed[i] < PAGE ? allowed[i] : PAGE, PAGE))
			trouble(&f->t, "buffer %u was written beyond byte %u", i, allowed[i]);
}
