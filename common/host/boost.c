/* SPDX-License-Identifier: MIT */
/* boost.c - the decisions of boost.h, and the system calls that carry them out */
#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#include "boost.h"
#include "common/base/log.h"

#define BOOST_NICE (-20)

/* #syscalls clock_gettime sched_getaffinity */
/* #syscalls-some setpriority sched_setscheduler */

static uint64_t boost_clock_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static void boost_window(struct boost *b, uint64_t now)
{
	b->since = now;
	b->used = boost_clock_us(CLOCK_THREAD_CPUTIME_ID);
	b->slept = 0;
	b->rounds = 0;
}

/* Sets or removes the boost. Where it may not be raised the thread counts as boosted, so
 * that it is not tried again. */
static void boost_set(struct boost *b, bool on)
{
	setpriority(PRIO_PROCESS, 0, on ? BOOST_NICE : 0);
	b->on = on;
}

bool boost_is_wanted(void)
{
	cpu_set_t set;

	/* More processors than the set has room for are more than one. */
	return sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) == 1;
}

void boost_start(struct boost *b, const char *name)
{
	struct sched_param none = { 0 };

	b->wanted = b->on = true;
	if (sched_setscheduler(0, SCHED_BATCH, &none) < 0 || setpriority(PRIO_PROCESS, 0, BOOST_NICE) < 0)
		log_debug("no priority for the worker, RLIMIT_NICE of 40 or CAP_SYS_NICE is wanted if=%s errno=%m", name);
	boost_window(b, boost_clock_us(CLOCK_MONOTONIC_COARSE));
}

void boost_round(struct boost *b)
{
	uint64_t now, wall, used;

	if (!b->on || ++b->rounds < BOOST_ROUNDS)
		return;
	b->rounds = 0;
	now = boost_clock_us(CLOCK_MONOTONIC_COARSE);
	wall = now - b->since;
	if (wall < BOOST_WINDOW_US)
		return;
	used = b->used;
	boost_window(b, now);
	used = b->used - used;
	if (used * 8u > wall * BOOST_BUSY)
		boost_set(b, false);
}

void boost_sleeps(struct boost *b)
{
	if (b->wanted && !b->on)
		b->asleep = boost_clock_us(CLOCK_MONOTONIC_COARSE);
}

void boost_wakes(struct boost *b)
{
	uint64_t now;

	if (!b->wanted || b->on)
		return;
	now = boost_clock_us(CLOCK_MONOTONIC_COARSE);
	b->slept += now - b->asleep;
	if (now - b->since < BOOST_WINDOW_US)
		return;
	if (b->slept * 8u >= (now - b->since) * BOOST_IDLE)
		boost_set(b, true);
	boost_window(b, now);
}
