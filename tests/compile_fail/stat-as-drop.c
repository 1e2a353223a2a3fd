/* SPDX-License-Identifier: MIT */
/* A counter is not a drop reason: only the end of a path turns a reason into a counter. */
/* fails: enum-conversion|implicit conversion from */
#include "common/base/stats.h"

enum counter test(enum drop reason);

enum counter test(enum drop reason)
{
#ifdef FAIL
	return stats_gtx_drop(stats_gtx_drop(reason));
#else
	return stats_gtx_drop(reason);
#endif
}
