/* SPDX-License-Identifier: MIT */
/* run-grx_stall.c - what is decided about frames that lack slots, and when: split them, drop them,
 * take the carrier away */
#include "unit.h"
#include "backend/data/grx_stall.c"

/* --- stands for worker.c and grx_posted.c: only the decisions are tested here --- */

uint64_t now_us(void)
{
	return 0;
}

void worker_wake_control(struct worker *w)
{
	(void)w;
}

unsigned int vif_posted_slots(const struct vif_queue *q)
{
	(void)q;
	return 0;
}

void vif_posted_refill(struct vif_queue *q)
{
	(void)q;
}

#define MS 1000ull
#define T0 5000000ull

static const struct grx_stall_limits usual = { 20 * MS, 10000 * MS, 60000 * MS };

static void limits(void **state)
{
	struct grx_stall_limits l = grx_stall_limits_for(true, 10000, 60000);

	(void)state;
	assert_memory_equal(&l, &usual, sizeof(l));
	l = grx_stall_limits_for(false, 10000, 60000);
	assert_int_equal(l.hold_us, 30 * MS);
	assert_int_equal(l.stall_us, 0);
	l = grx_stall_limits_for(true, 5, 3);	/* no limit is below the one before it */
	assert_int_equal(l.split_us, 5 * MS);
	assert_int_equal(l.hold_us, 5 * MS);
	assert_int_equal(l.stall_us, 5 * MS);
	l = grx_stall_limits_for(true, 4000000, 0);
	assert_int_equal(l.hold_us, 4000000 * MS);
	assert_int_equal(l.stall_us, 0);
}

static void no_frame_lacks_slots(void **state)
{
	struct grx_stall p = { 0 };

	(void)state;
	assert_false(grx_stall_is_spent(&p, &usual, T0));
	assert_false(grx_stall_splits(&p, &usual, T0));
	assert_false(grx_stall_stalls(&p, &usual, T0));
	assert_true(grx_stall_next(&p, &usual, T0) == UINT64_MAX);
	assert_false(grx_stall_end(&p));
}

static void by_the_clock(void **state)
{
	struct grx_stall p = { 0 };

	(void)state;
	grx_stall_lack(&p, 17, T0);
	assert_false(grx_stall_splits(&p, &usual, T0 + 20 * MS - 1));
	assert_true(grx_stall_next(&p, &usual, T0) == T0 + 20 * MS);
	assert_true(grx_stall_splits(&p, &usual, T0 + 20 * MS));
	assert_true(grx_stall_next(&p, &usual, T0 + 20 * MS) == T0 + 10000 * MS);
	grx_stall_lack(&p, 1, T0 + 5000 * MS);	/* another frame does not start the clock anew */
	assert_int_equal(p.needed, 1);
	assert_false(grx_stall_is_spent(&p, &usual, T0 + 10000 * MS - 1));
	assert_true(grx_stall_is_spent(&p, &usual, T0 + 10000 * MS));
	/* No frame was lost, so the VIF has not stalled. */
	assert_false(grx_stall_stalls(&p, &usual, T0 + 70000 * MS));
	assert_true(grx_stall_next(&p, &usual, T0 + 10000 * MS) == UINT64_MAX);
	p.lost = true;
	assert_true(grx_stall_next(&p, &usual, T0 + 10000 * MS) == T0 + 60000 * MS);
	assert_false(grx_stall_stalls(&p, &usual, T0 + 60000 * MS - 1));
	assert_true(grx_stall_stalls(&p, &usual, T0 + 60000 * MS));
	assert_true(p.stalled);
	assert_false(grx_stall_stalls(&p, &usual, T0 + 60000 * MS));	/* reported once */
	assert_true(grx_stall_next(&p, &usual, T0 + 60000 * MS) == UINT64_MAX);
	assert_true(grx_stall_end(&p));
	assert_false(p.stalled);
	assert_false(grx_stall_end(&p));
}

/* Small frames that pass keep the carrier up, but large ones are dropped at once. */
static void small_ones_pass(void **state)
{
	struct grx_stall p = { 0 };

	(void)state;
	grx_stall_lack(&p, 3, T0);
	p.lost = true;
	p.last_progress = T0 + 50000 * MS;
	assert_false(grx_stall_stalls(&p, &usual, T0 + 60000 * MS));
	assert_true(grx_stall_is_spent(&p, &usual, T0 + 60000 * MS));
	assert_true(grx_stall_next(&p, &usual, T0 + 60000 * MS) == T0 + 110000 * MS);
	assert_true(grx_stall_stalls(&p, &usual, T0 + 110000 * MS));
}

static void never_stalls(void **state)
{
	struct grx_stall_limits l = grx_stall_limits_for(false, 10000, 60000);
	struct grx_stall p = { 0 };

	(void)state;
	grx_stall_lack(&p, 1, T0);
	p.lost = true;
	assert_true(grx_stall_is_spent(&p, &l, T0 + 30 * MS));
	assert_false(grx_stall_stalls(&p, &l, T0 + 1000000 * MS));
	assert_true(grx_stall_next(&p, &l, T0 + 30 * MS) == UINT64_MAX);
}

static void split_now(void **state)
{
	struct grx_stall p = { .split_now = true };

	(void)state;
	grx_stall_lack(&p, 17, T0);
	assert_true(grx_stall_splits(&p, &usual, T0));
	assert_false(grx_stall_end(&p));
	assert_true(p.split_now);
	grx_stall_lack(&p, 1, T0 + 1);		/* the next lack has a clock of its own */
	assert_true(p.since == T0 + 1);
	assert_false(p.lost);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits), cmocka_unit_test(no_frame_lacks_slots), cmocka_unit_test(by_the_clock),
		cmocka_unit_test(small_ones_pass), cmocka_unit_test(never_stalls), cmocka_unit_test(split_now),
	};

	return RUN_TESTS(tests);
}
