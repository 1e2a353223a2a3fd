/* SPDX-License-Identifier: MIT */
/* cases-back-ring.c - a backend's false indices, responses and events, and its use of grants: groups 17, 19, 20, 22 */
#include <sys/mman.h>

#include "back.h"
#include "load.h"

/* Makes the frontend look at its responses, which it does when it sends. */
static void nudge(struct back *b)
{
	guest_send(b, 1, 60);
}

/* Waits until the frontend has made n requests. */
static void sent(struct back *b, unsigned int n)
{
	guest_send(b, n, 60);
	gtx_wait(b, n);
}

static void gtx_answer_one(struct back *b, uint16_t id, int16_t status)
{
	sent(b, 4);
	gtx_answer(b, id, status);
	gtx_push(b);
	nudge(b);
}

static void id_256(struct back *b) { gtx_answer_one(b, 256, 0); }
static void id_most(struct back *b) { gtx_answer_one(b, 65535, 0); }
/* The frontend uses the lowest pages first, so this one is not in use. */
static void id_idle(struct back *b) { gtx_answer_one(b, 200, 0); }
static void null_status(struct back *b) { gtx_answer_one(b, 0, NETIF_RSP_NULL); }

static void id_twice(struct back *b)
{
	uint16_t id;

	sent(b, 4);
	id = gtx_id(b, 0);
	gtx_answer(b, id, 0);
	gtx_answer(b, id, 0);
	gtx_push(b);
	nudge(b);
}

static void out_of_order(struct back *b)
{
	uint16_t id[32];

	sent(b, 32);
	for (uint32_t i = 0; i < 32; i++)
		id[i] = gtx_id(b, i);
	for (uint32_t i = 0; i < 32; i++)
		gtx_answer(b, id[31 - i], 0);
	gtx_push(b);
	guest_send(b, 32, 60);
	gtx_wait(b, 64);
	gtx_answer_all(b);
}

static void statuses(struct back *b)
{
	static const int16_t status[] = { -1, -2, 5, -32768, 32767, 0 };
	uint16_t id[6];

	sent(b, 6);
	for (uint32_t i = 0; i < 6; i++)
		id[i] = gtx_id(b, i);
	for (uint32_t i = 0; i < 6; i++)
		gtx_answer(b, id[i], status[i]);
	gtx_push(b);
	nudge(b);
	gtx_wait(b, 7);
}

/* Responds to nothing until the ring is full, then to all that is there, repeatedly. */
static void late_answers(struct back *b)
{
	uint64_t end = now_us() + WAIT_MS * 1000ull;
	uint32_t before = 0, full;

	for (int quiet = 0; quiet < 3 && now_us() < end; quiet = before > 200 && before == b->gtx->req_prod ? quiet + 1 : 0) {
		before = b->gtx->req_prod;
		guest_send(b, 64, 60);
		pass_time(5);
	}
	full = before;
	/* The pool has 250 pages, a frame may need 16. */
	if (full < 200 || full > SLOTS)
		trouble(&b->t, "%u requests are out while nothing is answered", full);
	for (int quiet = 0; quiet < 3; quiet = before > full && before == b->gtx->req_prod ? quiet + 1 : 0) {
		if (now_us() > end)
			break;
		before = b->gtx->req_prod;
		gtx_answer_all(b);
		pass_time(5);
	}
	if (before == full)
		trouble(&b->t, "answers do not get the frontend to go on");
}

static void gtx_jump(struct back *b, uint32_t by)
{
	sent(b, 4);
	gtx_answer_all(b);
	nudge(b);
	gtx_wait(b, 5);
	b->gtx_rsp += by;
	gtx_push(b);
	nudge(b);
}

static void gtx_beyond(struct back *b) { gtx_jump(b, 2); }
static void gtx_257(struct back *b) { gtx_jump(b, 257); }
static void gtx_half(struct back *b) { gtx_jump(b, 0x80000000u); }
static void gtx_behind(struct back *b) { gtx_jump(b, UINT32_MAX); }

static void grx_jump(struct back *b, uint32_t by)
{
	probe(b);
	b->grx_rsp += by;
	grx_push(b);
}

static void grx_257(struct back *b) { grx_jump(b, 257); }
static void grx_half(struct back *b) { grx_jump(b, 0x80000000u); }
static void grx_behind(struct back *b) { grx_jump(b, UINT32_MAX); }

static void flicker(void *arg)
{
	struct back *b = arg;

	__atomic_store_n(&b->grx->rsp_prod, surprise(&b->seed), __ATOMIC_RELEASE);
	xenevtchn_notify(b->evt, b->grx_port);
}

static void grx_flickers(struct back *b)
{
	struct again *a = again_start(flicker, b);

	back_wait_front(b, IS(Closing) | IS(Closed));
	again_stop(a);
}

/* Overwrites the frontend's own words in the page, on which it must not depend. */
static void foreign_words(struct back *b)
{
	b->gtx->req_prod = 0xdeadbeef;
	b->gtx->rsp_event = 0x80000000u;
	b->grx->rsp_event = 0;
	b->grx->req_event = b->gtx->req_event = 0x7fffffff;
	nudge(b);
	gtx_wait(b, 1);
	gtx_answer_all(b);
}

/* The byte that act() writes to each receive page. */
#define HEADERS 128u

/* --- grants ------------------------------------------------------------------ */

static void scribble(void *arg)
{
	struct back *b = arg;

	for (unsigned int i = 0; i < SLOTS; i++)
		b->bufs[i * PAGE + surprise(&b->seed) % 80] = (uint8_t)b->seed;
}

/* Sends frames whose headers change while they are taken and after. */
static void frames_change(struct back *b)
{
	static const struct rsp segment[] = { R(2054, 0, EXTRA | BLANK), GSO(1000, 1, 0), { .kind = RSP_END } };
	struct again *a = again_start(scribble, b);

	for (int i = 0; i < 400; i++) {
		rsps_put(b, segment);
		grx_push(b);
		if (i % 16 == 0 && !grx_reposted(b))
			trouble(&b->t, "the buffers were not posted again");
		if (b->grx_rsp + SLOTS - b->grx->req_prod > SLOTS - 4)
			grx_reposted(b);
	}
	grx_reposted(b);
	again_stop(a);
}

static void scribble_slots(void *arg)
{
	struct back *b = arg;
	uint32_t *word = (uint32_t *)&b->grx->ring[0];

	for (unsigned int i = 0; i < SLOTS * 2; i++) {
		uint32_t v = surprise(&b->seed);

		/* Half of the words differ from a legal value in one bit. */
		__atomic_store_n(&word[i], v & 1 ? v : (i & 1 ? 60u << 16 : i / 2) ^ (1u << (v >> 27)), __ATOMIC_RELAXED);
	}
}

static void slots_change(struct back *b)
{
	static const struct rsp good[] = { RN(16, 60, 0, 0), { .kind = RSP_END } };
	struct again *a = again_start(scribble_slots, b);

	for (int i = 0; i < 100; i++) {
		rsps_put(b, good);
		grx_push(b);
		if (!grx_reposted(b))
			trouble(&b->t, "the buffers were not posted again");
	}
	again_stop(a);
}

static bool all_zero(const uint8_t *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (p[i])
			return false;
	return true;
}

/* Checks that every byte which the frontend shares, outside of packets, is 0. */
static void look_for_data(struct back *b)
{
	uint32_t ref;
	uint8_t *page;

	for (unsigned int i = 0; i < SLOTS; i++)
		if (!all_zero(b->bufs + i * PAGE, HEADERS, PAGE))
			trouble(&b->t, "receive page %u was not empty", i);
	sent(b, 3);
	if (!all_zero((uint8_t *)b->gtx, 16, 64) || !all_zero((uint8_t *)b->gtx, 64 + 3 * 12, PAGE))
		trouble(&b->t, "the gtx ring page holds more than its slots");
	if (!all_zero((uint8_t *)b->grx, 16, 64) || !all_zero((uint8_t *)b->grx, 64 + SLOTS * 8, PAGE))
		trouble(&b->t, "the grx ring page holds more than its slots");
	for (uint32_t i = 0; i < 3; i++) {
		netif_tx_request_t req = b->gtx->ring[i].req;

		ref = req.gref;
		page = xengnttab_map_grant_ref(b->tab, b->guest, ref, PROT_READ);
		if (!page || req.offset + req.size > PAGE || !all_zero(page, req.offset + req.size, PAGE))
			trouble(&b->t, "packet %u's page holds more than the packet", i);
		if (page)
			xengnttab_unmap(b->tab, page, 1);
	}
	gtx_answer_all(b);
}

/* Checks that the pages which the guest sends from are not writable. */
static void write_what_is_sent(struct back *b)
{
	netif_tx_request_t req;
	void *page;

	sent(b, 1);
	req = b->gtx->ring[0].req;
	page = xengnttab_map_grant_ref(b->tab, b->guest, req.gref, PROT_READ | PROT_WRITE);
	if (page) {
		trouble(&b->t, "a page that is sent from can be written");
		xengnttab_unmap(b->tab, page, 1);
	}
	gtx_answer_all(b);
}

/* --- events ------------------------------------------------------------------- */

static void kick(void *arg)
{
	struct back *b = arg;

	for (int i = 0; i < 64; i++) {
		xenevtchn_notify(b->evt, b->gtx_port);
		xenevtchn_notify(b->evt, b->grx_port);
	}
}

static void storm(struct back *b)
{
	struct again *a = again_start(kick, b);

	pass_time(250);
	again_stop(a);
}

/* Checks that signals without work cost the frontend little time (XSA-391). */
static void storm_priced(struct back *b)
{
	struct rival *r = rival_start();
	struct again *a = again_start(kick, b);
	struct load l;

	load_begin(&l);
	pass_time(1000);
	load_end(&l, &b->t, 10);
	again_stop(a);
	rival_stop(r, &b->t, 40);
}

static void storm_at_work(struct back *b)
{
	struct again *a = again_start(kick, b);

	for (int i = 0; i < 100; i++)
		probe(b);
	again_stop(a);
}

static const struct key one_channel[] = { { "feature-split-event-channels", "0" }, { NULL, NULL } };

static const struct bcase cases[] = {
	{ 17, "gtx response id 256", V_FAULT, "gtx response to nothing", .run = id_256 },
	{ 17, "gtx response id 65535", V_FAULT, "gtx response to nothing", .run = id_most },
	{ 17, "gtx response id not pending", V_FAULT, "gtx response to nothing", .run = id_idle },
	{ 17, "gtx response id twice", V_FAULT, "gtx response to nothing", .run = id_twice },
	{ 17, "gtx answer to an extra never sent", V_FAULT, "gtx response to nothing", .run = null_status },
	{ 17, "gtx responses out of order", V_PASS, .run = out_of_order },
	{ 17, "gtx responses of odd statuses", V_PASS, "gtx_refused_slots=5", .run = statuses },
	{ 17, "gtx responses only when the ring is full", V_PASS, .run = late_answers },
	{ 17, "gtx rsp_prod beyond the requests", V_FAULT, "gtx responses out of range", .run = gtx_beyond },
	{ 17, "gtx rsp_prod + 257", V_FAULT, "gtx responses out of range", .run = gtx_257 },
	{ 17, "gtx rsp_prod + 2^31", V_FAULT, "gtx responses out of range", .run = gtx_half },
	{ 17, "gtx rsp_prod goes back", V_FAULT, "gtx responses out of range", .run = gtx_behind },
	{ 17, "grx rsp_prod + 257", V_FAULT, "grx responses out of range", .run = grx_257 },
	{ 17, "grx rsp_prod + 2^31", V_FAULT, "grx responses out of range", .run = grx_half },
	{ 17, "grx rsp_prod goes back", V_FAULT, "grx responses out of range", .run = grx_behind },
	{ 17, "grx rsp_prod flickers", V_FAULT, "grx responses out of range", .run = grx_flickers, .raced = true },
	{ 17, "grx id is not the slot's", V_DROP, "grx_drop_peer=1", CHAIN(RID(1, 60)) },
	{ 17, "grx id 65535", V_DROP, "grx_drop_peer=1", CHAIN(RID(65535, 60)) },
	{ 17, "grx id of the next ring round", V_DROP, "grx_drop_peer=1", CHAIN(RID(256, 60)) },
	{ 17, "the frontend's words overwritten", V_PASS, .run = foreign_words },

	{ 19, "headers change while they are read", V_ANY, .frame = FRAME_TCP4, .run = frames_change },
	{ 19, "slots change while they are read", V_ANY, .run = slots_change },
	{ 19, "writes to what is sent", V_PASS, .run = write_what_is_sent },

	{ 20, "looks for stale data", V_PASS, .run = look_for_data },
	{ 20, "looks for stale data, one channel", V_PASS, .run = look_for_data, .keys = one_channel },

	{ 22, "notifying at full speed", V_PASS, .run = storm },
	{ 22, "notifying at full speed, one channel", V_PASS, .run = storm, .keys = one_channel },
	{ 22, "notifying at full speed, at work", V_PASS, .run = storm_at_work },
	{ 26, "signals without work, for a while", V_PASS, .run = storm_priced },
};

const struct btable table_back_ring = { cases, sizeof(cases) / sizeof(cases[0]) };
