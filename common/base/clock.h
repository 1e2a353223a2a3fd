/* SPDX-License-Identifier: MIT */
/* clock.h - the time that deadlines and intervals are measured with */
#ifndef NETPAIR_CLOCK_H
#define NETPAIR_CLOCK_H

#include <stdint.h>

/* Returns the monotonic time in microseconds. */
uint64_t now_us(void);

/* Returns the same in nanoseconds. */
uint64_t now_ns(void);

#endif
