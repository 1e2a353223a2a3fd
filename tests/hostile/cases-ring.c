/* SPDX-License-Identifier: MIT */
/* cases-ring.c - false ring indices and events of a guest: groups 1, 3, 4 */
#include "front.h"

static void publish(netif_tx_sring_t *ring, uint32_t prod)
{
	__atomic_store_n(&ring->req_prod, prod, __ATOMIC_RELEASE);
}

static void gtx_jump(struct front *f, uint32_t by)
{
	probe(f);
	f->g.req += by;
	gtx_push(f);
}

static void gtx_257(struct front *f) { gtx_jump(f, 257); }
static void gtx_half(struct front *f) { gtx_jump(f, 0x80000000u); }
static void gtx_most(struct front *f) { gtx_jump(f, UINT32_MAX - 5u); }
static void gtx_back(struct front *f) { gtx_jump(f, UINT32_MAX); }

/* The backend looks at the grx ring once the host has a frame for us. */
static void grx_jump(struct front *f, uint32_t by)
{
	bufs_post(f, 0, 4);
	arp(f, 1);
	grx_wait(f, 1, WAIT_MS);
	f->r.req += by;
	grx_push(f);
	arp_put(f, 1);
}

static void grx_257(struct front *f) { grx_jump(f, 257); }
static void grx_half(struct front *f) { grx_jump(f, 0x80000000u); }
static void grx_most(struct front *f) { grx_jump(f, UINT32_MAX - 5u); }
static void grx_back(struct front *f) { grx_jump(f, (uint32_t)-4); }

/* The backend may see the fault and the new start in either order. */
static void fault_and_start(struct front *f)
{
	for (int i = 0; i < 12; i++) {
		f->g.req += 1000;
		gtx_push(f);
		front_disconnect(f, false);
		if (*f->t.text || !front_connect(f))
			return;
	}
	probe(f);
}

static void full_ring(struct front *f)
{
	for (uint16_t i = 0; i < SLOTS; i++)
		good_put(f);
	gtx_push(f);
}

/* Adds slots one by one while the backend works on those before. */
static void trickle(void *arg)
{
	struct front *f = arg;

	if (f->g.req - __atomic_load_n(&f->gtx->rsp_prod, __ATOMIC_ACQUIRE) == SLOTS)
		return;
	slot_put(f, f->data_ref[1], 0, 0, f->next_id++, 60);
	__atomic_store_n(&f->gtx->req_prod, f->g.req, __ATOMIC_RELEASE);
}

static void growing(struct front *f)
{
	uint64_t end = now_us() + 30000;

	while (now_us() < end) {
		trickle(f);
		xenevtchn_notify(f->evt, f->port);
	}
}

static void bolt(void *arg)
{
	struct front *f = arg;

	f->g.req += 7;
	publish(f->gtx, f->g.req);
	xenevtchn_notify(f->evt, f->port);
}

/* Runs beyond the time at which the backend has closed. */
static void running_away(struct front *f)
{
	struct again *a = again_start(bolt, f);

	front_wait_refused(f);
	again_stop(a);
}

static void flicker(void *arg)
{
	struct front *f = arg;

	publish(f->gtx, surprise(&f->seed));
}

static void flickering(struct front *f)
{
	struct again *a = again_start(flicker, f);

	for (int i = 0; i < 20; i++) {
		xenevtchn_notify(f->evt, f->port);
		pass_time(1);
	}
	again_stop(a);
	gtx_push(f);
}

static void event_words(struct front *f, uint32_t value)
{
	for (int i = 0; i < 40; i++) {
		f->gtx->rsp_event = f->gtx->req_event = value + (uint32_t)i * 77u;
		f->grx->rsp_event = f->grx->req_event = value + (uint32_t)i * 77u;
		good_put(f);
		gtx_push(f);
		gtx_settle(f, WAIT_MS);
	}
}

static void events_zero(struct front *f) { event_words(f, 0); }
static void events_far(struct front *f) { event_words(f, 0x7fffff00u); }

static void scribble(void *arg)
{
	struct front *f = arg;

	f->gtx->req_event = surprise(&f->seed);
	f->gtx->rsp_event = surprise(&f->seed);
	f->grx->req_event = surprise(&f->seed);
	f->grx->rsp_event = surprise(&f->seed);
}

static void events_scribbled(struct front *f)
{
	struct again *a = again_start(scribble, f);

	for (int i = 0; i < 100; i++) {
		good_put(f);
		gtx_push(f);
		gtx_settle(f, WAIT_MS);
	}
	again_stop(a);
}

/* A guest that never notifies need not be served; one that notifies must be. */
static void never_notifying(struct front *f)
{
	/* The backend's first look, which its own bind caused, is over. */
	probe(f);
	pass_time(5);
	for (int i = 0; i < 8; i++)
		good_put(f);
	publish(f->gtx, f->g.req);
	pass_time(20);
	xenevtchn_notify(f->evt, f->port);
}

static void kick(void *arg)
{
	struct front *f = arg;

	for (int i = 0; i < 64; i++)
		xenevtchn_notify(f->evt, f->port);
}

static void storm(struct front *f)
{
	struct again *a = again_start(kick, f);

	pass_time(250);
	again_stop(a);
}

static void storm_at_work(struct front *f)
{
	struct again *a = again_start(kick, f);

	for (int i = 0; i < 100; i++) {
		good_put(f);
		gtx_push(f);
		gtx_settle(f, WAIT_MS);
	}
	again_stop(a);
}

static void own_rsp_prod(struct front *f)
{
	for (uint32_t i = 0; i < 20; i++) {
		f->grx->rsp_prod += 1000;
		good_put(f);
		gtx_push(f);
		gtx_settle(f, WAIT_MS);
	}
	f->grx->rsp_prod = 0;
}

/* --- what lies in the page at attach ---------------------------------------- */

static void gtx_wild(struct front *f) { f->gtx->rsp_prod = 1000; }
static void gtx_full_and_one(struct front *f) { f->gtx->req_prod = 257; }
static void grx_wild(struct front *f) { f->grx->rsp_prod = 0x80000000u; }
static void grx_full_and_one(struct front *f) { f->grx->req_prod = 257; }
static void all_ones(struct front *f)
{
	for (unsigned int i = 0; i < PAGE; i++)
		((uint8_t *)f->gtx)[i] = 0xff;
}

/* The backend attaches at slot 255: a packet with all flags, then this as its extra. */
static void step_out_of_ones(struct front *f)
{
	static const uint8_t none[8];

	extra_put(f, none);
	gtx_push(f);
}

/* A ring full of requests that were never written: gref 0, size 0. */
static void gtx_full(struct front *f)
{
	for (uint16_t i = 0; i < SLOTS; i++)
		slot_put(f, 0, 0, 0, i, 0);
	f->gtx->req_prod = f->g.req;
}

static const struct fcase cases[] = {
	{ 1, "gtx producer + 257", V_FAULT, "gtx producer out of range", .run = gtx_257, .wild = true, .telling = true },
	{ 1, "gtx producer + 2^31", V_FAULT, "gtx producer out of range", .run = gtx_half, .wild = true },
	{ 1, "gtx producer + 2^32 - 6", V_FAULT, "gtx producer out of range", .run = gtx_most, .wild = true },
	{ 1, "gtx producer goes back", V_FAULT, "gtx producer out of range", .run = gtx_back, .wild = true },
	{ 1, "gtx producer runs away", V_FAULT, "", .run = running_away, .wild = true, .raced = true },
	{ 1, "gtx producer flickers", V_ANY, .run = flickering, .wild = true },
	{ 1, "gtx producer grows meanwhile", V_PASS, .run = growing, .raced = true },
	{ 1, "a fault and a new start at once", V_ANY, .run = fault_and_start, .wild = true },
	{ 1, "gtx ring exactly full", V_PASS, .run = full_ring },
	{ 1, "gtx indices wrap 32 bits", V_PASS, .run = full_ring, .gtx_start = 0xffffff80u },
	{ 1, "grx producer + 257", V_FAULT, "grx producer out of range", .run = grx_257, .wild = true, .raced = true },
	{ 1, "grx producer + 2^31", V_FAULT, "grx producer out of range", .run = grx_half, .wild = true, .raced = true },
	{ 1, "grx producer + 2^32 - 6", V_FAULT, "grx producer out of range", .run = grx_most, .wild = true, .raced = true },
	{ 1, "grx producer goes back", V_FAULT, "grx producer out of range", .run = grx_back, .wild = true, .raced = true },

	{ 3, "event words 0", V_PASS, .run = events_zero },
	{ 3, "event words far off", V_PASS, .run = events_far },
	{ 3, "event words scribbled over", V_PASS, .run = events_scribbled },
	{ 3, "never notifying", V_PASS, .run = never_notifying },
	{ 3, "notifying at full speed", V_PASS, .run = storm, .telling = true },
	{ 3, "notifying at full speed, at work", V_PASS, .run = storm_at_work },

	{ 4, "gtx page with a wild rsp_prod", V_REFUSE, "the page of tx-ring-ref is not a ring", .before = gtx_wild,
	  .wild = true, .telling = true },
	{ 4, "gtx page with 257 requests", V_REFUSE, "the page of tx-ring-ref is not a ring", .before = gtx_full_and_one,
	  .wild = true },
	{ 4, "gtx page of ones", V_FAULT, "packet without end", .before = all_ones, .run = step_out_of_ones,
	  .wild = true, .raced = true },
	{ 4, "gtx page with 256 requests", V_DROP, "gtx_drop_short=256", .before = gtx_full },
	{ 4, "grx page with a wild rsp_prod", V_REFUSE, "the page of rx-ring-ref is not a ring", .before = grx_wild,
	  .wild = true },
	{ 4, "grx page with 257 requests", V_REFUSE, "the page of rx-ring-ref is not a ring", .before = grx_full_and_one,
	  .wild = true },
	{ 4, "rsp_prod rewritten by the guest", V_PASS, .run = own_rsp_prod, .wild = true },
};

const struct table table_ring = { cases, sizeof(cases) / sizeof(cases[0]) };
