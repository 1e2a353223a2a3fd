/* SPDX-License-Identifier: MIT */
/* ring.c - the slots of gtx and grx: copied out once, answered in order */
#include <errno.h>
#include <string.h>

#include "ring.h"
#include "ring_internal.h"

static uint32_t ring_slot_of(uint32_t idx)
{
	return idx & (RING_SLOTS - 1);
}

static void *ring_gtx_entry(struct shring *sh, uint32_t idx)
{
	return (char *)sh + offsetof(struct netif_tx_sring, ring) +
	       ring_slot_of(idx) * sizeof(union netif_tx_sring_entry);
}

static void *ring_grx_entry(struct shring *sh, uint32_t idx)
{
	return (char *)sh + offsetof(struct netif_rx_sring, ring) +
	       ring_slot_of(idx) * sizeof(union netif_rx_sring_entry);
}

/* --- backend ends ------------------------------------------------------- */

int gtx_back_attach(struct gtx_back *b, void *page)
{
	memset(b, 0, sizeof(*b));
	return ring_back_attach(&b->r, page, RING_SLOTS);
}

int grx_back_attach(struct grx_back *b, void *page)
{
	memset(b, 0, sizeof(*b));
	return ring_back_attach(&b->r, page, RING_SLOTS);
}

int gtx_back_begin(struct gtx_back *b)
{
	return ring_back_begin(&b->r);
}

int grx_back_begin(struct grx_back *b)
{
	return ring_back_begin(&b->r);
}

bool gtx_back_take(struct gtx_back *b, struct gtx_slot *out)
{
	uint32_t idx = b->r.req_cons;
	struct netif_tx_request req;

	if (idx == b->r.req_snap)
		return false;
	ring_read(&req, ring_gtx_entry(b->r.sh, idx), 3);
	*out = (struct gtx_slot){ .gref = gref_of(req.gref), .offset = req.offset,
				  .flags = req.flags, .id = req.id, .size = req.size };
	b->id[ring_slot_of(idx)] = req.id;
	b->extra[ring_slot_of(idx)] = false;
	b->r.req_cons++;
	return true;
}

bool gtx_back_take_extra(struct gtx_back *b, struct netif_extra_info *out)
{
	uint32_t idx = b->r.req_cons;

	if (idx == b->r.req_snap)
		return false;
	ring_read(out, ring_gtx_entry(b->r.sh, idx), 2);
	b->id[ring_slot_of(idx)] = 0;
	b->extra[ring_slot_of(idx)] = true;
	b->r.req_cons++;
	return true;
}

bool grx_back_take(struct grx_back *b, struct gref *out)
{
	uint32_t idx = b->r.req_cons;
	struct netif_rx_request req;

	if (idx == b->r.req_snap)
		return false;
	ring_read(&req, ring_grx_entry(b->r.sh, idx), 2);
	*out = gref_of(req.gref);
	b->id[ring_slot_of(idx)] = req.id;
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
		bool extra = b->extra[ring_slot_of(idx)];
		struct netif_tx_response rsp = {
			.id = b->id[ring_slot_of(idx)],
			.status = extra ? NETIF_RSP_NULL : status,
		};

		assert(idx != b->r.req_cons);
		ring_write(ring_gtx_entry(b->r.sh, idx), &rsp, 1);
	}
}

void grx_back_reply(struct grx_back *b, uint16_t offset, uint16_t flags, int16_t status)
{
	uint32_t idx = b->r.rsp_pvt++;
	struct netif_rx_response rsp = { .id = b->id[ring_slot_of(idx)], .offset = offset,
					 .flags = flags, .status = status };

	assert(idx != b->r.req_cons);
	ring_write(ring_grx_entry(b->r.sh, idx), &rsp, 2);
}

void grx_back_reply_extra(struct grx_back *b, const struct netif_extra_info *extra)
{
	uint32_t idx = b->r.rsp_pvt++;

	assert(idx != b->r.req_cons);
	ring_write(ring_grx_entry(b->r.sh, idx), extra, 2);
}

bool gtx_back_push(struct gtx_back *b)
{
	return ring_back_push(&b->r);
}

bool grx_back_push(struct grx_back *b)
{
	return ring_back_push(&b->r);
}

bool gtx_back_rearm(struct gtx_back *b)
{
	return ring_back_rearm(&b->r, 1);
}

bool grx_back_rearm(struct grx_back *b, unsigned int want)
{
	return ring_back_rearm(&b->r, want);
}

/* --- frontend ends ------------------------------------------------------ */

void gtx_front_init(struct gtx_front *f, void *page)
{
	memset(f, 0, sizeof(*f));
	ring_front_init(&f->r, page, RING_SLOTS);
}

void grx_front_init(struct grx_front *f, void *page)
{
	memset(f, 0, sizeof(*f));
	ring_front_init(&f->r, page, RING_SLOTS);
}

int gtx_front_begin(struct gtx_front *f)
{
	return ring_front_begin(&f->r);
}

int grx_front_begin(struct grx_front *f)
{
	return ring_front_begin(&f->r);
}

unsigned int gtx_front_free(const struct gtx_front *f)
{
	return ring_front_free(&f->r);
}

unsigned int grx_front_free(const struct grx_front *f)
{
	return ring_front_free(&f->r);
}

void gtx_front_post(struct gtx_front *f, const struct gtx_slot *slot)
{
	struct netif_tx_request req = { .gref = slot->gref.raw, .offset = slot->offset,
					.flags = slot->flags, .id = slot->id, .size = slot->size };

	assert(gtx_front_free(f) > 0 && slot->id < RING_SLOTS && !f->pending[slot->id]);
	f->pending[slot->id] = true;
	ring_write(ring_gtx_entry(f->r.sh, f->r.req_pvt++), &req, 3);
}

void gtx_front_post_extra(struct gtx_front *f, const struct netif_extra_info *extra)
{
	struct netif_tx_request req = { 0 };

	assert(gtx_front_free(f) > 0);
	memcpy(&req, extra, sizeof(*extra));	/* the unused bytes are 0 */
	f->extras++;
	ring_write(ring_gtx_entry(f->r.sh, f->r.req_pvt++), &req, 3);
}

uint16_t grx_front_next(const struct grx_front *f)
{
	return (uint16_t)ring_slot_of(f->r.req_pvt);
}

uint16_t grx_front_post(struct grx_front *f, struct gref gref)
{
	uint16_t id = grx_front_next(f);
	struct netif_rx_request req = { .id = id, .gref = gref.raw };

	assert(grx_front_free(f) > 0);
	ring_write(ring_grx_entry(f->r.sh, f->r.req_pvt++), &req, 2);
	return id;
}

int gtx_front_take(struct gtx_front *f, uint16_t *id, int16_t *status)
{
	while (f->r.rsp_cons != f->r.rsp_snap) {
		struct netif_tx_response untrusted_rsp;

		ring_read(&untrusted_rsp, ring_gtx_entry(f->r.sh, f->r.rsp_cons), 1);
		f->r.rsp_cons++;
		/* The response to an extra has no id, as an extra has none. */
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
	ring_read(&rsp, ring_grx_entry(f->r.sh, idx), 2);
	*out = (struct grx_slot){ .index = (uint16_t)ring_slot_of(idx), .id = rsp.id, .offset = rsp.offset,
				  .flags = rsp.flags, .status = rsp.status };
	f->r.rsp_cons++;
	return true;
}

bool grx_front_take_extra(struct grx_front *f, struct netif_extra_info *out)
{
	uint32_t idx = f->r.rsp_cons;

	if (idx == f->r.rsp_snap)
		return false;
	ring_read(out, ring_grx_entry(f->r.sh, idx), 2);
	f->r.rsp_cons++;
	return true;
}

bool gtx_front_push(struct gtx_front *f)
{
	return ring_front_push(&f->r);
}

bool grx_front_push(struct grx_front *f)
{
	return ring_front_push(&f->r);
}

bool gtx_front_rearm(struct gtx_front *f, unsigned int ahead)
{
	return ring_front_rearm(&f->r, ahead);
}

bool grx_front_rearm(struct grx_front *f, unsigned int ahead)
{
	return ring_front_rearm(&f->r, ahead);
}

/* --- for others to look at --------------------------------------------- */

void ring_show_back(const struct ring_back *r, struct ring_position *at)
{
	positions_put_ring(at, r->req_snap, r->rsp_pub, r->req_cons);
}

void ring_show_front(const struct ring_front *r, struct ring_position *at)
{
	positions_put_ring(at, r->req_pub, r->rsp_snap, r->rsp_cons);
}
