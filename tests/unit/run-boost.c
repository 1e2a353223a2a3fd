/* SPDX-License-Identifier: MIT */
/* run-boost.c - a worker loses its raised priority by using processor time, and gets it back by
 * idleness; the clocks are scripted */
#include "unit.h"

#include <sched.h>
#include <sys/resource.h>
#include <time.h>

static uint64_t wall_us, used_us;
static unsigned int looks;	/* reads of the processor time: each is a system call */
static int nice_now;

static int stub_clock_gettime(clockid_t clock, struct timespec *ts)
{
	uint64_t us = clock == CLOCK_THREAD_CPUTIME_ID ? used_us : wall_us;

	assert_true(clock == CLOCK_THREAD_CPUTIME_ID || clock == CLOCK_MONOTONIC_COARSE);
	looks += clock == CLOCK_THREAD_CPUTIME_ID;
	ts->tv_sec = (time_t)(us / 1000000u);
	ts->tv_nsec = (long)(us % 1000000u) * 1000l;
	return 0;
}

static int stub_setpriority(int which, id_t who, int value)
{
	assert_int_equal(which, PRIO_PROCESS);
	assert_int_equal(who, 0);
	nice_now = value;
	return 0;
}

static int stub_setscheduler(pid_t pid, int policy, const struct sched_param *param)
{
	assert_int_equal(pid, 0);
	assert_int_equal(policy, SCHED_BATCH);
	assert_int_equal(param->sched_priority, 0);
	return 0;
}

#define clock_gettime stub_clock_gettime
#define setpriority(which_, who_, value_) stub_setpriority((int)(which_), who_, value_)
#define sched_setscheduler stub_setscheduler
#include "common/host/boost.c"
#undef clock_gettime

static struct boost boost;

static int setup(void **state)
{
	(void)state;
	wall_us = 1000000;
	used_us = 0;
	nice_now = 4711;
	boost = (struct boost){ 0 };
	boost_start(&boost, "vif1.0");
	assert_int_equal(nice_now, -20);
	looks = 0;
	return 0;
}

/* Runs n rounds, each with so many microseconds on the processor, runnable and asleep. */
static void rounds(unsigned int n, unsigned int on, unsigned int waiting, unsigned int sleeping)
{
	for (unsigned int i = 0; i < n; i++) {
		boost_round(&boost);
		wall_us += on + waiting;
		used_us += on;
		if (!sleeping)
			continue;
		boost_sleeps(&boost);
		wall_us += sleeping;
		boost_wakes(&boost);
	}
}

static void idle_keeps_it(void **state)
{
	(void)state;
	rounds(10000, 10, 0, 1000);
	assert_int_equal(nice_now, -20);
}

/* 100,000 wakes a second, each with a sleep: the number of sleeps does not show the load. */
static void storm_loses_it(void **state)
{
	(void)state;
	rounds(30000, 10, 0, 1);
	assert_int_equal(nice_now, 0);
	/* It is lost within one and a half windows. */
	rounds(100, 0, 0, 10000);
	assert_int_equal(nice_now, -20);
	wall_us = 100000000;
	rounds(BOOST_ROUNDS, 0, 0, 100);
	rounds(15000, 10, 0, 1);
	assert_int_equal(nice_now, 0);
}

static void flood_loses_it(void **state)
{
	(void)state;
	rounds(1500, 100, 0, 0);
	assert_int_equal(nice_now, 0);
	/* Waiting for a processor that others use is not idleness. */
	rounds(100000, 100, 900, 0);
	assert_int_equal(nice_now, 0);
	rounds(10000, 100, 900, 10);
	assert_int_equal(nice_now, 0);
}

static void idleness_brings_it_back(void **state)
{
	(void)state;
	rounds(1100, 100, 0, 0);
	assert_int_equal(nice_now, 0);
	rounds(1, 10, 0, 20000);
	assert_int_equal(nice_now, 0);
	rounds(1, 10, 0, 200000);
	assert_int_equal(nice_now, -20);
}

static void a_quarter_asleep(void **state)
{
	(void)state;
	rounds(2000, 100, 0, 0);
	assert_int_equal(nice_now, 0);
	rounds(10000, 80, 0, 20);
	assert_int_equal(nice_now, 0);
	rounds(10000, 70, 0, 30);
	assert_int_equal(nice_now, -20);
	rounds(10000, 85, 0, 15);
	assert_int_equal(nice_now, -20);
	rounds(10000, 90, 0, 10);
	assert_int_equal(nice_now, 0);
}

/* The processor time is read ten times a second at most, however fast the rounds are. */
static void looks_are_rare(void **state)
{
	(void)state;
	rounds(1000000, 1, 0, 1);
	assert_in_range(looks, 10, 21);
	looks = 0;
	rounds(1000000, 1, 0, 0);
	assert_in_range(looks, 1, 11);
}

static void never_where_not_wanted(void **state)
{
	(void)state;
	boost = (struct boost){ 0 };
	nice_now = 4711;
	rounds(10000, 100, 0, 0);
	rounds(10000, 1, 0, 1000);
	assert_int_equal(nice_now, 4711);
	assert_int_equal(looks, 0);
}

static void affinity_counts(void **state)
{
	cpu_set_t was, one;
	int cpu = sched_getcpu();

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(was), &was), 0);
	CPU_ZERO(&one);
	CPU_SET((unsigned int)cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_true(boost_is_wanted());
	assert_int_equal(sched_setaffinity(0, sizeof(was), &was), 0);
	assert_int_equal(boost_is_wanted(), CPU_COUNT(&was) == 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(idle_keeps_it, setup),
		cmocka_unit_test_setup(storm_loses_it, setup),
		cmocka_unit_test_setup(flood_loses_it, setup),
		cmocka_unit_test_setup(idleness_brings_it_back, setup),
		cmocka_unit_test_setup(a_quarter_asleep, setup),
		cmocka_unit_test_setup(looks_are_rare, setup),
		cmocka_unit_test_setup(never_where_not_wanted, setup),
		cmocka_unit_test(affinity_counts),
	};

	return RUN_TESTS(tests);
}
