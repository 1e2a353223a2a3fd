/* SPDX-License-Identifier: MIT */
/* run-stuck.c - which worker is stuck, and which is not */
#include <string.h>

#include "unit.h"

#include "common/base/positions.c"
#include "common/base/stuck.c"

static struct queue_counters q[2];
static struct worker_counters w;
static struct stuck s;

static int setup(void **state)
{
	(void)state;
	memset(q, 0, sizeof(q));
	memset(&w, 0, sizeof(w));
	s = (struct stuck){ .looks = 0 };
	return 0;
}

static enum stuck_verdict look(void)
{
	uint64_t activity = stuck_mix_worker(0, &w.stats, &w.at);

	for (unsigned int i = 0; i < 2; i++)
		activity = stuck_mix_queue(activity, &q[i].stats, &q[i].at);
	return stuck_look(&s, activity, &w.at);
}

/* Looks so often that one more finds it stuck. */
static void almost(void)
{
	assert_int_equal(look(), STUCK_NOT);
	for (unsigned int i = 1; i < STUCK_LOOKS; i++)
		assert_int_equal(look(), STUCK_SUSPECT);
}

/* One that is awake and never moves is found, after so many looks, again and again. */
static void spins(void **state)
{
	(void)state;
	almost();
	assert_int_equal(look(), STUCK_FOUND);
	for (unsigned int i = 1; i < STUCK_LOOKS; i++)
		assert_int_equal(look(), STUCK_SUSPECT);
	assert_int_equal(look(), STUCK_FOUND);
}

/* One that sleeps for as long as it likes is not; nor one that slept since the last look. */
static void sleeps(void **state)
{
	(void)state;
	positions_turn(&w.at);
	for (unsigned int i = 0; i < 10 * STUCK_LOOKS; i++)
		assert_int_equal(look(), STUCK_NOT);
	positions_turn(&w.at);
	almost();
	positions_turn(&w.at);
	positions_turn(&w.at);
	almost();
}

/* Any word that changes is a move, also the last bit of one that has wrapped. */
static void moves(void **state)
{
	uint32_t *const word[] = {
		&q[0].at.gtx.req_prod, &q[0].at.gtx.rsp_prod, &q[0].at.gtx.cons,
		&q[0].at.grx.req_prod, &q[0].at.grx.rsp_prod, &q[0].at.grx.cons,
		&q[1].at.gtx.req_prod, &q[1].at.grx.cons,
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(word); i++) {
		*word[i] = UINT32_MAX;
		almost();
		++*word[i];
		almost();
		++*word[i];
	}
	for (unsigned int id = 0; id < STAT_MAX; id++) {
		stats_inc(&w.stats, (enum counter)id);
		almost();
		stats_inc(&q[1].stats, (enum counter)id);
		almost();
	}
}

/* Slots that are taken here and given there do not cancel. */
static void moves_to_and_fro(void **state)
{
	(void)state;
	q[0].at.gtx.cons = 1;
	almost();
	q[0].at.gtx.cons = 0;
	q[1].at.gtx.cons = 1;
	assert_int_equal(look(), STUCK_NOT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(spins, setup), cmocka_unit_test_setup(sleeps, setup),
		cmocka_unit_test_setup(moves, setup), cmocka_unit_test_setup(moves_to_and_fro, setup),
	};

	return RUN_TESTS(tests);
}
