/* SPDX-License-Identifier: MIT */
/* run-mcast.c - a guest's list of multicast addresses: it holds 64, each once, and no address
 * that is not multicast */
#include <errno.h>

#include "unit.h"
#include "common/wire/mcast.c"

static const uint8_t unicast[6] = { 0x02, 0, 0, 0, 0, 1 }, broadcast[6] = { 255, 255, 255, 255, 255, 255 },
	zero[6];

static const uint8_t *nth(unsigned int n)
{
	static uint8_t addr[6] = { 0x01, 0x00, 0x5e };

	addr[4] = (uint8_t)(n >> 8);
	addr[5] = (uint8_t)n;
	return addr;
}

static void applies_to_multicast_only(void **state)
{
	(void)state;
	assert_true(mcast_applies(nth(1)));
	assert_false(mcast_applies(unicast));
	assert_false(mcast_applies(broadcast));
	assert_false(mcast_applies(zero));
}

static void sixty_four_and_no_more(void **state)
{
	struct mcast m = { 0 };
	uint8_t list[MCAST_MAX][6];

	(void)state;
	assert_int_equal(mcast_list(&m, list), 0);
	for (unsigned int i = 0; i < 64; i++) {
		assert_false(mcast_match(&m, nth(i)));
		assert_int_equal(mcast_add(&m, nth(i)), 0);
		assert_true(mcast_match(&m, nth(i)));
	}
	assert_int_equal(mcast_add(&m, nth(64)), -ENOSPC);
	assert_false(mcast_match(&m, nth(64)));
	assert_int_equal(mcast_add(&m, nth(63)), 0);
	assert_int_equal(mcast_list(&m, list), 64);
	assert_memory_equal(list[17], nth(17), 6);
	assert_int_equal(mcast_del(&m, nth(5)), 0);
	assert_false(mcast_match(&m, nth(5)));
	assert_int_equal(mcast_add(&m, nth(64)), 0);
	assert_true(mcast_match(&m, nth(64)));
}

static void twice_is_once(void **state)
{
	struct mcast m = { 0 };
	uint8_t list[MCAST_MAX][6];

	(void)state;
	assert_int_equal(mcast_add(&m, nth(1)), 0);
	assert_int_equal(mcast_add(&m, nth(1)), 0);
	assert_int_equal(mcast_list(&m, list), 1);
	assert_int_equal(mcast_del(&m, nth(1)), 0);
	assert_int_equal(mcast_del(&m, nth(1)), -ENOENT);
	assert_false(mcast_match(&m, nth(1)));
}

static void other_addresses_are_refused(void **state)
{
	struct mcast m = { 0 };

	(void)state;
	assert_int_equal(mcast_add(&m, unicast), -EINVAL);
	assert_int_equal(mcast_add(&m, zero), -EINVAL);
	assert_int_equal(mcast_del(&m, unicast), -EINVAL);
	assert_int_equal(mcast_del(&m, zero), -EINVAL);
	assert_int_equal(mcast_add(&m, broadcast), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(applies_to_multicast_only),
		cmocka_unit_test(sixty_four_and_no_more),
		cmocka_unit_test(twice_is_once),
		cmocka_unit_test(other_addresses_are_refused),
	};

	return RUN_TESTS(tests);
}
