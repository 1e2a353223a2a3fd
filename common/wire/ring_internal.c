/* SPDX-License-Identifier: MIT */
/* ring_internal.c - the index arithmetic that every ring shares; barrier pairs as in shm.h */
#include <errno.h>

#include "ring_internal.h"

static_assert(offsetof(struct netif_tx_sring, req_prod) == offsetof(struct netif_rx_sring, req_prod) &&
	      offsetof(struct netif_tx_sring, req_event) == offsetof(struct netif_rx_sring, req_event) &&
	      offsetof(struct netif_tx_sring, rsp_prod) == offsetof(struct netif_rx_sring, rsp_prod) &&
	      offsetof(struct netif_tx_sring, rsp_event) == offsetof(struct netif_rx_sring, rsp_event),
	      "the index words are the same in every ring");
static_assert(offsetof(struct xen_netif_ctrl_sring, rsp_event) == offsetof(struct netif_tx_sring, rsp_event),
	      "and in the control ring");

int ring_back_attach(struct ring_back *r, void *page, uint32_t slots)
{
	struct shring *sh = page;
	uint32_t rsp = shm_load(&sh->gtx.rsp_prod);
	uint32_t req = shm_load_acquire(&sh->gtx.req_prod);	/* A */

	if (req - rsp > slots)
		return -EPROTO;
	*r = (struct ring_back){ .sh = sh, .slots = slots, .req_cons = rsp, .req_snap = rsp,
				 .rsp_pvt = rsp, .rsp_pub = rsp };
	return 0;
}

int ring_back_begin(struct ring_back *r)
{
	uint32_t prod = shm_load_acquire(&r->sh->gtx.req_prod);	/* A */

	/* The index is more than a ring ahead of our responses, or behind the last
	 * snapshot: nothing in the page is reliable any more. */
	if (prod - r->rsp_pvt > r->slots || prod - r->req_cons > r->slots)
		return -EPROTO;
	r->req_snap = prod;
	return (int)(prod - r->req_cons);
}

bool ring_back_push(struct ring_back *r)
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

bool ring_back_rearm(struct ring_back *r, unsigned int want)
{
	shm_store(&r->sh->gtx.req_event, r->req_cons + want);
	shm_fence();						/* C */
	return shm_load_acquire(&r->sh->gtx.req_prod) - r->req_cons >= want;
}

void ring_front_init(struct ring_front *r, void *page, uint32_t slots)
{
	struct shring *sh = page;

	shm_store(&sh->gtx.req_prod, 0);
	shm_store(&sh->gtx.rsp_prod, 0);
	shm_store(&sh->gtx.req_event, 1);
	shm_store(&sh->gtx.rsp_event, 1);
	*r = (struct ring_front){ .sh = sh, .slots = slots };
}

int ring_front_begin(struct ring_front *r)
{
	uint32_t prod = shm_load_acquire(&r->sh->gtx.rsp_prod);	/* B */

	/* The index is past our own requests, or went backwards (XSA-376). */
	if (prod - r->rsp_cons > r->req_pub - r->rsp_cons)
		return -EPROTO;
	r->rsp_snap = prod;
	return (int)(prod - r->rsp_cons);
}

bool ring_front_push(struct ring_front *r)
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

bool ring_front_rearm(struct ring_front *r, unsigned int ahead)
{
	shm_store(&r->sh->gtx.rsp_event, r->rsp_cons + ahead);
	shm_fence();						/* D */
	return shm_load_acquire(&r->sh->gtx.rsp_prod) != r->rsp_cons;
}

unsigned int ring_front_free(const struct ring_front *r)
{
	return r->slots - (r->req_pvt - r->rsp_cons);
}
