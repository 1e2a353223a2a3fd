/* SPDX-License-Identifier: MIT */
/* a drop reason is no counter: it has one for each direction */
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
