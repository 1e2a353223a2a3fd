/* SPDX-License-Identifier: MIT */
/* gap.c - reads the clock on one processor, for gap.h */
#include <sched.h>

#include "common/base/clock.h"
#include "gap.h"

bool gap_measure(unsigned int processor, uint64_t ns, uint64_t *gap)
{
	uint64_t from, before, now;
	cpu_set_t before_set, set;
	bool there;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	if (sched_getaffinity(0, sizeof(before_set), &before_set) < 0 || !CPU_ISSET(processor, &before_set))
		return false;
	there = sched_setaffinity(0, sizeof(set), &set) == 0;
	*gap = 0;
	for (from = before = now = now_ns(); there && now - from < ns; before = now) {
		now = now_ns();
		*gap = now - before > *gap ? now - before : *gap;
	}
	(void)sched_setaffinity(0, sizeof(before_set), &before_set);
	return there;
}
