/* SPDX-License-Identifier: MIT */
/* run-ring.c - the four ring ends: first with correct peers, then with hostile ones, which write
 * false indices, events and ids */
#include "unit.h"
#include "common/wire/ring.c"

/* Indices at which a test starts: the first, just before the ring wraps, just before 2^32 wraps. */
static const uint32_t starts[] = { 0, 1, 254, 255, 256, 0x7fffffff, 0xfffffffd, 0xffffffff };

static struct gtx_back back;
static struct gtx_front front;
static struct grx_back rback;
static struct grx_front rfront;
static void *page;

/* Makes both ends of both kinds of ring, as they are after at requests and answers. */
static void start_at(uint32_t at)
{
	memset(page, 0, XEN_PAGE);
	gtx_front_init(&front, page);
	*raw_ring(page) = (struct raw_ring){ at, at + 1, at, at + 1 };
	front.r.req_pvt = front.r.req_pub = front.r.rsp_cons = front.r.rsp_snap = at;
	grx_front_init(&rfront, page);
	*raw_ring(page) = (struct raw_ring){ at, at + 1, at, at + 1 };
	rfront.r = front.r;
	assert_int_equal(gtx_back_attach(&back, page), 0);
	assert_int_equal(grx_back_attach(&rback, page), 0);
}

static int setup(void **state)
{
	(void)state;
	page = page_new();
	start_at(0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(page);
	return 0;
}

static struct gtx_slot a_slot(uint16_t id)
{
	return (struct gtx_slot){ .gref = gref_of(0x10000u + id), .offset = (uint16_t)(id * 3),
				  .flags = NETTXF_more_data, .id = id, .size = (uint16_t)(id + 100) };
}

static void post(uint16_t id)
{
	struct gtx_slot s = a_slot(id);

	gtx_front_post(&front, &s);
}

static void post_many(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		post((uint16_t)i);
}

static void expect_taken(uint16_t id)
{
	struct gtx_slot want = a_slot(id), got;

	assert_true(gtx_back_take(&back, &got));
	assert_int_equal(got.gref.raw, want.gref.raw);
	assert_int_equal(got.offset, want.offset);
	assert_int_equal(got.flags, want.flags);
	assert_int_equal(got.id, want.id);
	assert_int_equal(got.size, want.size);
}

static void expect_answer(uint16_t id, int16_t status)
{
	uint16_t got_id = 0xaaaa;
	int16_t got_status = 77;

	assert_int_equal(gtx_front_take(&front, &got_id, &got_status), 1);
	assert_int_equal(got_id, id);
	assert_int_equal(got_status, status);
}

static void expect_none(void)
{
	struct gtx_slot s;

	assert_false(gtx_back_take(&back, &s));
}

/* Writes the producer index, and no slot, as a hostile peer can. */
static void lie_req_prod(uint32_t v)
{
	raw_ring(page)->req_prod = v;
}

/* --- gtx, both ends correct -------------------------------------------------- */

static void gtx_empty(void **state)
{
	(void)state;
	assert_int_equal(gtx_back_begin(&back), 0);
	expect_none();
	assert_false(gtx_back_push(&back));
	assert_false(gtx_front_push(&front));
	assert_int_equal(gtx_front_begin(&front), 0);
	assert_int_equal(gtx_front_free(&front), 256);
}

static void round_trip(uint32_t at, unsigned int n)
{
	start_at(at);
	post_many(n);
	assert_int_equal(gtx_front_free(&front), 256 - n);
	assert_int_equal(gtx_back_begin(&back), 0);	/* nothing before push */
	assert_true(gtx_front_push(&front));
	assert_int_equal(gtx_back_begin(&back), n);
	for (unsigned int i = 0; i < n; i++)
		expect_taken((uint16_t)i);
	expect_none();
	gtx_back_reply(&back, n, NETIF_RSP_OKAY);
	assert_int_equal(gtx_front_begin(&front), 0);
	assert_true(gtx_back_push(&back));
	assert_int_equal(gtx_front_begin(&front), n);
	for (unsigned int i = 0; i < n; i++)
		expect_answer((uint16_t)i, NETIF_RSP_OKAY);
	assert_int_equal(gtx_front_take(&front, &(uint16_t){ 0 }, &(int16_t){ 0 }), 0);
	assert_int_equal(gtx_front_free(&front), 256);
}

static void gtx_one(void **state) { (void)state; round_trip(0, 1); }
static void gtx_two(void **state) { (void)state; round_trip(0, 2); }
static void gtx_three(void **state) { (void)state; round_trip(0, 3); }
static void gtx_full(void **state) { (void)state; round_trip(0, 256); }

static void gtx_wraps(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(starts); i++) {
		round_trip(starts[i], 5);
		round_trip(starts[i], 256);
	}
}

static void gtx_no_space(void **state)
{
	struct gtx_slot s = a_slot(0);
	struct netif_extra_info extra = { 0 };

	(void)state;
	post_many(256);
	assert_int_equal(gtx_front_free(&front), 0);
	expect_assert_failure(gtx_front_post(&front, &s));
	expect_assert_failure(gtx_front_post_extra(&front, &extra));
}

static void gtx_id_in_use(void **state)
{
	struct gtx_slot s = a_slot(0);

	(void)state;
	gtx_front_post(&front, &s);
	expect_assert_failure(gtx_front_post(&front, &s));
	s.id = 256;
	expect_assert_failure(gtx_front_post(&front, &s));
}

static void gtx_extra(void **state)
{
	struct netif_extra_info extra, got;

	(void)state;
	memset(&extra, 0x5a, sizeof(extra));
	post(7);
	gtx_front_post_extra(&front, &extra);
	post(8);
	(void)!gtx_front_push(&front);
	assert_int_equal(gtx_back_begin(&back), 3);
	expect_taken(7);
	memset(&got, 0, sizeof(got));
	assert_true(gtx_back_take_extra(&back, &got));
	assert_memory_equal(&got, &extra, sizeof(got));
	expect_taken(8);
	assert_false(gtx_back_take_extra(&back, &got));
	gtx_back_reply(&back, 3, NETIF_RSP_DROPPED);
	assert_int_equal(raw_gtx(page, 1)->rsp.status, NETIF_RSP_NULL);
	(void)!gtx_back_push(&back);
	assert_int_equal(gtx_front_begin(&front), 3);
	expect_answer(7, NETIF_RSP_DROPPED);
	expect_answer(8, NETIF_RSP_DROPPED);
	assert_int_equal(front.extras, 0);
}

/* An extra has 8 bytes in a slot of 12: the other four must not be old memory. */
static void gtx_extra_tail_is_zero(void **state)
{
	struct netif_extra_info extra;

	(void)state;
	memset((char *)page + 64, 0xee, 256 * 12);
	memset(&extra, 0x5a, sizeof(extra));
	gtx_front_post_extra(&front, &extra);
	assert_memory_equal((char *)page + 64 + 8, "\0\0\0\0", 4);
}

/* XSA-216: an answer has 4 bytes in a slot of 12, and no other byte of ours is written there. */
static void gtx_answer_is_four_bytes(void **state)
{
	uint8_t *slot = (uint8_t *)page + 64;

	(void)state;
	memset(slot, 0xee, 12);
	raw_ring(page)->req_prod = 1;
	assert_int_equal(gtx_back_begin(&back), 1);
	assert_true(gtx_back_take(&back, &(struct gtx_slot){ 0 }));
	gtx_back_reply(&back, 1, NETIF_RSP_OKAY);
	assert_int_equal(raw_gtx(page, 0)->rsp.status, NETIF_RSP_OKAY);
	for (unsigned int i = 4; i < 12; i++)
		assert_int_equal(slot[i], 0xee);
}

/* After the ring has wrapped, a slot that held an extra holds a request. */
static void gtx_extra_then_request(void **state)
{
	struct netif_extra_info extra = { 0 };

	(void)state;
	gtx_front_post_extra(&front, &extra);
	(void)!gtx_front_push(&front);
	assert_int_equal(gtx_back_begin(&back), 1);
	assert_true(gtx_back_take_extra(&back, &extra));
	gtx_back_reply(&back, 1, NETIF_RSP_OKAY);
	(void)!gtx_back_push(&back);
	for (unsigned int i = 0; i < 256; i++) {
		assert_int_equal(gtx_front_begin(&front) < 0, false);
		while (gtx_front_take(&front, &(uint16_t){ 0 }, &(int16_t){ 0 }))
			;
		post(3);
		(void)!gtx_front_push(&front);
		assert_int_equal(gtx_back_begin(&back), 1);
		expect_taken(3);
		gtx_back_reply(&back, 1, NETIF_RSP_OKAY);
		(void)!gtx_back_push(&back);
		assert_int_equal(gtx_front_begin(&front), 1);
		expect_answer(3, NETIF_RSP_OKAY);
	}
}

static void gtx_same_id_twice_is_echoed(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		raw_gtx(page, i)->req = (struct netif_tx_request){ .id = 0xbeef, .size = 60 };
	lie_req_prod(3);
	assert_int_equal(gtx_back_begin(&back), 3);
	for (unsigned int i = 0; i < 3; i++)
		assert_true(gtx_back_take(&back, &(struct gtx_slot){ 0 }));
	gtx_back_reply(&back, 3, NETIF_RSP_ERROR);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(raw_gtx(page, i)->rsp.id, 0xbeef);
		assert_int_equal(raw_gtx(page, i)->rsp.status, NETIF_RSP_ERROR);
	}
}

/* --- gtx, a hostile frontend -------------------------------------------------- */

static void gtx_producer_out_of_reach(void **state)
{
	static const uint32_t lies[] = { 257, 258, 0x80000000, 0xffffffff };

	(void)state;
	for (unsigned int s = 0; s < ARRAY_SIZE(starts); s++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(lies); i++) {
			start_at(starts[s]);
			lie_req_prod(starts[s] + lies[i]);
			assert_int_equal(gtx_back_begin(&back), -EPROTO);
			expect_none();
			assert_int_equal(grx_back_begin(&rback), -EPROTO);
			assert_false(grx_back_take(&rback, &(struct gref){ 0 }));
		}
		start_at(starts[s]);
		lie_req_prod(starts[s] + 256);
		assert_int_equal(gtx_back_begin(&back), 256);
		assert_int_equal(grx_back_begin(&rback), 256);
	}
}

static void gtx_producer_goes_back(void **state)
{
	struct gtx_slot s;

	(void)state;
	lie_req_prod(5);
	assert_int_equal(gtx_back_begin(&back), 5);
	assert_true(gtx_back_take(&back, &s));
	assert_true(gtx_back_take(&back, &s));
	lie_req_prod(1);
	assert_int_equal(gtx_back_begin(&back), -EPROTO);
}

/* Slots that are not answered yet count: the frontend may not use them again. */
static void gtx_producer_overruns_unanswered(void **state)
{
	struct gtx_slot s;

	(void)state;
	lie_req_prod(200);
	assert_int_equal(gtx_back_begin(&back), 200);
	while (gtx_back_take(&back, &s))
		;
	lie_req_prod(257);
	assert_int_equal(gtx_back_begin(&back), -EPROTO);
	gtx_back_reply(&back, 1, NETIF_RSP_OKAY);
	assert_int_equal(gtx_back_begin(&back), 57);
}

static void gtx_snapshot_holds(void **state)
{
	struct gtx_slot s;

	(void)state;
	lie_req_prod(2);
	assert_int_equal(gtx_back_begin(&back), 2);
	lie_req_prod(100);
	assert_true(gtx_back_take(&back, &s));
	lie_req_prod(0xffffffff);
	assert_true(gtx_back_take(&back, &s));
	expect_none();
}

/* XSA-155: a slot is copied once. What the frontend writes there afterwards has no effect. */
static void gtx_slot_is_read_once(void **state)
{
	struct gtx_slot s;

	(void)state;
	post(5);
	(void)!gtx_front_push(&front);
	assert_int_equal(gtx_back_begin(&back), 1);
	assert_true(gtx_back_take(&back, &s));
	memset(raw_gtx(page, 0), 0xff, 12);
	assert_int_equal(s.size, 105);
	gtx_back_reply(&back, 1, NETIF_RSP_OKAY);
	assert_int_equal(raw_gtx(page, 0)->rsp.id, 5);	/* from the copy */
}

static void gtx_reply_without_take(void **state)
{
	(void)state;
	lie_req_prod(2);
	assert_int_equal(gtx_back_begin(&back), 2);
	assert_true(gtx_back_take(&back, &(struct gtx_slot){ 0 }));
	gtx_back_reply(&back, 1, NETIF_RSP_OKAY);
	expect_assert_failure(gtx_back_reply(&back, 1, NETIF_RSP_OKAY));
}

/* --- a restarted backend attaches ----------------------------------------------- */

static void attach_resumes_at_rsp_prod(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(starts); i++) {
		start_at(starts[i]);
		post_many(3);
		(void)!gtx_front_push(&front);
		assert_int_equal(gtx_back_begin(&back), 3);
		expect_taken(0);
		expect_taken(1);
		gtx_back_reply(&back, 1, NETIF_RSP_OKAY);
		(void)!gtx_back_push(&back);
		/* The backend dies; it took one request and did not answer it. */
		assert_int_equal(gtx_back_attach(&back, page), 0);
		assert_int_equal(gtx_back_begin(&back), 2);
		expect_taken(1);
		expect_taken(2);
		gtx_back_reply(&back, 2, NETIF_RSP_OKAY);
		(void)!gtx_back_push(&back);
		assert_int_equal(gtx_front_begin(&front), 3);
		for (uint16_t id = 0; id < 3; id++)
			expect_answer(id, NETIF_RSP_OKAY);
	}
}

static void attach_to_arbitrary_page(void **state)
{
	static const uint32_t lies[] = { 257, 0x1000, 0x80000000, 0xfffffffe, 0xffffffff };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lies); i++) {
		*raw_ring(page) = (struct raw_ring){ .req_prod = 7 + lies[i], .rsp_prod = 7 };
		assert_int_equal(gtx_back_attach(&back, page), -EPROTO);
		assert_int_equal(grx_back_attach(&rback, page), -EPROTO);
	}
	memset(page, 0xff, XEN_PAGE);	/* arbitrary, but valid indices: an empty ring */
	assert_int_equal(gtx_back_attach(&back, page), 0);
	assert_int_equal(gtx_back_begin(&back), 0);
	*raw_ring(page) = (struct raw_ring){ .req_prod = 0x80, .rsp_prod = 0xffffff80 };
	assert_int_equal(grx_back_attach(&rback, page), 0);
	assert_int_equal(grx_back_begin(&rback), 256);
}

static void front_init_formats(void **state)
{
	(void)state;
	memset(page, 0xff, 16);
	gtx_front_init(&front, page);
	assert_int_equal(raw_ring(page)->req_prod, 0);
	assert_int_equal(raw_ring(page)->rsp_prod, 0);
	assert_int_equal(raw_ring(page)->req_event, 1);
	assert_int_equal(raw_ring(page)->rsp_event, 1);
}

/* --- events ----------------------------------------------------------------------- */

/* Returns true if the event index is among the n entries after old. That is the condition of
 * RING_PUSH_*_AND_CHECK_NOTIFY in Xen's ring.h, counted and not computed. */
static bool event_among(uint32_t event, uint32_t old, unsigned int n)
{
	for (unsigned int i = 1; i <= n; i++)
		if (event == old + i)
			return true;
	return false;
}

static const uint32_t event_offsets[] = {
	0, 1, 2, 3, 4, 5, 100, 256, 257, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff,
};

static void push_notifies_by_event_index(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < ARRAY_SIZE(starts); s++) {
		for (unsigned int e = 0; e < ARRAY_SIZE(event_offsets); e++) {
			uint32_t event = starts[s] + event_offsets[e];

			start_at(starts[s]);
			raw_ring(page)->req_event = event;
			post_many(4);
			assert_int_equal(gtx_front_push(&front), event_among(event, starts[s], 4));
			assert_false(gtx_front_push(&front));	/* nothing new */
			assert_int_equal(gtx_back_begin(&back), 4);
			while (gtx_back_take(&back, &(struct gtx_slot){ 0 }))
				;
			raw_ring(page)->rsp_event = event;
			gtx_back_reply(&back, 4, NETIF_RSP_OKAY);
			assert_int_equal(gtx_back_push(&back), event_among(event, starts[s], 4));
			assert_false(gtx_back_push(&back));
		}
	}
}

static void back_rearm_says_more(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < ARRAY_SIZE(starts); s++) {
		start_at(starts[s]);
		assert_false(gtx_back_rearm(&back));
		assert_int_equal(raw_ring(page)->req_event, starts[s] + 1);
		post(0);
		assert_true(gtx_front_push(&front));
		assert_true(gtx_back_rearm(&back));
		assert_int_equal(gtx_back_begin(&back), 1);
		expect_taken(0);
		assert_false(gtx_back_rearm(&back));
		assert_int_equal(raw_ring(page)->req_event, starts[s] + 2);
	}
}

static void grx_back_rearm_waits_for_want(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < ARRAY_SIZE(starts); s++) {
		start_at(starts[s]);
		assert_false(grx_back_rearm(&rback, 3));
		assert_int_equal(raw_ring(page)->req_event, starts[s] + 3);
		grx_front_post(&rfront, gref_of(1));
		grx_front_post(&rfront, gref_of(2));
		assert_false(grx_front_push(&rfront));
		assert_false(grx_back_rearm(&rback, 3));
		assert_true(grx_back_rearm(&rback, 2));
		assert_false(grx_back_rearm(&rback, 3));
		grx_front_post(&rfront, gref_of(3));
		assert_true(grx_front_push(&rfront));
		assert_true(grx_back_rearm(&rback, 3));
		assert_false(grx_back_rearm(&rback, 256));
	}
}

static void front_rearm_says_more(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < ARRAY_SIZE(starts); s++) {
		start_at(starts[s]);
		post_many(3);
		(void)!gtx_front_push(&front);
		assert_false(gtx_front_rearm(&front, 2));
		assert_int_equal(raw_ring(page)->rsp_event, starts[s] + 2);
		assert_int_equal(gtx_back_begin(&back), 3);
		expect_taken(0);
		expect_taken(1);
		gtx_back_reply(&back, 1, NETIF_RSP_OKAY);
		assert_false(gtx_back_push(&back));	/* the event is asked for at the second */
		assert_true(gtx_front_rearm(&front, 2));	/* and one is there */
		gtx_back_reply(&back, 1, NETIF_RSP_OKAY);
		assert_true(gtx_back_push(&back));
	}
}

/* A false producer index must not make rearm loop for ever: rearm reports more
 * work, and begin then refuses the index. */
static void rearm_with_false_producer(void **state)
{
	(void)state;
	lie_req_prod(0x80000000);
	assert_true(gtx_back_rearm(&back));
	assert_int_equal(gtx_back_begin(&back), -EPROTO);
}

/* --- gtx, a hostile backend ------------------------------------------------------ */

static void answer_raw(uint32_t idx, uint16_t id, int16_t status)
{
	raw_gtx(page, idx)->rsp = (struct netif_tx_response){ .id = id, .status = status };
}

static int take_raw(uint16_t id, int16_t status)
{
	answer_raw(front.r.rsp_cons, id, status);
	raw_ring(page)->rsp_prod = front.r.rsp_cons + 1;
	assert_int_equal(gtx_front_begin(&front), 1);
	return gtx_front_take(&front, &(uint16_t){ 0 }, &(int16_t){ 0 });
}

static void gtx_answers_in_any_order(void **state)
{
	(void)state;
	post_many(3);
	(void)!gtx_front_push(&front);
	answer_raw(0, 2, NETIF_RSP_OKAY);
	answer_raw(1, 0, NETIF_RSP_ERROR);
	answer_raw(2, 1, -32768);
	raw_ring(page)->rsp_prod = 3;
	assert_int_equal(gtx_front_begin(&front), 3);
	expect_answer(2, NETIF_RSP_OKAY);
	expect_answer(0, NETIF_RSP_ERROR);
	expect_answer(1, -32768);
}

static void gtx_answer_id_out_of_range(void **state)
{
	(void)state;
	post_many(3);
	(void)!gtx_front_push(&front);
	assert_int_equal(take_raw(256, NETIF_RSP_OKAY), -EPROTO);
	assert_int_equal(take_raw(0xffff, NETIF_RSP_OKAY), -EPROTO);
}

static void gtx_answer_not_pending(void **state)
{
	(void)state;
	post_many(3);
	(void)!gtx_front_push(&front);
	assert_int_equal(take_raw(3, NETIF_RSP_OKAY), -EPROTO);
}

static void gtx_answer_twice(void **state)
{
	(void)state;
	post_many(3);
	(void)!gtx_front_push(&front);
	assert_int_equal(take_raw(1, NETIF_RSP_OKAY), 1);
	assert_int_equal(take_raw(1, NETIF_RSP_OKAY), -EPROTO);
}

static void gtx_null_for_data(void **state)
{
	(void)state;
	post_many(2);
	(void)!gtx_front_push(&front);
	assert_int_equal(take_raw(0, NETIF_RSP_NULL), -EPROTO);
}

static void gtx_more_nulls_than_extras(void **state)
{
	struct netif_extra_info extra = { 0 };

	(void)state;
	post(0);
	gtx_front_post_extra(&front, &extra);
	post(1);
	(void)!gtx_front_push(&front);
	assert_int_equal(take_raw(0, NETIF_RSP_NULL), 0);
	assert_int_equal(take_raw(0, NETIF_RSP_NULL), -EPROTO);
}

/* --- false response indices: gtx and grx share the code, and both are tested --------- */

static void rsp_producer_is_false(void **state)
{
	static const uint32_t lies[] = { 4, 5, 256, 257, 0x80000000, 0xffffffff };

	(void)state;
	for (unsigned int s = 0; s < ARRAY_SIZE(starts); s++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(lies); i++) {
			start_at(starts[s]);
			post_many(3);
			(void)!gtx_front_push(&front);
			raw_ring(page)->rsp_prod = starts[s] + lies[i];
			assert_int_equal(gtx_front_begin(&front), -EPROTO);
			assert_int_equal(gtx_front_take(&front, &(uint16_t){ 0 }, &(int16_t){ 0 }), 0);

			start_at(starts[s]);
			for (unsigned int n = 0; n < 3; n++)
				grx_front_post(&rfront, gref_of(n));
			(void)!grx_front_push(&rfront);
			raw_ring(page)->rsp_prod = starts[s] + lies[i];
			assert_int_equal(grx_front_begin(&rfront), -EPROTO);
			assert_false(grx_front_take(&rfront, &(struct grx_slot){ 0 }));
		}
	}
}

/* A request that is not published yet cannot have an answer. */
static void rsp_producer_beyond_published(void **state)
{
	(void)state;
	post(0);
	(void)!gtx_front_push(&front);
	post(1);
	raw_ring(page)->rsp_prod = 2;
	assert_int_equal(gtx_front_begin(&front), -EPROTO);
}

static void rsp_producer_goes_back(void **state)
{
	(void)state;
	post_many(3);
	(void)!gtx_front_push(&front);
	assert_int_equal(take_raw(0, NETIF_RSP_OKAY), 1);
	assert_int_equal(take_raw(1, NETIF_RSP_OKAY), 1);
	raw_ring(page)->rsp_prod = 1;
	assert_int_equal(gtx_front_begin(&front), -EPROTO);
}

/* --- grx ---------------------------------------------------------------------------- */

static void grx_empty(void **state)
{
	(void)state;
	assert_int_equal(grx_back_begin(&rback), 0);
	assert_int_equal(grx_back_left(&rback), 0);
	assert_false(grx_back_take(&rback, &(struct gref){ 0 }));
	assert_int_equal(grx_front_begin(&rfront), 0);
	assert_false(grx_front_take(&rfront, &(struct grx_slot){ 0 }));
	assert_false(grx_front_take_extra(&rfront, &(struct netif_extra_info){ 0 }));
	assert_int_equal(grx_front_free(&rfront), 256);
}

static void grx_round_trip(uint32_t at, unsigned int n)
{
	struct gref gref;
	struct grx_slot s;

	start_at(at);
	for (unsigned int i = 0; i < n; i++) {
		uint16_t next = grx_front_next(&rfront);

		assert_int_equal(next, (at + i) % 256);
		assert_int_equal(grx_front_post(&rfront, gref_of(500 + i)), next);
		assert_int_equal(raw_grx(page, at + i)->req.id, next);
	}
	assert_int_equal(grx_front_free(&rfront), 256 - n);
	assert_true(grx_front_push(&rfront));
	assert_int_equal(grx_back_begin(&rback), n);
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(grx_back_left(&rback), n - i);
		assert_true(grx_back_take(&rback, &gref));
		assert_int_equal(gref.raw, 500 + i);
	}
	for (unsigned int i = 0; i < n; i++)
		grx_back_reply(&rback, (uint16_t)i, (uint16_t)(i & 7), (int16_t)(i * 5));
	assert_true(grx_back_push(&rback));
	assert_int_equal(grx_front_begin(&rfront), n);
	for (unsigned int i = 0; i < n; i++) {
		assert_true(grx_front_take(&rfront, &s));
		assert_int_equal(s.index, (at + i) % 256);
		assert_int_equal(s.id, s.index);
		assert_int_equal(s.offset, i);
		assert_int_equal(s.flags, i & 7);
		assert_int_equal(s.status, i * 5);
	}
	assert_int_equal(grx_front_free(&rfront), 256);
}

static void grx_one(void **state) { (void)state; grx_round_trip(0, 1); }
static void grx_three(void **state) { (void)state; grx_round_trip(0, 3); }

static void grx_wraps(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(starts); i++) {
		grx_round_trip(starts[i], 4);
		grx_round_trip(starts[i], 256);
	}
}

static void grx_no_space(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 256; i++)
		grx_front_post(&rfront, gref_of(i));
	assert_int_equal(grx_front_free(&rfront), 0);
	expect_assert_failure(grx_front_post(&rfront, gref_of(0)));
}

static void grx_extra(void **state)
{
	struct netif_extra_info extra, got;

	(void)state;
	memset(&extra, 0x5a, sizeof(extra));
	for (unsigned int i = 0; i < 2; i++)
		grx_front_post(&rfront, gref_of(i));
	(void)!grx_front_push(&rfront);
	assert_int_equal(grx_back_begin(&rback), 2);
	for (unsigned int i = 0; i < 2; i++)
		assert_true(grx_back_take(&rback, &(struct gref){ 0 }));
	grx_back_reply(&rback, 0, NETRXF_extra_info, 60);
	grx_back_reply_extra(&rback, &extra);
	(void)!grx_back_push(&rback);
	assert_int_equal(grx_front_begin(&rfront), 2);
	assert_true(grx_front_take(&rfront, &(struct grx_slot){ 0 }));
	assert_true(grx_front_take_extra(&rfront, &got));
	assert_memory_equal(&got, &extra, sizeof(got));
	assert_false(grx_front_take_extra(&rfront, &got));
	expect_assert_failure(grx_back_reply_extra(&rback, &extra));
}

/* The answer has the id of the copied request, not that in the page. */
static void grx_id_is_echoed(void **state)
{
	(void)state;
	raw_grx(page, 0)->req = (struct netif_rx_request){ .id = 0x1234, .gref = 9 };
	lie_req_prod(1);
	assert_int_equal(grx_back_begin(&rback), 1);
	assert_true(grx_back_take(&rback, &(struct gref){ 0 }));
	memset(raw_grx(page, 0), 0xff, 8);
	grx_back_reply(&rback, 0, 0, NETIF_RSP_ERROR);
	assert_int_equal(raw_grx(page, 0)->rsp.id, 0x1234);
	assert_int_equal(raw_grx(page, 0)->rsp.status, NETIF_RSP_ERROR);
}

static void grx_reply_without_take(void **state)
{
	(void)state;
	expect_assert_failure(grx_back_reply(&rback, 0, 0, 0));
}

static void grx_unanswered_overrun(void **state)
{
	(void)state;
	lie_req_prod(256);
	assert_int_equal(grx_back_begin(&rback), 256);
	assert_true(grx_back_take(&rback, &(struct gref){ 0 }));
	lie_req_prod(257);
	assert_int_equal(grx_back_begin(&rback), -EPROTO);
}

/* Only the four index words and the slots are written. */
static void page_outside_ring_untouched(void **state)
{
	(void)state;
	memset((char *)page + 16, 0xcd, 48);
	memset((char *)page + 64 + 256 * 12, 0xcd, XEN_PAGE - 64 - 256 * 12);
	post_many(256);
	(void)!gtx_front_push(&front);
	assert_int_equal(gtx_back_begin(&back), 256);
	while (gtx_back_take(&back, &(struct gtx_slot){ 0 }))
		;
	gtx_back_reply(&back, 256, NETIF_RSP_OKAY);
	(void)!gtx_back_push(&back);
	(void)!gtx_back_rearm(&back);
	(void)!gtx_front_rearm(&front, 256);
	for (unsigned int i = 16; i < 64; i++)
		assert_int_equal(((uint8_t *)page)[i], 0xcd);
	for (unsigned int i = 64 + 256 * 12; i < XEN_PAGE; i++)
		assert_int_equal(((uint8_t *)page)[i], 0xcd);
}

#define CASE(f_) cmocka_unit_test_setup_teardown(f_, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(gtx_empty), CASE(gtx_one), CASE(gtx_two), CASE(gtx_three), CASE(gtx_full),
		CASE(gtx_wraps), CASE(gtx_no_space), CASE(gtx_id_in_use), CASE(gtx_extra),
		CASE(gtx_extra_tail_is_zero), CASE(gtx_answer_is_four_bytes),
		CASE(gtx_extra_then_request), CASE(gtx_same_id_twice_is_echoed),
		CASE(gtx_producer_out_of_reach), CASE(gtx_producer_goes_back),
		CASE(gtx_producer_overruns_unanswered), CASE(gtx_snapshot_holds),
		CASE(gtx_slot_is_read_once), CASE(gtx_reply_without_take),
		CASE(attach_resumes_at_rsp_prod), CASE(attach_to_arbitrary_page), CASE(front_init_formats),
		CASE(push_notifies_by_event_index), CASE(back_rearm_says_more),
		CASE(grx_back_rearm_waits_for_want), CASE(front_rearm_says_more),
		CASE(rearm_with_false_producer),
		CASE(gtx_answers_in_any_order), CASE(gtx_answer_id_out_of_range),
		CASE(gtx_answer_not_pending), CASE(gtx_answer_twice), CASE(gtx_null_for_data),
		CASE(gtx_more_nulls_than_extras),
		CASE(rsp_producer_is_false), CASE(rsp_producer_beyond_published), CASE(rsp_producer_goes_back),
		CASE(grx_empty), CASE(grx_one), CASE(grx_three), CASE(grx_wraps), CASE(grx_no_space),
		CASE(grx_extra), CASE(grx_id_is_echoed), CASE(grx_reply_without_take),
		CASE(grx_unanswered_overrun), CASE(page_outside_ring_untouched),
	};

	return RUN_TESTS(tests);
}
