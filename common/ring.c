/* SPDX-License-Identifier: MIT */
/* ring.c - index arithmetic and slot copies; the only code that knows the page's layout
 *
 * Theory of operation. Each end keeps its own indices in private memory and
 * never reads back what it wrote to the page. The peer's index is loaded once a
 * begin, checked against what can be outstanding, and kept as the snapshot.
 * Slots are copied word by word through shm_load(), so a peer that rewrites a
 * slot meanwhile gives us one value per word, whichever, and never two.
 */
#include <errno.h>
#include <string.h>

#include "ring.h"
#include "shm.h"

struct shring {
	union {
		struct netif_tx_sring gtx;
		struct netif_rx_sring grx;
	};
};

static_assert(offsetof(struct netif_tx_sring, req_prod) == offsetof(struct netif_rx_sring, req_prod) &&
	      offsetof(struct netif_tx_sring, req_event) == offsetof(struct netif_rx_sring, req_event) &&
	      offsetof(struct netif_tx_sring, rsp_prod) == offsetof(struct netif_rx_sring, rsp_prod) &&
	      offsetof(struct netif_tx_sring, rsp_event) == offsetof(struct netif_rx_sring, rsp_event),
	      "the index words are the same in every ring");

static uint32_t slot_of(uint32_t idx)
{
	return idx & (RING_SLOTS - 1);
}

/* Copies words of a slot out of, or into, the page: one access each. */
static void words_read(void *dst, const void *slot, unsigned int words)
{
	const uint32_t *from = slot;
	uint32_t to[3];

	for (unsigned int i = 0; i < words; i++)
		to[i] = shm_load(&from[i]);
	memcpy(dst, to, words * 4);
}

static void words_write(void *slot, const void *src, unsigned int words)
{
	uint32_t *to = slot;
	uint32_t from[3];

	memcpy(from, src, words * 4);
	for (unsigned int i = 0; i < words; i++)
		shm_store(&to[i], from[i]);
}

static void *gtx_entry(struct shring *sh, uint32_t idx)
{
	return (char *)sh + offsetof(struct netif_tx_sring, ring) +
	       slot_of(idx) * sizeof(union netif_tx_sring_entry);
}

static void *grx_entry(struct shring *sh, uint32_t idx)
{
	return (char *)sh + offsetof(struct netif_rx_sring, ring) +
	       slot_of(idx) * sizeof(union netif_rx_sring_entry);
}

/* --- backend ends ------------------------------------------------------- */

static int back_attach(struct ring_back *r, void *page)
{
	struct shring *sh = page;
	uint32_t rsp = shm_load(&sh->gtx.rsp_prod);
	uint32_t req = shm_load_acquire(&sh->gtx.req_prod);	/* A */

	if (req - rsp > RING_SLOTS)
		return -EPROTO;
	*r = (struct ring_back){ .sh = sh, .req_cons = rsp, .req_snap = rsp,
				 .rsp_pvt = rsp, .rsp_pub = rsp };
	return 0;
}

static int back_begin(struct ring_back *r)
{
	uint32_t prod = shm_load_acquire(&r->sh->gtx.req_prod);	/* A */

	/* More than a ring beyond our own answers, or behind what was seen:
	 * nothing in the page can be believed any more. */
	if (prod - r->rsp_pvt > RING_SLOTS || prod - r->req_cons > RING_SLOTS)
		return -EPROTO;
	r->req_snap = prod;
	return (int)(prod - r->req_cons);
}

static bool back_push(struct ring_back *r)
{
	uint32_t old = r->rsp_pub, new = r->rsp_pvt, event;

	if (old == new)
		return false;
	shm_store_release(&r->sh->gtx.rsp_prod, new);		/* B */
	r->rsp_pub = new;
	shm_fence();						/* D */
	event = shm_load(&r->sh->gtx.rsp_event);
	return new - event < new - old;
}

static bool back_rearm(struct ring_back *r, unsigned int want)
{
	shm_store(&r->sh->gtx.req_event, r->req_cons + want);
	shm_fence();						/* C */
	return shm_load_acquire(&r->sh->gtx.req_prod) - r->req_cons >= want;
}

int gtx_back_attach(struct gtx_back *b, void *page)
{
	memset(b, 0, sizeof(*b));
	return back_attach(&b->r, page);
}

int grx_back_attach(struct grx_back *b, void *page)
{
	memset(b, 0, sizeof(*b));
	return back_attach(&b->r, page);
}

int gtx_back_begin(struct gtx_back *b)
{
	return back_begin(&b->r);
}

int grx_back_begin(struct grx_back *b)
{
	return back_begin(&b->r);
}

bool gtx_back_take(struct gtx_back *b, struct gtx_slot *out)
{
	uint32_t idx = b->r.req_cons;
	struct netif_tx_request req;

	if (idx == b->r.req_snap)
		return false;
	words_read(&req, gtx_entry(b->r.sh, idx), 3);
	*out = (struct gtx_slot){ .gref = gref_of(req.gref), .offset = req.offset,
				  .flags = req.flags, .id = req.id, .size = req.size };
	b->id[slot_of(idx)] = req.id;
	b->extra[slot_of(idx)] = false;
	b->r.req_cons++;
	return true;
}

bool gtx_back_take_extra(struct gtx_back *b, struct netif_extra_info *out)
{
	uint32_t idx = b->r.req_cons;

	if (idx == b->r.req_snap)
		return false;
	words_read(out, gtx_entry(b->r.sh, idx), 2);
	b->id[slot_of(idx)] = 0;
	b->extra[slot_of(idx)] = true;
	b->r.req_cons++;
	return true;
}

bool grx_back_take(struct grx_back *b, struct gref *out)
{
	uint32_t idx = b->r.req_cons;
	struct netif_rx_request req;

	if (idx == b->r.req_snap)
		return false;
	words_read(&req, grx_entry(b->r.sh, idx), 2);
	*out = gref_of(req.gref);
	b->id[slot_of(idx)] = req.id;
	b->r.req_cons++;
	return true;
}

unsigned int grx_back_left(const struct grx_back *b)
{
	return b->r.req_snap - b->r.req_cons;
}

void gtx_back_reply(struct gtx_back *b, unsigned int n, int16_t status)
{
	for (unsigned int i = 0; i < n; i++) {
		uint32_t idx = b->r.rsp_pvt++;
		bool extra = b->extra[slot_of(idx)];
		struct netif_tx_response rsp = {
			.id = b->id[slot_of(idx)],
			.status = extra ? NETIF_RSP_NULL : status,
		};

		assert(idx != b->r.req_cons);
		words_write(gtx_entry(b->r.sh, idx), &rsp, 1);
	}
}

void grx_back_reply(struct grx_back *b, uint16_t offset, uint16_t flags, int16_t status)
{
	uint32_t idx = b->r.rsp_pvt++;
	struct netif_rx_response rsp = { .id = b->id[slot_of(idx)], .offset = offset,
					 .flags = flags, .status = status };

	assert(idx != b->r.req_cons);
	words_write(grx_entry(b->r.sh, idx), &rsp, 2);
}

void grx_back_reply_extra(struct grx_back *b, const struct netif_extra_info *extra)
{
	uint32_t idx = b->r.rsp_pvt++;

	assert(idx != b->r.req_cons);
	words_write(grx_entry(b->r.sh, idx), extra, 2);
}

bool gtx_back_push(struct gtx_back *b)
{
	return back_push(&b->r);
}

bool grx_back_push(struct grx_back *b)
{
	return back_push(&b->r);
}

bool gtx_back_rearm(struct gtx_back *b)
{
	return back_rearm(&b->r, 1);
}

bool grx_back_rearm(struct grx_back *b, unsigned int want)
{
	return back_rearm(&b->r, want);
}

/* --- frontend ends ------------------------------------------------------ */

static void front_init(struct ring_front *r, void *page)
{
	struct shring *sh = page;

	shm_store(&sh->gtx.req_prod, 0);
	shm_store(&sh->gtx.rsp_prod, 0);
	shm_store(&sh->gtx.req_event, 1);
	shm_store(&sh->gtx.rsp_event, 1);
	*r = (struct ring_front){ .sh = sh };
}

static int front_begin(struct ring_front *r)
{
	uint32_t prod = shm_load_acquire(&r->sh->gtx.rsp_prod);	/* B */

	/* Past our own requests, or backwards (XSA-376). */
	if (prod - r->rsp_cons > r->req_pub - r->rsp_cons)
		return -EPROTO;
	r->rsp_snap = prod;
	return (int)(prod - r->rsp_cons);
}

static bool front_push(struct ring_front *r)
{
	uint32_t old = r->req_pub, new = r->req_pvt, event;

	if (old == new)
		return false;
	shm_store_release(&r->sh->gtx.req_prod, new);		/* A */
	r->req_pub = new;
	shm_fence();						/* C */
	event = shm_load(&r->sh->gtx.req_event);
	return new - event < new - old;
}

static bool front_rearm(struct ring_front *r, unsigned int ahead)
{
	shm_store(&r->sh->gtx.rsp_event, r->rsp_cons + ahead);
	shm_fence();						/* D */
	return shm_load_acquire(&r->sh->gtx.rsp_prod) != r->rsp_cons;
}

static unsigned int front_free(const struct ring_front *r)
{
	return RING_SLOTS - (r->req_pvt - r->rsp_cons);
}

void gtx_front_init(struct gtx_front *f, void *page)
{
	memset(f, 0, sizeof(*f));
	front_init(&f->r, page);
}

void grx_front_init(struct grx_front *f, void *page)
{
	memset(f, 0, sizeof(*f));
	front_init(&f->r, page);
}

int gtx_front_begin(struct gtx_front *f)
{
	return front_begin(&f->r);
}

int grx_front_begin(struct grx_front *f)
{
	return front_begin(&f->r);
}

unsigned int gtx_front_free(const struct gtx_front *f)
{
	return front_free(&f->r);
}

unsigned int grx_front_free(const struct grx_front *f)
{
	return front_free(&f->r);
}

void gtx_front_post(struct gtx_front *f, const struct gtx_slot *slot)
{
	struct netif_tx_request req = { .gref = slot->gref.raw, .offset = slot->offset,
					.flags = slot->flags, .id = slot->id, .size = slot->size };

	assert(gtx_front_free(f) > 0 && slot->id < RING_SLOTS && !f->pending[slot->id]);
	f->pending[slot->id] = true;
	words_write(gtx_entry(f->r.sh, f->r.req_pvt++), &req, 3);
}

void gtx_front_post_extra(struct gtx_front *f, const struct netif_extra_info *extra)
{
	struct netif_tx_request req = { 0 };

	assert(gtx_front_free(f) > 0);
	memcpy(&req, extra, sizeof(*extra));	/* the unused tail goes out as zeroes */
	f->extras++;
	words_write(gtx_entry(f->r.sh, f->r.req_pvt++), &req, 3);
}

uint16_t grx_front_next(const struct grx_front *f)
{
	return (uint16_t)slot_of(f->r.req_pvt);
}

uint16_t grx_front_post(struct grx_front *f, struct gref gref)
{
	uint16_t id = grx_front_next(f);
	struct netif_rx_request req = { .id = id, .gref = gref.raw };

	assert(grx_front_free(f) > 0);
	words_write(grx_entry(f->r.sh, f->r.req_pvt++), &req, 2);
	return id;
}

int gtx_front_take(struct gtx_front *f, uint16_t *id, int16_t *status)
{
	while (f->r.rsp_cons != f->r.rsp_snap) {
		struct netif_tx_response untrusted_rsp;

		words_read(&untrusted_rsp, gtx_entry(f->r.sh, f->r.rsp_cons), 1);
		f->r.rsp_cons++;
		/* An extra's answer has no id: the backend never saw one. */
		if (untrusted_rsp.status == NETIF_RSP_NULL) {
			if (f->extras == 0)
				return -EPROTO;
			f->extras--;
			continue;
		}
		if (untrusted_rsp.id >= RING_SLOTS || !f->pending[untrusted_rsp.id])
			return -EPROTO;
		f->pending[untrusted_rsp.id] = false;
		*id = untrusted_rsp.id;
		*status = untrusted_rsp.status;
		return 1;
	}
	return 0;
}

bool grx_front_take(struct grx_front *f, struct grx_slot *out)
{
	uint32_t idx = f->r.rsp_cons;
	struct netif_rx_response rsp;

	if (idx == f->r.rsp_snap)
		return false;
	words_read(&rsp, grx_entry(f->r.sh, idx), 2);
	*out = (struct grx_slot){ .index = (uint16_t)slot_of(idx), .id = rsp.id, .offset = rsp.offset,
				  .flags = rsp.flags, .status = rsp.status };
	f->r.rsp_cons++;
	return true;
}

bool grx_front_take_extra(struct grx_front *f, struct netif_extra_info *out)
{
	uint32_t idx = f->r.rsp_cons;

	if (idx == f->r.rsp_snap)
		return false;
	words_read(out, grx_entry(f->r.sh, idx), 2);
	f->r.rsp_cons++;
	return true;
}

bool gtx_front_push(struct gtx_front *f)
{
	return front_push(&f->r);
}

bool grx_front_push(struct grx_front *f)
{
	return front_push(&f->r);
}

bool gtx_front_rearm(struct gtx_front *f, unsigned int ahead)
{
	return front_rearm(&f->r, ahead);
}

bool grx_front_rearm(struct grx_front *f, unsigned int ahead)
{
	return front_rearm(&f->r, ahead);
}
