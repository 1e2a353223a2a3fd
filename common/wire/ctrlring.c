/* SPDX-License-Identifier: MIT */
/* ctrlring.c - the slots of the control ring */
#include "ctrlring.h"
#include "ring_internal.h"

static_assert(sizeof(struct xen_netif_ctrl_request) == 16, "control request");
static_assert(sizeof(struct xen_netif_ctrl_response) == 12, "control response");
static_assert(offsetof(struct xen_netif_ctrl_sring, ring) == 64, "control slots");
static_assert(sizeof(union xen_netif_ctrl_sring_entry) * CTRL_SLOTS <= XEN_PAGE - 64, "control fits");

static void *ctrlring_entry(struct shring *sh, uint32_t idx)
{
	return (char *)sh + offsetof(struct xen_netif_ctrl_sring, ring) +
	       (idx & (CTRL_SLOTS - 1)) * sizeof(union xen_netif_ctrl_sring_entry);
}

int ctrl_back_attach(struct ctrl_back *b, void *page)
{
	return ring_back_attach(&b->r, page, CTRL_SLOTS);
}

int ctrl_back_begin(struct ctrl_back *b)
{
	return ring_back_begin(&b->r);
}

bool ctrl_back_take(struct ctrl_back *b, struct xen_netif_ctrl_request *out)
{
	if (b->r.req_cons == b->r.req_snap)
		return false;
	ring_read(out, ctrlring_entry(b->r.sh, b->r.req_cons++), 4);
	return true;
}

void ctrl_back_reply(struct ctrl_back *b, const struct xen_netif_ctrl_response *rsp)
{
	assert(b->r.rsp_pvt != b->r.req_cons);
	ring_write(ctrlring_entry(b->r.sh, b->r.rsp_pvt++), rsp, 3);
}

bool ctrl_back_push(struct ctrl_back *b)
{
	return ring_back_push(&b->r);
}

bool ctrl_back_rearm(struct ctrl_back *b)
{
	return ring_back_rearm(&b->r, 1);
}

void ctrl_front_init(struct ctrl_front *f, void *page)
{
	ring_front_init(&f->r, page, CTRL_SLOTS);
}

int ctrl_front_begin(struct ctrl_front *f)
{
	return ring_front_begin(&f->r);
}

void ctrl_front_post(struct ctrl_front *f, const struct xen_netif_ctrl_request *req)
{
	assert(ring_front_free(&f->r) > 0);
	ring_write(ctrlring_entry(f->r.sh, f->r.req_pvt++), req, 4);
}

bool ctrl_front_take(struct ctrl_front *f, struct xen_netif_ctrl_response *out)
{
	if (f->r.rsp_cons == f->r.rsp_snap)
		return false;
	ring_read(out, ctrlring_entry(f->r.sh, f->r.rsp_cons++), 3);
	return true;
}

bool ctrl_front_push(struct ctrl_front *f)
{
	return ring_front_push(&f->r);
}

bool ctrl_front_rearm(struct ctrl_front *f)
{
	return ring_front_rearm(&f->r, 1);
}
