/* SPDX-License-Identifier: MIT */
/* run-storm.c - the naps that answer a storm of signals: they grow while signals bring no work,
 * and end with the first work */
#include "unit.h"
#include "common/host/storm.c"

#define PORTS 2u

static unsigned int empty_wake(struct storm *s)
{
	storm_event(s);
	return storm_nap_us(s, PORTS);
}

static void grows_to_the_limit(void **state)
{
	static const unsigned int naps[] = { 100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000, 10000 };
	struct storm s = { 0 };

	(void)state;
	for (unsigned int i = 0; i < PORTS + STORM_FREE; i++)
		assert_int_equal(empty_wake(&s), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(naps); i++)
		assert_int_equal(empty_wake(&s), naps[i]);
	for (unsigned int i = 0; i < 100000; i++)
		assert_int_equal(empty_wake(&s), 10000);
}

static void work_ends_the_naps(void **state)
{
	struct storm s = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 50; i++)
		(void)!empty_wake(&s);
	storm_work(&s);
	for (unsigned int i = 0; i < PORTS + STORM_FREE; i++)
		assert_int_equal(empty_wake(&s), 0);
	assert_int_equal(empty_wake(&s), 100);
}

/* Most peers cause one wake with work and then one without. Neither leads to a nap. */
static void honest_peer(void **state)
{
	struct storm s = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 10000; i++) {
		storm_event(&s);
		storm_work(&s);
		assert_int_equal(storm_nap_us(&s, PORTS), 0);
		assert_int_equal(empty_wake(&s), 0);
	}
}

/* Each port of a worker may fire once for work that is done already. */
static void all_ports_once(void **state)
{
	struct storm s = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		storm_event(&s);
		storm_work(&s);
		for (unsigned int port = 0; port < 33; port++) {
			storm_event(&s);
			assert_int_equal(storm_nap_us(&s, 33), 0);
		}
	}
}

/* A wake by a timer or by the TAP is not caused by the peer, so it does not count. */
static void only_signals_count(void **state)
{
	struct storm s = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 20; i++)
		(void)!empty_wake(&s);
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(storm_nap_us(&s, PORTS), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_to_the_limit),
		cmocka_unit_test(work_ends_the_naps),
		cmocka_unit_test(honest_peer),
		cmocka_unit_test(all_ports_once),
		cmocka_unit_test(only_signals_count),
	};

	return RUN_TESTS(tests);
}
