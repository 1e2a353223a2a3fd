/* SPDX-License-Identifier: MIT */
/* run-taplook.c - looks at a TAP that nothing announced go on while they find something, and are tried
 * again now and then */
#include "unit.h"

#include "common/host/taplook.c"

/* Frames that come in twos: the look after each second one finds nothing, and none is left out. */
static void a_stream_is_looked_at(void **state)
{
	struct taplook l = { .now = NULL };

	(void)state;
	for (unsigned int i = 0; i < 50; i++) {
		taplook_announced(&l);
		assert_true(taplook_again(&l));
		assert_true(taplook_again(&l));
		taplook_empty(&l);
	}
}

/* Frames that come alone: all looks but each TAPLOOK_TRY-th are left out. The first one after those that finds
 * something ends that. */
static void a_round_trip_is_not(void **state)
{
	struct taplook l = { .now = NULL };
	unsigned int looks = 0;

	(void)state;
	for (unsigned int i = 0; i < TAPLOOK_MISSES + 5 * TAPLOOK_TRY; i++) {
		taplook_announced(&l);
		if (!taplook_again(&l))
			continue;
		looks++;
		taplook_empty(&l);
	}
	assert_int_equal(looks, TAPLOOK_MISSES + 5);
	for (unsigned int i = 1; i < TAPLOOK_TRY; i++)
		assert_false(taplook_again(&l));
	assert_true(taplook_again(&l));
	assert_true(taplook_again(&l));
	taplook_empty(&l);
	taplook_announced(&l);
	assert_true(taplook_again(&l));
}

/* An answer that comes at once is looked for, although nothing comes after it. */
static void kinds_are_apart(void **state)
{
	struct taplook l = { .now = NULL };

	(void)state;
	for (unsigned int i = 0; i < 50; i++) {
		assert_true(taplook_answer(&l));
		if (taplook_again(&l))
			taplook_empty(&l);
	}
	assert_int_equal(l.again.misses, TAPLOOK_MISSES);
	/* Answers end. */
	for (unsigned int i = 0; i < TAPLOOK_MISSES; i++) {
		assert_true(taplook_answer(&l));
		taplook_empty(&l);
	}
	assert_false(taplook_answer(&l));
}

/* A read that was announced and finds nothing says nothing about looks. */
static void announced_reads_do_not_count(void **state)
{
	struct taplook l = { .now = NULL };

	(void)state;
	for (unsigned int i = 0; i < 10; i++) {
		taplook_announced(&l);
		taplook_empty(&l);
	}
	assert_true(taplook_again(&l));
	assert_true(taplook_answer(&l));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_is_looked_at), cmocka_unit_test(a_round_trip_is_not),
		cmocka_unit_test(kinds_are_apart), cmocka_unit_test(announced_reads_do_not_count),
	};

	return RUN_TESTS(tests);
}
