/* SPDX-License-Identifier: MIT */
/* cases-mask.c - a guest's bad event mask (docs/event-mask.md): groups 3, 12, 23 */
#include <string.h>

#include "front.h"

#define KEYS(...) .keys = (const struct key[]){ __VA_ARGS__, { NULL, NULL } }
#define KEY(name_, value_) KEYS({ name_, value_ })
#define BAD(key_) V_REFUSE, "frontend key " key_ " is not acceptable"
#define MISSING(key_) V_REFUSE, "frontend key " key_ " is missing"
#define NO_MAP V_REFUSE, "cannot map event-mask-ref"

static void probes(struct front *f)
{
	for (int i = 0; i < 100; i++)
		probe(f);
	if (!f->c->two)
		return;
	front_swap(f);
	for (int i = 0; i < 100; i++)
		probe(f);
	front_swap(f);
}

/* Runs fn repeatedly beside the probes: the backend must still serve a signal. */
static void probes_beside(struct front *f, void (*fn)(void *))
{
	struct again *a = again_start(fn, f);

	probes(f);
	again_stop(a);
}

static void word_put(struct front *f, unsigned int word, uint64_t v)
{
	__atomic_store_n(&f->mask[word], v, __ATOMIC_SEQ_CST);
}

static void set_all(void *arg)
{
	struct front *f = arg;

	bit_set(f, UINT64_MAX);
	xenevtchn_notify(f->evt, f->port);
}

static void clear_ours(void *arg) { word_put(arg, TO_BACKEND, 0); }
static void forge_awake(void *arg) { word_put(arg, TO_BACKEND, AWAKE); }
static void fill_theirs(void *arg) { word_put(arg, TO_FRONTEND, UINT64_MAX); }
static void clear_theirs(void *arg) { word_put(arg, TO_FRONTEND, 0); }

static void scribble(void *arg)
{
	struct front *f = arg;

	for (unsigned int i = 0; i < PAGE / sizeof(*f->mask); i++)
		word_put(f, i, (uint64_t)surprise(&f->seed) << 32 | surprise(&f->seed));
}

static void bits_without_cause(struct front *f) { probes_beside(f, set_all); }
static void bits_cleared(struct front *f) { probes_beside(f, clear_ours); }
static void awake_forged(struct front *f) { probes_beside(f, forge_awake); }
static void theirs_filled(struct front *f) { probes_beside(f, fill_theirs); }
static void theirs_cleared(struct front *f) { probes_beside(f, clear_theirs); }
static void page_scribbled(struct front *f) { probes_beside(f, scribble); }

/* Bits without a signal: what was published waits for one, and costs no processor time. */
static void never_kicked(struct front *f)
{
	probe(f);
	pass_time(20);
	for (int i = 0; i < 64; i++)
		good_put(f);
	__atomic_store_n(&f->gtx->req_prod, f->g.req, __ATOMIC_RELEASE);
	bit_set(f, UINT64_MAX);
	pass_time(50);
	gtx_push(f);
	gtx_check(f, NETIF_RSP_OKAY);
}

/* A signal without a bit is enough, as it is after a restart. */
static void never_a_bit(struct front *f)
{
	for (int i = 0; i < 100; i++) {
		good_put(f);
		__atomic_store_n(&f->gtx->req_prod, f->g.req, __ATOMIC_RELEASE);
		xenevtchn_notify(f->evt, f->port);
		if (!gtx_settle(f, WAIT_MS))
			trouble(&f->t, "packet %d is not answered", i);
	}
	f->g.rsp = f->g.req;
}

static void page_of_old_bits(struct front *f) { memset(f->mask, 0xff, PAGE); }

/* The backend still has the page mapped and may write to it at any time. */
static void taken_back(struct front *f)
{
	probe(f);
	if (xengntshr_unshare(f->shr, f->mask, 1) != 0)
		trouble(&f->t, "cannot take a page back");
	f->mask = xengntshr_share_pages(f->shr, f->back, 1, &f->mask_ref, 1);
	if (!f->mask) {
		trouble(&f->t, "no page left to grant");
		return;
	}
	for (int i = 0; i < 20; i++)
		probe(f);
	front_disconnect(f, false);
	if (front_connect(f))
		probe(f);
}

static void bad_packets(struct front *f)
{
	static const struct slot s[] = { D(60, 4090, 0), { .kind = SLOT_END } };

	chain_put(f, s);
	gtx_push(f);
	gtx_check(f, NETIF_RSP_ERROR);
}

static void frames(struct front *f)
{
	bufs_post(f, 0, 8);
	arp(f, 4);
	if (grx_wait(f, 4, WAIT_MS) != 4)
		trouble(&f->t, "4 frames did not come");
}

static const struct fcase cases[] = {
	{ 3, "mask: one queue", V_PASS, "grx_packets=4", .run = frames, .mask = true },
	{ 3, "mask: bits set without cause", V_PASS, .run = bits_without_cause, .mask = true },
	{ 3, "mask: bits set without cause, two queues", V_PASS, .run = bits_without_cause, .mask = true, .two = true },
	{ 3, "mask: bits cleared at full speed", V_PASS, .run = bits_cleared, .mask = true, .two = true },
	{ 3, "mask: awake forged", V_PASS, .run = awake_forged, .mask = true },
	{ 3, "mask: to_frontend always full", V_PASS, .run = theirs_filled, .mask = true },
	{ 3, "mask: to_frontend always cleared", V_PASS, .run = theirs_cleared, .mask = true },
	{ 3, "mask: page written over", V_PASS, .run = page_scribbled, .mask = true, .two = true, .wild = true },
	{ 3, "mask: bits but no kick", V_PASS, .run = never_kicked, .mask = true },
	{ 3, "mask: kicks but no bit", V_PASS, .run = never_a_bit, .mask = true },
	{ 4, "mask: page full of bits", V_PASS, .before = page_of_old_bits, .run = probes, .mask = true, .two = true,
	  .wild = true },
	{ 5, "mask: a bad packet", V_PASS, "gtx_drop_bounds=1", .run = bad_packets, .mask = true },
	{ 12, "mask: page taken back while connected", V_ANY, .run = taken_back, .mask = true, .wild = true },

	{ 23, "event-mask-ref is text", BAD("event-mask-ref"), KEY("event-mask-ref", "page"), .mask = true },
	{ 23, "event-mask-ref -1", BAD("event-mask-ref"), KEY("event-mask-ref", "-1"), .mask = true },
	{ 23, "event-mask-ref 2^32", BAD("event-mask-ref"), KEY("event-mask-ref", "4294967296"), .mask = true },
	{ 23, "event-mask-ref beyond the table", NO_MAP, KEY("event-mask-ref", "4294967295"), .mask = true },
	{ 23, "event-mask-ref read-only", NO_MAP, KEY("event-mask-ref", "@readonly"), .mask = true },
	{ 23, "event-mask-ref of another domain", NO_MAP, KEY("event-mask-ref", "@foreign"), .mask = true },
	{ 23, "event-mask-ref taken back", NO_MAP, KEY("event-mask-ref", "@ended"), .mask = true },
	{ 23, "mask on the gtx ring's page", BAD("tx-ring-ref"), KEY("event-mask-ref", "@gtx"), .mask = true },
	{ 23, "mask on queue 1's grx ring", BAD("queue-1/rx-ring-ref"), KEY("event-mask-ref", "@grx1"), .mask = true,
	  .two = true },
	{ 23, "mask on the control ring's page", BAD("ctrl-ring-ref"), KEY("event-mask-ref", "@ctrl"), .mask = true,
	  .ctrl = true },
	{ 23, "mask without event-channel", MISSING("event-channel"), KEY("event-channel", NULL), .mask = true },
	{ 23, "mask with split channels", BAD("event-channel-tx"), KEY("event-channel-tx", "@port1"), .mask = true },
	{ 23, "mask with half of the split channels", BAD("event-channel-rx"), KEY("event-channel-rx", "x"), .mask = true },
	{ 23, "mask with a control channel", BAD("event-channel-ctrl"), KEY("event-channel-ctrl", "@ctrlport"),
	  .mask = true, .ctrl = true },
	{ 23, "mask with a channel of queue 0", BAD("queue-0/event-channel"), KEY("queue-0/event-channel", "@port1"),
	  .mask = true, .two = true },
	{ 23, "mask in queue-0 only", BAD("event-channel"), .mask = true, .two = true,
	  KEYS({ "event-mask-ref", NULL }, { "queue-0/event-mask-ref", "@mask" }) },
	{ 23, "mask's channel not open", V_REFUSE, "cannot bind the event channel", KEY("event-channel", "1999"),
	  .mask = true },
};

const struct table table_mask = { cases, sizeof(cases) / sizeof(cases[0]) };
