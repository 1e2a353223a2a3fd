/* SPDX-License-Identifier: MIT */
/* cases-load.c - a guest that tries to use up the processor, by signals and by packets (XSA-332, XSA-391) */
#include "front.h"
#include "load.h"

#define LOAD_US 1000000u

static void notify(void *arg)
{
	struct front *f = arg;

	for (int i = 0; i < 64; i++)
		xenevtchn_notify(f->evt, f->port);
}

/* Checks that signals without work cost the backend little time. */
static void storm(struct front *f)
{
	struct rival *r = rival_start();
	struct again *a = again_start(notify, f);
	struct load l;

	load_begin(&l);
	/* Where the host looks on for itself it takes longer, as the rest of the program counts too. */
	pass_time(l.there ? LOAD_US / 1000 : 5 * LOAD_US / 1000);
	load_end(&l, &f->t, 10);
	again_stop(a);
	rival_stop(r, &f->t, 40);
}

static void answered(struct front *f)
{
	while (__atomic_load_n(&f->gtx->rsp_prod, __ATOMIC_ACQUIRE) != f->g.req)
		;
	f->g.rsp = f->g.req;
}

/* Sends one packet a wake-up, so the daemon sleeps between any two. */
static void packet_a_wake(struct front *f)
{
	struct rival *r = rival_start();
	uint64_t end = now_us() + LOAD_US;

	while (now_us() < end) {
		good_put(f);
		gtx_push(f);
		answered(f);
	}
	rival_stop(r, &f->t, 10);
}

/* Keeps the ring from running empty, so the daemon never sleeps. */
static void flood(struct front *f)
{
	struct rival *r = rival_start();
	uint64_t end = now_us() + LOAD_US;

	while (now_us() < end) {
		while (f->g.req - __atomic_load_n(&f->gtx->rsp_prod, __ATOMIC_ACQUIRE) < 200)
			good_put(f);
		gtx_push(f);
	}
	answered(f);
	rival_stop(r, &f->t, 20);
}

static const struct fcase cases[] = {
	{ 26, "signals without work, for a while", V_PASS, .run = storm },
	{ 26, "a packet a wake, for a second", V_PASS, .run = packet_a_wake },
	{ 26, "a ring that is never empty, for a second", V_PASS, .run = flood },
};

const struct table table_load = { cases, sizeof(cases) / sizeof(cases[0]) };
