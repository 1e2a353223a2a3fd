/* SPDX-License-Identifier: MIT */
/* cases-queues.c - a guest's two queues: one broken ring, wrong counts, mixed keys: groups 1, 13, 16, 23 */
#include "front.h"

#define KEYS(...) .keys = (const struct key[]){ __VA_ARGS__, { NULL, NULL } }
#define KEY(name_, value_) KEYS({ name_, value_ })
#define BAD(key_) V_REFUSE, "frontend key " key_ " is not acceptable"
#define MISSING(key_) V_REFUSE, "frontend key " key_ " is missing"

static void probe_both(struct front *f)
{
	probe(f);
	front_swap(f);
	probe(f);
	front_swap(f);
}

static void both_busy(struct front *f)
{
	for (int i = 0; i < 200; i++)
		probe_both(f);
}

/* --- the second queue's rings, broken while the first is used ------------------ */

static void gtx_jumps(struct front *f, uint32_t by)
{
	both_busy(f);
	front_swap(f);
	f->g.req += by;
	gtx_push(f);
	front_swap(f);
}

static void gtx_jumps_257(struct front *f) { gtx_jumps(f, 257); }
static void gtx_jumps_back(struct front *f) { gtx_jumps(f, UINT32_MAX); }

static void no_end(struct front *f)
{
	static const struct slot s[] = { D(60, 0, MORE), { .kind = SLOT_END } };

	both_busy(f);
	front_swap(f);
	chain_put(f, s);
	gtx_push(f);
	front_swap(f);
}

/* Both rings have one worker, which looks at both whichever has the frame. */
static void grx_jumps(struct front *f)
{
	front_swap(f);
	f->r.req += 257;
	grx_push(f);
	front_swap(f);
	bufs_post(f, 0, 8);
	arp_put(f, 4);
}

/* Bad packets in one queue do not stop the other. */
static void drops(struct front *f)
{
	static const struct slot s[] = { D(60, 4090, 0), DREF(REF_HUGE, 60, 0), D(13, 0, 0), { .kind = SLOT_END } };

	for (int i = 0; i < 50; i++) {
		front_swap(f);
		f->g.rsp = f->g.req;
		chain_put(f, s);
		gtx_push(f);
		front_swap(f);
		probe(f);
		front_swap(f);
		gtx_check(f, NETIF_RSP_ERROR);
		front_swap(f);
	}
}

static void set_drop(void *arg)
{
	struct front *f = arg;
	uint32_t *word = (uint32_t *)(void *)f->other.gtx->ring;

	for (unsigned int i = 0; i < SLOTS * 3; i++)
		__atomic_store_n(&word[i], surprise(&f->seed), __ATOMIC_RELAXED);
	__atomic_fetch_add(&f->other.gtx->req_prod, surprise(&f->seed) % 8, __ATOMIC_RELEASE);
	xenevtchn_notify(f->evt, f->other.port);
}

static void garbage_beside(struct front *f)
{
	struct again *a = again_start(set_drop, f);
	uint64_t end = now_us() + 60000;

	while (now_us() < end) {
		f->g.rsp = f->g.req;
		good_put(f);
		gtx_push(f);
		/* The loop ends once the fault of the other queue has closed the interface. */
		if (!gtx_settle(f, 100))
			break;
	}
	again_stop(a);
}

static void other_page_wild(struct front *f) { f->other.gtx->rsp_prod = 4711; }
static void other_page_full(struct front *f) { f->other.grx->req_prod = 257; }

/* --- how many there are ------------------------------------------------------------ */

static void change_count(struct front *f)
{
	store_put(f->xs, XBT_NULL, f->fe, "multi-queue-num-queues", "4");
	store_put(f->xs, XBT_NULL, f->fe, "queue-2/tx-ring-ref", "1");
	store_rm(f->xs, XBT_NULL, f->fe, "queue-1");
	probe_both(f);
	store_rm(f->xs, XBT_NULL, f->fe, "queue-2");
}

/* Each connection has another number of queues, closed in both ways. */
static void counts_over_reconnects(struct front *f)
{
	static const struct fcase as[] = {
		{ .name = "two", .verdict = V_PASS, .two = true }, { .name = "one", .verdict = V_PASS },
		{ .name = "two, mask", .verdict = V_PASS, .two = true, .mask = true },
		{ .name = "one, mask", .verdict = V_PASS, .mask = true },
		{ .name = "two, control", .verdict = V_PASS, .two = true, .ctrl = true },
	};
	const struct fcase *own = f->c;

	for (unsigned int i = 0; i < 15; i++) {
		front_disconnect(f, i % 2);
		f->c = &as[i % 5];
		if (!front_connect(f))
			break;
		if (f->c->two)
			probe_both(f);
		else
			probe(f);
	}
	front_disconnect(f, false);
	f->c = own;
	front_connect(f);
}

/* --- what the host sends ------------------------------------------------------------- */

static void one_posts(struct front *f)
{
	bufs_post(f, 0, NPOST);
	pass_time(200);
	for (int i = 0; i < 20; i++)
		probe_both(f);
}

static void mcast_put(struct front *f, uint8_t type, unsigned int n)
{
	for (uint8_t i = 0; i < n; i++) {
		const uint8_t x[8] = { type, 0, 0x01, 0, 0x5e, 0, 0, i };

		slot_put(f, f->data_ref[0], 0, EXTRA, i, 60);
		extra_put(f, x);
	}
	gtx_push(f);
}

/* Two workers use one multicast list. */
static void mcast_both(struct front *f)
{
	for (int i = 0; i < 40; i++) {
		mcast_put(f, XEN_NETIF_EXTRA_TYPE_MCAST_ADD + (i & 1), 60);
		front_swap(f);
		mcast_put(f, XEN_NETIF_EXTRA_TYPE_MCAST_ADD + (i >> 1 & 1), 60);
		front_swap(f);
		if (!gtx_settle(f, WAIT_MS))
			trouble(&f->t, "not all changes of the list are answered");
		front_swap(f);
		if (!gtx_settle(f, WAIT_MS))
			trouble(&f->t, "not all changes of the other queue are answered");
		front_swap(f);
	}
}

static const struct fcase cases[] = {
	{ 1, "queue 1: gtx producer + 257", V_FAULT, "gtx producer out of range", .run = gtx_jumps_257, .two = true },
	{ 1, "queue 1: gtx producer goes back", V_FAULT, "gtx producer out of range", .run = gtx_jumps_back, .two = true },
	{ 1, "queue 1: gtx producer + 257, mask", V_FAULT, "gtx producer out of range", .run = gtx_jumps_257, .two = true,
	  .mask = true },
	{ 1, "queue 1: grx producer + 257, mask", V_FAULT, "grx producer out of range", .run = grx_jumps, .two = true,
	  .mask = true, .raced = true },
	{ 1, "queue 1: packet without end", V_FAULT, "packet without end", .run = no_end, .two = true },
	{ 1, "queue 1: garbage beside good ones", V_ANY, .run = garbage_beside, .two = true, .wild = true },
	{ 4, "queue 1: page with a wild rsp_prod", V_REFUSE, "the page of tx-ring-ref is not a ring",
	  .before = other_page_wild, .two = true },
	{ 4, "queue 1: page with 257 requests", V_REFUSE, "the page of rx-ring-ref is not a ring",
	  .before = other_page_full, .two = true, .wild = true },
	{ 5, "queue 1: bad packets, queue 0: good", V_PASS,
	  "gtx_drop_bounds=50 gtx_drop_grant=50 gtx_drop_short=50", .run = drops, .two = true },
	{ 13, "two queues change one mcast list", V_PASS, "gtx_mcast gtx_drop_mcast", .run = mcast_both, .two = true,
	  .raced = true },
	{ 16, "flood, only one of two queues posts", V_PASS, .run = one_posts, .host = "flood", .two = true },
	{ 16, "flood, one of two posts, mask", V_PASS, .run = one_posts, .host = "flood", .two = true, .mask = true },

	{ 23, "two queues", V_PASS, .run = both_busy, .two = true },
	{ 23, "two queues of split channels", V_PASS, .run = both_busy, .two = true,
	  KEYS({ "queue-0/event-channel", NULL }, { "queue-1/event-channel", NULL }, { "queue-0/event-channel-tx", "@port" },
	       { "queue-0/event-channel-rx", "@ctrlport" }, { "queue-1/event-channel", "@port1" }) },
	{ 23, "two queues, keys change later", V_PASS, .run = change_count, .two = true },
	{ 23, "queue count changes over reconnects", V_ANY, .run = counts_over_reconnects },
	{ 23, "two queues, tx-ring-ref flat too", BAD("tx-ring-ref"), KEY("tx-ring-ref", "@ended"), .two = true },
	{ 23, "two queues, rx-ring-ref flat too", BAD("rx-ring-ref"), KEY("rx-ring-ref", "text"), .two = true },
	{ 23, "two queues, event-channel flat too", BAD("event-channel"), KEY("event-channel", "@port"), .two = true },
	{ 23, "queue-1 missing", MISSING("queue-1/tx-ring-ref"), .two = true,
	  KEYS({ "queue-1/tx-ring-ref", NULL }, { "queue-1/rx-ring-ref", NULL }, { "queue-1/event-channel", NULL }) },
	{ 23, "queue-1 without rx-ring-ref", MISSING("queue-1/rx-ring-ref"), KEY("queue-1/rx-ring-ref", NULL), .two = true },
	{ 23, "queue-1 without a channel", MISSING("queue-1/event-channel"), KEY("queue-1/event-channel", NULL),
	  .two = true },
	{ 23, "three queues, keys of two", MISSING("queue-2/tx-ring-ref"), KEY("multi-queue-num-queues", "3"), .two = true },
	{ 23, "one gtx ring for two queues", BAD("queue-1/tx-ring-ref"), KEY("queue-1/tx-ring-ref", "@gtx"), .two = true },
	{ 23, "one grx ring for two queues", BAD("queue-1/rx-ring-ref"), KEY("queue-1/rx-ring-ref", "@grx"), .two = true },
	{ 23, "queue 1's gtx on queue 0's grx", BAD("queue-1/tx-ring-ref"), KEY("queue-1/tx-ring-ref", "@grx"), .two = true },
	{ 23, "one channel for two queues", BAD("queue-1/event-channel"), KEY("queue-1/event-channel", "@port"),
	  .two = true },
	{ 23, "control ring on queue 1's page", BAD("ctrl-ring-ref"), KEY("ctrl-ring-ref", "@gtx1"), .two = true,
	  .ctrl = true },
	{ 23, "control ring on queue 1's channel", BAD("event-channel-ctrl"), KEY("event-channel-ctrl", "@port1"),
	  .two = true, .ctrl = true },
	{ 23, "queue-1's ring of another domain", V_REFUSE, "cannot map tx-ring-ref", KEY("queue-1/tx-ring-ref", "@foreign"),
	  .two = true },
	{ 23, "queue-1's ring read-only", V_REFUSE, "cannot map rx-ring-ref", KEY("queue-1/rx-ring-ref", "@readonly"),
	  .two = true },
	{ 23, "queue-1's channel not open", V_REFUSE, "cannot bind the event channel", KEY("queue-1/event-channel", "1999"),
	  .two = true },
	{ 23, "queue-1/tx-ring-ref 2^32", BAD("queue-1/tx-ring-ref"), KEY("queue-1/tx-ring-ref", "4294967296"), .two = true },
};

const struct table table_queues = { cases, sizeof(cases) / sizeof(cases[0]) };
