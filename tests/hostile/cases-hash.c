/* SPDX-License-Identifier: MIT */
/* cases-hash.c - a guest's hash tables and multicast lists with two queues, the toolstack's rate: groups 13, 16, 24, 25
 *
 * The messages themselves are in cases-ctrl.c. Here frames are steered by
 * them: the host's frames have no hash (ARP, 0x88b5) and so the table's first
 * entry names their queue.
 */
#include <stdio.h>
#include <string.h>

#include "front.h"

#define KEY(name_, value_) .keys = (const struct key[]){ { name_, value_ }, { NULL, NULL } }
#define SUCCESS XEN_NETIF_CTRL_STATUS_SUCCESS
#define INVALID XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER
#define NOT_SUPPORTED XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED
#define ALGORITHM XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM
#define FLAGS XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS
#define SIZE XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE
#define MAPPING XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING
#define ADD XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING
#define MCAST_ADD XEN_NETIF_EXTRA_TYPE_MCAST_ADD
#define MCAST_DEL XEN_NETIF_EXTRA_TYPE_MCAST_DEL

static uint32_t *entries(struct front *f)
{
	return (uint32_t *)(void *)f->list;
}

static void hash_on(struct front *f, uint32_t first)
{
	memset(f->list, 0, 512);
	entries(f)[0] = first;
	msg_want(f, "Toeplitz", SUCCESS, ALGORITHM, 1, 0, 0);
	msg_want(f, "all types", SUCCESS, FLAGS, 15, 0, 0);
	msg_want(f, "128 entries", SUCCESS, SIZE, 128, 0, 0);
	msg_want(f, "the table", SUCCESS, MAPPING, f->list_ref, 128, 0);
}

/* Checks that n ARP replies come in the queue that nth names, and none in the other. */
static void want_in(struct front *f, unsigned int nth, unsigned int n)
{
	unsigned int had[2] = { f->grx->rsp_prod, f->other.grx->rsp_prod };

	arp(f, n);
	if (nth)
		front_swap(f);
	f->r.rsp = had[nth];
	if (grx_wait(f, n, WAIT_MS) != n)
		trouble(&f->t, "%u frames did not come in queue %u", n, nth);
	if (nth)
		front_swap(f);
	if ((nth ? f->grx : f->other.grx)->rsp_prod != had[!nth])
		trouble(&f->t, "frames came in queue %u, too", !nth);
}

static void post_both(struct front *f)
{
	bufs_post(f, 0, 100);
	front_swap(f);
	bufs_post(f, 100, 100);
	front_swap(f);
}

static void bounds(struct front *f)
{
	static const uint32_t none[] = { 2, 3, 255, 256, 257, 0x10001, 0x80000001u, UINT32_MAX };

	post_both(f);
	hash_on(f, 1);
	want_in(f, 1, 4);
	for (unsigned int i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		/* The last entry of the list is bad: no entry is applied. */
		entries(f)[0] = 0;
		entries(f)[127] = none[i];
		msg_want(f, "no such queue", INVALID, MAPPING, f->list_ref, 128, 0);
	}
	want_in(f, 1, 4);
	entries(f)[127] = 1;
	msg_want(f, "in order again", SUCCESS, MAPPING, f->list_ref, 128, 0);
	want_in(f, 0, 4);
	msg_want(f, "no table", SUCCESS, SIZE, 0, 0, 0);
	want_in(f, 0, 4);
}

static void spoil_list(void *arg)
{
	struct front *f = arg;

	/* Good and bad queues alternate, so some copies pass the check and some do not. */
	for (unsigned int i = 0; i < 4; i++)
		__atomic_store_n(&entries(f)[i], surprise(&f->seed) % 256 ? surprise(&f->seed) % 2 : UINT32_MAX,
				 __ATOMIC_RELAXED);
}

/* The backend must use the copy of the table that it checked: no frame is lost meanwhile. */
static void steered_while_it_changes(struct front *f)
{
	unsigned int got = 0;
	struct again *a;

	post_both(f);
	hash_on(f, 0);
	a = again_start(spoil_list, f);
	for (int i = 0; i < 80; i++) {
		msg_put(f, 1, MAPPING, f->list_ref, 128, 0);
		msg_push(f);
		arp_put(f, 1);
		if (!msg_settle(f, WAIT_MS) || !gtx_settle(f, WAIT_MS))
			trouble(&f->t, "no answer");
	}
	again_stop(a);
	for (uint64_t end = now_us() + WAIT_MS * 1000ull; now_us() < end; pass_time(1)) {
		got = f->grx->rsp_prod + f->other.grx->rsp_prod;
		if (got == 80)
			return;
	}
	trouble(&f->t, "%u of 80 frames came", got);
}

/* All frames are for a queue that has no buffers; packets go on in both. */
static void flooded_elsewhere(struct front *f)
{
	bufs_post(f, 0, 100);
	hash_on(f, 1);
	pass_time(200);
	for (int i = 0; i < 20; i++) {
		probe(f);
		front_swap(f);
		probe(f);
		front_swap(f);
	}
	if (f->other.grx->rsp_prod)
		trouble(&f->t, "frames came where nothing was posted");
}

/* Checks that a new connection starts without the old one's tables. */
static void forgotten(struct front *f)
{
	static const struct fcase one = { .name = "one queue", .verdict = V_PASS, .ctrl = true };
	const struct fcase *own = f->c;

	post_both(f);
	hash_on(f, 1);
	front_disconnect(f, true);
	f->c = &one;
	if (front_connect(f)) {
		bufs_post(f, 0, 8);
		msg_want(f, "GET flags", NOT_SUPPORTED, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0);
		msg_want(f, "no table", INVALID, MAPPING, f->list_ref, 1, 0);
		want_in(f, 0, 4);
		front_disconnect(f, false);
	}
	f->c = own;
	if (front_connect(f)) {
		post_both(f);
		want_in(f, 0, 4);
	}
}

/* Checks that a page can be in one table only, whichever queue the message names. */
static void grants_of_two(struct front *f)
{
	for (unsigned int i = 0; i < 8; i++)
		f->list[i] = (struct xen_netif_gref){ f->buf_ref[i], 0, 0 };
	msg_want(f, "queue 1", SUCCESS, ADD, 1, f->list_ref, 8);
	msg_want(f, "the same to queue 0", INVALID, ADD, 0, f->list_ref, 8);
	msg_want(f, "queue 2", INVALID, ADD, 2, f->list_ref, 8);
	msg_want(f, "size of queue 1", SUCCESS, XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE, 1, 0, 0);
	msg_want(f, "size of queue 2", INVALID, XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE, 2, 0, 0);
	f->list[0].ref = f->other.gtx_ref;
	msg_want(f, "DEL of a ring", SUCCESS, XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING, 1, f->list_ref, 1);
	probe(f);
}

/* --- multicast --------------------------------------------------------------------- */

static void mcast_put(struct front *f, uint8_t type, uint8_t from, uint8_t n)
{
	for (uint8_t i = 0; i < n; i++) {
		const uint8_t x[8] = { type, 0, 0x33, 0x33, 0, 0, 0, (uint8_t)(from + i) };

		slot_put(f, f->data_ref[0], 0, EXTRA, i, 60);
		extra_put(f, x);
	}
	gtx_push(f);
	gtx_check(f, NETIF_RSP_OKAY);
}

/* A hundred thousand changes take about a second, as none of them writes a file. */
static void mcast_turns(struct front *f)
{
	for (int i = 0; i < 782; i++) {
		mcast_put(f, MCAST_ADD, 0, 64);
		mcast_put(f, MCAST_DEL, 0, 64);
	}
}

static void mcast_same(struct front *f)
{
	mcast_put(f, MCAST_ADD, 0, 60);
	for (int i = 0; i < 10; i++)
		mcast_put(f, MCAST_ADD, 0, 60);
	/* Each is listed once, so there is room. */
	mcast_put(f, MCAST_ADD, 60, 4);
}

/* The filter does not apply to frames for the guest's own address. */
static void filtered(struct front *f)
{
	bufs_post(f, 0, 16);
	mcast_put(f, MCAST_ADD, 0, 8);
	arp(f, 4);
	if (grx_wait(f, 4, WAIT_MS) != 4)
		trouble(&f->t, "the filter keeps back what is the guest's");
}

/* --- rate, which the toolstack sets -------------------------------------------------- */

static void set_rate(struct front *f, const char *rate)
{
	char words[80];

	snprintf(words, sizeof(words), "rate %s", rate);
	if (!hook("start", words))
		trouble(&f->t, "the toolstack's rate cannot be set");
}

static void rate_changes(struct front *f)
{
	static const char *const rates[] = {
		/* The second rate is a byte a second: frames pass on the credit left from the first. */
		"1000000,50000", "1000000,99999999999999999999", "lots", "10000000,1000", ",", "0,0", "-1,-1",
		"100000,10000", "1,0", "99999999999999999999,1", "2000000,50000",
	};

	for (unsigned int i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		set_rate(f, rates[i]);
		for (int n = 0; n < 20; n++)
			probe(f);
	}
}

/* A rate of almost nothing: frames wait on the ring. The connection ends while they wait. */
static void closed_without_credit(struct front *f)
{
	set_rate(f, "60,60000000");
	pass_time(50);
	/* More than a bucket holds. */
	for (uint16_t i = 0; i < 250; i++)
		slot_put(f, f->data_ref[0], 0, 0, i, 1500);
	gtx_push(f);
	if (gtx_settle(f, 100))
		trouble(&f->t, "250 packets passed at 60 bytes a minute");
	front_disconnect(f, true);
	hook("stop", "rate");
	if (front_connect(f))
		probe(f);
}

/* The guest has no permission to write this key. */
static void own_rate(struct front *f)
{
	store_put(f->xs, XBT_NULL, f->be, "rate", "1,60000000");
	store_put(f->xs, XBT_NULL, f->fe, "rate", "1,60000000");
	for (int i = 0; i < 100; i++)
		probe(f);
	store_rm(f->xs, XBT_NULL, f->fe, "rate");
}

#define A(type_, flags_, ...) X(type_, flags_, __VA_ARGS__)
#define GROUP1 0x33, 0x33, 0, 0, 0, 1

static const struct fcase cases[] = {
	{ 13, "mcast with a second slot", V_DROP, "gtx_drop_extra=1",
	  CHAIN(D(160, 0, MORE | EXTRA), A(MCAST_ADD, 0, GROUP1), D(100, 0, 0)) },
	{ 13, "mcast with a hash", V_PASS, "gtx_mcast=1", CHAIN(D(60, 0, EXTRA), A(4, 1, 1, 1, 1, 2, 3, 4), A(MCAST_ADD, 0, GROUP1)) },
	{ 13, "two changes in a request", V_DROP, "gtx_drop_extra=1",
	  CHAIN(D(60, 0, EXTRA), A(MCAST_ADD, 1, GROUP1), A(MCAST_DEL, 0, GROUP1)) },
	{ 13, "mcast with unknown flags", V_DROP, "gtx_drop_extra=1", CHAIN(D(60, 0, EXTRA), A(MCAST_ADD, 0xfe, GROUP1)) },
	{ 13, "mcast add without end", V_FAULT, "extra info without end", CHAIN(D(60, 0, EXTRA), A(MCAST_ADD, 1, GROUP1)) },
	{ 13, "mcast add of no address", V_DROP, "gtx_drop_mcast=1", CHAIN(D(60, 0, EXTRA), A(MCAST_ADD, 0, 0)) },
	{ 13, "mcast add of broadcast", V_PASS, "gtx_mcast=1",
	  CHAIN(D(60, 0, EXTRA), A(MCAST_ADD, 0, 255, 255, 255, 255, 255, 255)) },
	{ 13, "mcast add by a slot that is nowhere", V_PASS, "gtx_mcast=1",
	  CHAIN(DREF(REF_HUGE, 65535, EXTRA), A(MCAST_ADD, 0, GROUP1)) },
	{ 13, "mcast list filled and emptied 782 times", V_PASS, "gtx_mcast=100096", .run = mcast_turns },
	{ 13, "mcast adds of the same addresses", V_PASS, "gtx_mcast=664", .run = mcast_same },
	{ 13, "mcast filter on", V_PASS, "grx_packets=4", .run = filtered, KEY("request-multicast-control", "1") },
	{ 13, "request-multicast-control is text", V_PASS, "grx_packets=4", .run = filtered,
	  KEY("request-multicast-control", "yes") },

	{ 16, "rate changes under traffic", V_PASS, .run = rate_changes, .host = "rate 1000000,50000" },
	{ 16, "no rate to speak of, and gone", V_ANY, .run = closed_without_credit, .host = "rate 1000000,50000" },
	{ 16, "a rate of the guest's own", V_PASS, .run = own_rate },
	{ 16, "flood, steered where nobody posts", V_PASS, .run = flooded_elsewhere, .host = "flood", .two = true,
	  .ctrl = true },

	{ 24, "two queues, mapping out of bounds", V_PASS, "grx_packets=16", .run = bounds, .two = true, .ctrl = true },
	{ 24, "two queues by mask, mapping out of bounds", V_PASS, "grx_packets=16", .run = bounds, .two = true,
	  .ctrl = true, .mask = true },
	{ 24, "two queues, mapping changes while read", V_PASS, "grx_packets=80", .run = steered_while_it_changes,
	  .two = true, .ctrl = true },
	{ 24, "hash, then another count of queues", V_ANY, .run = forgotten, .two = true, .ctrl = true },
	{ 25, "mappings of two queues", V_PASS, .run = grants_of_two, .two = true, .ctrl = true },
};

const struct table table_hash = { cases, sizeof(cases) / sizeof(cases[0]) };
