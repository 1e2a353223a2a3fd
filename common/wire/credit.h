/* SPDX-License-Identifier: MIT */
/* credit.h - a byte rate as a bucket that any number of threads draw from
 *
 * The size of a frame is known only when it is charged. So a bucket whose level
 * is above 0 allows a frame of any size, its level may fall below 0 (debt), and
 * it allows nothing until the refill has paid the debt. The rate over time is
 * exact, and no thread waits for more than the bucket holds. There are no locks:
 * a thread that loses a race sees the bucket as it was a moment ago.
 */
#ifndef NETPAIR_CREDIT_H
#define NETPAIR_CREDIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

/* The smallest size of a bucket, in bytes. Linux netback uses the same: two jumbo packets. */
#define CREDIT_BURST_MIN 131072u

/* A rate: bytes may pass in each interval of usecs microseconds. usecs 0 means no limit. */
struct credit_rate {
	uint64_t bytes;
	uint64_t usecs;
};

struct credit {
	_Atomic uint64_t rate;	/* bytes a second; 0: no limit */
	_Atomic uint64_t burst;	/* bytes that the bucket holds */
	_Atomic int64_t level;	/* millionths of bytes in it; below 0: debt */
	_Atomic uint64_t since;	/* time of the last refill, microseconds */
};

/* Parses "bytes,usecs", the format of Linux netback. Returns 0; -EINVAL: text has
 * another form, or allows 0 bytes in some time, and *rate has no limit then. */
MUST_CHECK int credit_parse(struct credit_rate *rate, const char *text);

/* Sets the rate. The level stays, up to the new size of the bucket. One thread
 * may call it while others charge. now is monotonic time in microseconds, here
 * and below. */
void credit_set(struct credit *c, const struct credit_rate *rate, uint64_t now);

/* Returns whether the bucket has a rate limit. */
static inline bool credit_limited(const struct credit *c)
{
	return atomic_load_explicit(&c->rate, memory_order_relaxed) != 0;
}

/* Refills the bucket. Returns whether a frame may be charged now. */
MUST_CHECK bool credit_allows(struct credit *c, uint64_t now);

/* Charges bytes to the bucket; its level may fall below 0. */
void credit_charge(struct credit *c, uint32_t bytes);

/* Returns the microseconds until the bucket holds that many bytes, or is full if
 * it is smaller; 0: it does now. */
uint64_t credit_wait(const struct credit *c, uint32_t bytes, uint64_t now);

#endif
