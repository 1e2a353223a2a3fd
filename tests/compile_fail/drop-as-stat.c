/* SPDX-License-Identifier: MIT */
/* A drop reason is not a counter: it has one counter for each direction. */
/* fails: enum-conversion|implicit conversion from */
#include "common/base/stats.h"

void test(struct stats *s, enum drop reason);

void test(struct stats *s, enum drop reason)
{
#ifdef FAIL
	stats_inc(s, reason);
#else
	stats_inc(s, stats_grx_drop(reason));
#endif
}
