/* SPDX-License-Identifier: MIT */
/* run-free_pages.c - the set of free transmit pages: the lowest are found first, and none is
 * found twice or lost */
#include "unit.h"
#include "frontend/data/free_pages.c"

static struct free_pages s;
static uint16_t ids[POOL_GTX_PAGES + 1];

static void starts_with_all_pages(void **state)
{
	(void)state;
	free_pages_init(&s);
	assert_int_equal(s.count, POOL_GTX_PAGES);
	assert_int_equal(free_pages_lowest(&s, ids, POOL_GTX_PAGES + 1), POOL_GTX_PAGES);
	for (unsigned int i = 0; i < POOL_GTX_PAGES; i++)
		assert_int_equal(ids[i], i);
	assert_int_equal(free_pages_lowest(&s, ids, 0), 0);
	assert_int_equal(s.count, POOL_GTX_PAGES);
}

static void finding_claims_nothing(void **state)
{
	(void)state;
	free_pages_init(&s);
	assert_int_equal(free_pages_lowest(&s, ids, 17), 17);
	free_pages_claim(&s, ids, 3);
	assert_int_equal(s.count, POOL_GTX_PAGES - 3);
	assert_int_equal(free_pages_lowest(&s, ids, 2), 2);
	assert_int_equal(ids[0], 3);
	assert_int_equal(ids[1], 4);
}

static void empty(void **state)
{
	(void)state;
	free_pages_init(&s);
	assert_int_equal(free_pages_lowest(&s, ids, POOL_GTX_PAGES), POOL_GTX_PAGES);
	free_pages_claim(&s, ids, POOL_GTX_PAGES);
	assert_int_equal(s.count, 0);
	assert_int_equal(free_pages_lowest(&s, ids, 1), 0);
	free_pages_put(&s, POOL_GTX_PAGES - 1);
	assert_int_equal(free_pages_lowest(&s, ids, 2), 1);
	assert_int_equal(ids[0], POOL_GTX_PAGES - 1);
}

/* A backend that copies may answer out of order. The ids are at the ends of the set's words. */
static void pages_return_in_any_order(void **state)
{
	static const uint16_t back[] = { 128, 5, 63, 64, 4, 127 };
	static const uint16_t want[] = { 4, 5, 63, 64, 127, 128 };

	(void)state;
	free_pages_init(&s);
	free_pages_lowest(&s, ids, POOL_GTX_PAGES);
	free_pages_claim(&s, ids, POOL_GTX_PAGES);
	for (unsigned int i = 0; i < ARRAY_SIZE(back); i++)
		free_pages_put(&s, back[i]);
	assert_int_equal(free_pages_lowest(&s, ids, POOL_GTX_PAGES), ARRAY_SIZE(want));
	assert_memory_equal(ids, want, sizeof(want));
}

/* Whatever is free: the lowest run begins where the lowest pages lie one behind the other, and only there. */
static void finds_a_run(void **state)
{
	static const unsigned int lengths[] = { 1, 2, 17, 63, 64 };
	uint32_t seed = 1;

	(void)state;
	for (unsigned int round = 0; round < 20000; round++) {
		unsigned int n = lengths[round % ARRAY_SIZE(lengths)], gaps = round / 8 % 6;

		free_pages_init(&s);
		for (unsigned int i = 0; i < gaps; i++) {
			uint16_t id = (uint16_t)((seed = seed * 1103515245u + 12345u) >> 16) % POOL_GTX_PAGES;

			/* From the first page up to that one, or that one alone. */
			for (uint16_t at = i ? id : 0; at <= id; at++)
				if (s.word[at / 64] & free_pages_bit_of(at))
					free_pages_claim(&s, &at, 1);
		}
		if (free_pages_lowest(&s, ids, n) == n && ids[n - 1] - ids[0] == (int)n - 1)
			assert_int_equal(free_pages_lowest_run(&s, n), ids[0]);
		else
			assert_int_equal(free_pages_lowest_run(&s, n), FREE_PAGES_NONE);
	}
	memset(&s, 0, sizeof(s));
	assert_int_equal(free_pages_lowest_run(&s, 1), FREE_PAGES_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_with_all_pages),
		cmocka_unit_test(finding_claims_nothing),
		cmocka_unit_test(empty),
		cmocka_unit_test(pages_return_in_any_order),
		cmocka_unit_test(finds_a_run),
	};

	return RUN_TESTS(tests);
}
