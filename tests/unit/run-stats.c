/* SPDX-License-Identifier: MIT */
/* run-stats.c - counters: each has a name of its own, and they print into a buffer of any length */
#include "unit.h"
#include "common/base/stats.c"

static void names_are_distinct(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < STAT_MAX; i++) {
		assert_non_null(stats_name((enum counter)i));
		assert_true(strspn(stats_name((enum counter)i), "abcdefghijklmnopqrstuvwxyz_") ==
			    strlen(stats_name((enum counter)i)));
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(stats_name((enum counter)i), stats_name((enum counter)j));
	}
	assert_string_equal(stats_name(STAT_GTX_DROP_SHORT), "gtx_drop_short");
	assert_string_equal(stats_name(STAT_SLEEPS), "sleeps");
}

/* Each drop reason has a counter of its name in each direction, and a sentence of help. */
static void drop_reasons(void **state)
{
	(void)state;
	assert_string_equal(drop_name(DROP_NONE), "");
	assert_string_equal(drop_help(DROP_NONE), "");
	for (enum drop d = DROP_NONE + 1; d < DROP_MAX; d++) {
		size_t len = strlen(drop_help(d));

		assert_int_equal(strncmp(stats_name(stats_gtx_drop(d)), "gtx_drop_", 9), 0);
		assert_string_equal(stats_name(stats_gtx_drop(d)) + 9, drop_name(d));
		assert_int_equal(strncmp(stats_name(stats_grx_drop(d)), "grx_drop_", 9), 0);
		assert_string_equal(stats_name(stats_grx_drop(d)) + 9, drop_name(d));
		assert_true(len > 20 && drop_help(d)[len - 1] == '.');
		assert_true(drop_help(d)[0] >= 'A' && drop_help(d)[0] <= 'Z' && !strchr(drop_help(d), '"'));
	}
	assert_int_equal(stats_grx_drop(DROP_TIMEOUT), STAT_GRX_DROP_TIMEOUT);
	assert_int_equal(stats_gtx_drop(DROP_TAP), STAT_GTX_DROP_TAP);
}

static void counting(void **state)
{
	struct stats s = { { 0 } };

	(void)state;
	stats_inc(&s, STAT_GTX_PACKETS);
	stats_inc(&s, STAT_GTX_PACKETS);
	stats_add(&s, STAT_GTX_BYTES, 0x100000000);
	assert_int_equal(stats_get(&s, STAT_GTX_PACKETS), 2);
	assert_true(stats_get(&s, STAT_GTX_BYTES) == 0x100000000);
	assert_int_equal(stats_get(&s, STAT_GRX_PACKETS), 0);
}

static void printing(void **state)
{
	struct stats s = { { 0 } };
	char buf[256];

	(void)state;
	memset(buf, 'x', sizeof(buf));
	stats_print(&s, buf, sizeof(buf));
	assert_string_equal(buf, "");
	stats_add(&s, STAT_GTX_PACKETS, 3);
	stats_print(&s, buf, sizeof(buf));
	assert_string_equal(buf, "gtx_packets=3");
	stats_add(&s, STAT_SLEEPS, UINT64_MAX);
	stats_print(&s, buf, sizeof(buf));
	assert_string_equal(buf, "gtx_packets=3 sleeps=18446744073709551615");
}

/* The text ends within the buffer, however short that is. */
static void printing_cut_off(void **state)
{
	struct stats s;
	char whole[2048];

	(void)state;
	for (unsigned int i = 0; i < STAT_MAX; i++)
		s.v[i] = UINT64_MAX;
	stats_print(&s, whole, sizeof(whole));
	assert_int_equal(strncmp(whole, "gtx_packets=18446744073709551615 gtx_bytes=", 43), 0);
	for (unsigned int len = 1; len <= strlen(whole) + 1; len++) {
		char *tight = malloc(len);

		assert_non_null(tight);
		stats_print(&s, tight, len);
		assert_true(memchr(tight, '\0', len) != NULL);
		assert_int_equal(strncmp(tight, whole, strlen(tight)), 0);
		free(tight);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_distinct), cmocka_unit_test(drop_reasons), cmocka_unit_test(counting), cmocka_unit_test(printing),
		cmocka_unit_test(printing_cut_off),
	};

	return RUN_TESTS(tests);
}
