/* SPDX-License-Identifier: MIT */
/* run-credit.c - rate limits: parses the text that xl writes, refuses other text, and lets no more
 * bytes pass than the rate allows */
#include <errno.h>
#include <pthread.h>

#include "unit.h"
#include "common/wire/credit.c"

static void parses(const char *text, int err, uint64_t bytes, uint64_t usecs)
{
	struct credit_rate r = { 7, 7 };

	assert_int_equal(credit_parse(&r, text), err);
	assert_int_equal(r.bytes, bytes);
	assert_int_equal(r.usecs, usecs);
}

static void rates_as_text(void **state)
{
	(void)state;
	parses("20000,20000", 0, 20000, 20000);
	parses("1,1", 0, 1, 1);
	parses("1000,0", 0, 1000, 0);
	parses("0,0", 0, 0, 0);
	parses("18446744073709551615,18446744073709551615", 0, BYTES_MAX, USECS_MAX);
	parses("99999999999999999999999999999999999,1", 0, BYTES_MAX, 1);
	for (const char *const *bad = (const char *const[]){ "", ",", "1", "1,", ",1", "1,1,", "1,1 ", " 1,1", "-1,1",
		     "1,-1", "+1,1", "0x10,1", "1;1", "1,1x", "a,b", "1 ,1", "0,50000", NULL }; *bad; bad++)
		parses(*bad, -EINVAL, 0, 0);
}

static void no_limit_lets_all_through(void **state)
{
	struct credit c = { 0 };
	struct credit_rate r = { 1000, 0 };

	(void)state;
	assert_true(credit_allows(&c, 0));
	credit_set(&c, &r, 5);
	for (uint64_t now = 5; now < 20; now++) {
		assert_true(credit_allows(&c, now));
		credit_charge(&c, 65535);
		assert_int_equal(credit_wait(&c, 65535, now), 0);
	}
}

/* Returns how many bytes pass in usecs from start on, in frames of len, tried every tick microseconds. */
static uint64_t flow(struct credit *c, uint64_t start, uint64_t usecs, uint32_t len, uint64_t tick)
{
	uint64_t sent = 0;

	for (uint64_t now = start; now < start + usecs; now += tick)
		while (credit_allows(c, now)) {
			credit_charge(c, len);
			sent += len;
		}
	return sent;
}

static void the_rate_is_kept(void **state)
{
	static const struct { uint64_t bytes, usecs, per_second; } rates[] = {
		{ 20000, 20000, 1000000 }, { 50000, 50000, 1000000 }, { 1250000000, 1000000, 1250000000 },
		{ 6250000, 50000, 125000000 }, { 3, 7, 428571 }, { 1, 1000000, 1 },
	};
	static const uint32_t lens[] = { 60, 1514, 65535 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rates); i++)
		for (unsigned int l = 0; l < ARRAY_SIZE(lens); l++) {
			struct credit_rate r = { rates[i].bytes, rates[i].usecs };
			struct credit c = { 0 };
			uint64_t want = rates[i].per_second * 10, got;

			credit_set(&c, &r, 1000);
			got = flow(&c, 1000, 10000000, lens[l], 137);
			assert_true(got <= want + lens[l]);
			assert_true(got + rates[i].per_second / 1000 + 1 >= want);
		}
}

static void idle_time_is_worth_a_burst_at_most(void **state)
{
	struct credit_rate r = { 1000, 1000 }, large = { 1000000, 1000000 };
	struct credit c = { 0 };

	(void)state;
	credit_set(&c, &r, 0);
	assert_int_equal(flow(&c, UINT64_C(1) << 40, 1, 1, 1), CREDIT_BURST_MIN);
	credit_set(&c, &large, UINT64_C(1) << 40);
	assert_int_equal(flow(&c, UINT64_C(1) << 41, 1, 1, 1), 1000000);
	/* A smaller bucket holds a smaller burst. */
	assert_true(credit_allows(&c, UINT64_C(1) << 42));
	credit_set(&c, &r, UINT64_C(1) << 42);
	assert_int_equal(flow(&c, (UINT64_C(1) << 42) + 1, 1, 1, 1), CREDIT_BURST_MIN);
}

static void waits_as_long_as_it_takes(void **state)
{
	struct credit_rate r = { 1000, 1000 };		/* a byte a microsecond */
	struct credit c = { 0 };

	(void)state;
	credit_set(&c, &r, 100);
	assert_false(credit_allows(&c, 100));
	assert_int_equal(credit_wait(&c, 1, 100), 1);
	assert_int_equal(credit_wait(&c, 500, 100), 500);
	assert_int_equal(credit_wait(&c, UINT32_MAX, 100), CREDIT_BURST_MIN);
	assert_true(credit_allows(&c, 101));
	credit_charge(&c, 65535);
	assert_false(credit_allows(&c, 101));
	assert_int_equal(credit_wait(&c, 1, 101), 65535);
	assert_int_equal(credit_wait(&c, 1, 60101), 5535);
	assert_false(credit_allows(&c, 65635));
	assert_true(credit_allows(&c, 65636));
}

static void time_that_goes_back_and_far_ahead(void **state)
{
	struct credit_rate slow = { 1, 10000000 }, fast = { UINT64_MAX, 1 };
	struct credit c = { 0 };

	(void)state;
	credit_set(&c, &slow, 1000);
	assert_false(credit_allows(&c, 10));
	assert_true(credit_allows(&c, UINT64_MAX));
	c = (struct credit){ 0 };
	credit_set(&c, &fast, 0);
	assert_int_equal(c.rate, RATE_MAX);
	assert_true(credit_allows(&c, UINT64_MAX));
	assert_true(credit_allows(&c, UINT64_MAX));
	assert_true(credit_wait(&c, UINT32_MAX, 0) == 0);
}

static void limit_comes_and_goes(void **state)
{
	struct credit_rate r = { 1000, 1000 }, none = { 0, 0 };
	struct credit c = { 0 };

	(void)state;
	credit_set(&c, &r, 0);
	assert_true(credit_allows(&c, 10));
	credit_charge(&c, 65535);
	assert_false(credit_allows(&c, 20));
	credit_set(&c, &none, 30);
	assert_true(credit_allows(&c, 30));
	/* Debt does not outlive the limit. */
	credit_set(&c, &r, 40);
	assert_true(credit_allows(&c, 41));
}

struct draw {
	struct credit *c;
	uint64_t sent;
};

static void *drawer(void *arg)
{
	struct draw *d = arg;

	for (uint64_t now = 0; now < 1000000; now += 3)
		while (credit_allows(d->c, now)) {
			credit_charge(d->c, 1514);
			d->sent += 1514;
		}
	return NULL;
}

/* Each thread reads the clock by itself. The credit of a moment is charged once only. */
static void threads_share_one_bucket(void **state)
{
	struct credit_rate r = { 20000, 20000 };
	struct credit c = { 0 };
	struct draw d[4];
	pthread_t t[4];
	uint64_t sum = 0;

	(void)state;
	credit_set(&c, &r, 0);
	for (int i = 0; i < 4; i++) {
		d[i] = (struct draw){ &c, 0 };
		assert_int_equal(pthread_create(&t[i], NULL, drawer, &d[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		sum += d[i].sent;
	}
	assert_true(sum <= 1000000 + 4 * 1514);
	assert_true(sum >= 1000000 - CREDIT_BURST_MIN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_as_text),
		cmocka_unit_test(no_limit_lets_all_through),
		cmocka_unit_test(the_rate_is_kept),
		cmocka_unit_test(idle_time_is_worth_a_burst_at_most),
		cmocka_unit_test(waits_as_long_as_it_takes),
		cmocka_unit_test(time_that_goes_back_and_far_ahead),
		cmocka_unit_test(limit_comes_and_goes),
		cmocka_unit_test(threads_share_one_bucket),
	};

	return RUN_TESTS(tests);
}
