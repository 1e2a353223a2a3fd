/* SPDX-License-Identifier: MIT */
/* run-spin.c - how long a worker polls before it sleeps */
#include "unit.h"

#include "common/host/spin.c"

/* Short sleeps make it poll for longer, up to a limit, and long ones make it stop. */
static void learns_from_sleeps(void **state)
{
	struct spin s = { .us = 0 };
	static const unsigned int up[] = { 10, 20, 40, 80, 100, 100 }, down[] = { 50, 25, 12, 6, 0, 0 };

	(void)state;
	spin_slept(&s, SPIN_MAX_US - 1, 1);
	assert_int_equal(s.us, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(up); i++) {
		spin_slept(&s, SPIN_MAX_US - 1, 1);
		assert_int_equal(s.us, up[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(down); i++) {
		spin_slept(&s, SPIN_MAX_US, 1);
		assert_int_equal(s.us, down[i]);
	}
}

/* One short sleep after each long one, as in a round trip now and then, begins no polling. */
static void a_round_trip_is_not_polled_for(void **state)
{
	struct spin s = { .us = 0 };

	(void)state;
	for (unsigned int i = 0; i < 10; i++) {
		spin_slept(&s, SPIN_MAX_US - 1, 1);
		assert_int_equal(s.us, 0);
		spin_slept(&s, SPIN_MAX_US, 1);
		assert_int_equal(s.us, 0);
	}
}

/* A yield that takes long ends it for a while, whatever the sleeps are. */
static void leaves_the_processor_to_others(void **state)
{
	struct spin s = { .us = 40 };

	(void)state;
	spin_yielded(&s, 1000, 1000 + CROWDED_YIELD_US - 1);
	assert_int_equal(s.us, 40);
	spin_yielded(&s, 1000, 1000 + CROWDED_YIELD_US);
	assert_int_equal(s.us, 0);
	spin_slept(&s, 1, 1000 + CROWDED_YIELD_US + CROWDED_US - 1);
	assert_int_equal(s.us, 0);
	spin_slept(&s, 1, 1000 + CROWDED_YIELD_US + CROWDED_US);
	spin_slept(&s, 1, 1000 + CROWDED_YIELD_US + CROWDED_US);
	assert_int_equal(s.us, SPIN_START_US);
}

/* Much that was moved without a pause is a stream, for a moment; little is not. */
static void knows_a_stream(void **state)
{
	struct spin s = { .bytes_since_idle = STREAM_BYTES - 1 };

	(void)state;
	assert_false(spin_streams(&s, 5000));
	s.bytes_since_idle = STREAM_BYTES;
	assert_true(spin_streams(&s, 5000));
	assert_int_equal(s.bytes_since_idle, 0);
	assert_true(spin_streams(&s, 5000 + STREAM_US - 1));
	assert_false(spin_streams(&s, 5000 + STREAM_US));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(learns_from_sleeps), cmocka_unit_test(a_round_trip_is_not_polled_for), cmocka_unit_test(leaves_the_processor_to_others),
		cmocka_unit_test(knows_a_stream),
	};

	return RUN_TESTS(tests);
}
