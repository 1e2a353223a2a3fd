/* SPDX-License-Identifier: MIT */
/* gap.h - the largest time in which a processor did not run a thread that wanted to run */
#ifndef NETPAIR_TOOL_GAP_H
#define NETPAIR_TOOL_GAP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

/* The most processors that are looked at. */
#define GAP_PROCESSORS 64u

/* Goes to a processor and reads the clock there without a pause for so many nanoseconds, and so uses it. *gap gets the
 * longest time between two readings, in nanoseconds. Returns false if this process may not run there. */
MUST_CHECK bool gap_measure(unsigned int processor, uint64_t ns, uint64_t *gap);

#endif
