/* SPDX-License-Identifier: MIT */
/* run-ctrlring.c - the two ends of the control ring, which has 128 slots: first with a correct peer,
 * then with one that writes false indices */
#include <errno.h>

#include "unit.h"
#include "common/wire/ctrlring.c"

static const uint32_t starts[] = { 0, 1, 126, 127, 128, 255, 0x7fffffff, 0xfffffffd, 0xffffffff };

static struct ctrl_back back;
static struct ctrl_front front;
static void *page;

static void start_at(uint32_t at)
{
	memset(page, 0, XEN_PAGE);
	ctrl_front_init(&front, page);
	*raw_ring(page) = (struct raw_ring){ at, at + 1, at, at + 1 };
	front.r.req_pvt = front.r.req_pub = front.r.rsp_cons = front.r.rsp_snap = at;
	assert_int_equal(ctrl_back_attach(&back, page), 0);
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

static struct xen_netif_ctrl_request a_request(unsigned int i)
{
	return (struct xen_netif_ctrl_request){ .id = (uint16_t)(i * 7), .type = (uint16_t)i,
						.data = { i, ~i, i << 16 } };
}

static void post(unsigned int i)
{
	struct xen_netif_ctrl_request req = a_request(i);

	ctrl_front_post(&front, &req);
}

static void round_trip(uint32_t at, unsigned int n)
{
	struct xen_netif_ctrl_response rsp;

	start_at(at);
	for (unsigned int i = 0; i < n; i++)
		post(i);
	assert_int_equal(ctrl_back_begin(&back), 0);
	assert_true(ctrl_front_push(&front));
	assert_int_equal(ctrl_back_begin(&back), n);
	for (unsigned int i = 0; i < n; i++) {
		struct xen_netif_ctrl_request want = a_request(i), got;

		assert_true(ctrl_back_take(&back, &got));
		assert_memory_equal(&got, &want, sizeof(got));
		rsp = (struct xen_netif_ctrl_response){ .id = got.id, .type = got.type, .status = i, .data = ~i };
		ctrl_back_reply(&back, &rsp);
	}
	assert_false(ctrl_back_take(&back, &(struct xen_netif_ctrl_request){ 0 }));
	assert_int_equal(ctrl_front_begin(&front), 0);
	assert_true(ctrl_back_push(&back));
	assert_int_equal(ctrl_front_begin(&front), n);
	for (unsigned int i = 0; i < n; i++) {
		assert_true(ctrl_front_take(&front, &rsp));
		assert_int_equal(rsp.id, a_request(i).id);
		assert_int_equal(rsp.type, i);
		assert_int_equal(rsp.status, i);
		assert_int_equal(rsp.data, ~i);
	}
	assert_false(ctrl_front_take(&front, &rsp));
}

static void empty(void **state)
{
	(void)state;
	assert_int_equal(ctrl_back_begin(&back), 0);
	assert_false(ctrl_back_take(&back, &(struct xen_netif_ctrl_request){ 0 }));
	assert_int_equal(ctrl_front_begin(&front), 0);
	assert_false(ctrl_front_take(&front, &(struct xen_netif_ctrl_response){ 0 }));
	assert_false(ctrl_back_push(&back));
	assert_false(ctrl_front_push(&front));
}

static void one_two_three(void **state)
{
	(void)state;
	for (unsigned int n = 1; n <= 3; n++)
		round_trip(0, n);
}

static void wraps(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(starts); i++) {
		round_trip(starts[i], 3);
		round_trip(starts[i], 128);
	}
}

static void no_space(void **state)
{
	struct xen_netif_ctrl_request req = a_request(0);

	(void)state;
	for (unsigned int i = 0; i < 128; i++)
		post(i);
	expect_assert_failure(ctrl_front_post(&front, &req));
}

static void reply_without_take(void **state)
{
	struct xen_netif_ctrl_response rsp = { 0 };

	(void)state;
	expect_assert_failure(ctrl_back_reply(&back, &rsp));
}

static void producer_out_of_reach(void **state)
{
	static const uint32_t lies[] = { 129, 256, 257, 0x80000000, 0xffffffff };

	(void)state;
	for (unsigned int s = 0; s < ARRAY_SIZE(starts); s++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(lies); i++) {
			start_at(starts[s]);
			raw_ring(page)->req_prod = starts[s] + lies[i];
			assert_int_equal(ctrl_back_begin(&back), -EPROTO);
			assert_int_equal(ctrl_back_attach(&back, page), -EPROTO);
		}
		start_at(starts[s]);
		raw_ring(page)->req_prod = starts[s] + 128;
		assert_int_equal(ctrl_back_begin(&back), 128);
	}
}

static void answers_out_of_reach(void **state)
{
	static const uint32_t lies[] = { 3, 128, 129, 0x80000000, 0xffffffff };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lies); i++) {
		start_at(0);
		post(0);
		post(1);
		(void)!ctrl_front_push(&front);
		raw_ring(page)->rsp_prod = lies[i];
		assert_int_equal(ctrl_front_begin(&front), -EPROTO);
		assert_false(ctrl_front_take(&front, &(struct xen_netif_ctrl_response){ 0 }));
	}
}

static void resumes_at_rsp_prod(void **state)
{
	struct xen_netif_ctrl_request got;

	(void)state;
	post(0);
	post(1);
	(void)!ctrl_front_push(&front);
	assert_int_equal(ctrl_back_begin(&back), 2);
	assert_true(ctrl_back_take(&back, &got));
	/* The backend dies; it took the first request and did not answer it. */
	assert_int_equal(ctrl_back_attach(&back, page), 0);
	assert_int_equal(ctrl_back_begin(&back), 2);
	assert_true(ctrl_back_take(&back, &got));
	assert_int_equal(got.id, a_request(0).id);
}

static void rearm(void **state)
{
	(void)state;
	assert_false(ctrl_back_rearm(&back));
	assert_int_equal(raw_ring(page)->req_event, 1);
	post(0);
	assert_true(ctrl_front_push(&front));
	assert_true(ctrl_back_rearm(&back));
	assert_false(ctrl_front_rearm(&front));
	assert_int_equal(raw_ring(page)->rsp_event, 1);
	assert_int_equal(ctrl_back_begin(&back), 1);
	assert_true(ctrl_back_take(&back, &(struct xen_netif_ctrl_request){ 0 }));
	ctrl_back_reply(&back, &(struct xen_netif_ctrl_response){ 0 });
	assert_true(ctrl_back_push(&back));
	assert_true(ctrl_front_rearm(&front));
}

#define CASE(f_) cmocka_unit_test_setup_teardown(f_, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(empty), CASE(one_two_three), CASE(wraps), CASE(no_space), CASE(reply_without_take),
		CASE(producer_out_of_reach), CASE(answers_out_of_reach), CASE(resumes_at_rsp_prod), CASE(rearm),
	};

	return RUN_TESTS(tests);
}
