/* SPDX-License-Identifier: MIT */
/* run-mapquota.c - how many pages one guest, and all guests together, may have mapped
 *
 * A charge that either limit refuses changes neither count.
 */
#include "unit.h"
#include "backend/data/mapquota.c"

static struct mapquota q;

static void start(uint32_t guest_max, uint32_t all_max)
{
	memset(&q, 0, sizeof(q));
	q.guest_max = guest_max;
	q.all_max = all_max;
}

static void is_used(unsigned int guest, unsigned int n, unsigned int all)
{
	assert_int_equal(atomic_load(&q.guest[guest]), n);
	assert_int_equal(atomic_load(&q.all), all);
}

static void one_guest(void **state)
{
	(void)state;
	start(100, 1000);
	assert_true(mapquota_charge(&q, domid_of(1), 60));
	assert_false(mapquota_charge(&q, domid_of(1), 41));
	is_used(1, 60, 60);
	assert_true(mapquota_charge(&q, domid_of(1), 40));
	assert_false(mapquota_charge(&q, domid_of(1), 1));
	/* Each guest has a limit of its own. */
	assert_true(mapquota_charge(&q, domid_of(DOMID_FIRST_RESERVED - 1), 100));
	mapquota_release(&q, domid_of(1), 60);
	is_used(1, 40, 140);
	assert_true(mapquota_charge(&q, domid_of(1), 60));
}

static void all_guests(void **state)
{
	(void)state;
	start(100, 150);
	assert_true(mapquota_charge(&q, domid_of(1), 100));
	assert_false(mapquota_charge(&q, domid_of(2), 51));
	/* The limit of all guests refused it, so the guest is not charged either. */
	is_used(2, 0, 100);
	assert_true(mapquota_charge(&q, domid_of(2), 50));
	mapquota_release(&q, domid_of(1), 100);
	mapquota_release(&q, domid_of(2), 50);
	is_used(1, 0, 0);
}

static void no_wrap(void **state)
{
	(void)state;
	start(UINT32_MAX, UINT32_MAX);
	assert_true(mapquota_charge(&q, domid_of(1), UINT32_MAX - 1));
	assert_false(mapquota_charge(&q, domid_of(1), 2));
	assert_false(mapquota_charge(&q, domid_of(2), UINT32_MAX));
	start(0, 0);
	assert_false(mapquota_charge(&q, domid_of(1), 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_guest),
		cmocka_unit_test(all_guests),
		cmocka_unit_test(no_wrap),
	};

	return RUN_TESTS(tests);
}
