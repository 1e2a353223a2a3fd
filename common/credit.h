/* SPDX-License-Identifier: MIT */
/* credit.h - a byte rate as a bucket that any number of threads draw from
 *
 * The size of what is taken is known only when it is taken: so a bucket that
 * holds anything gives all that is asked for and goes into debt, and gives
 * nothing until that is paid. The rate over time is exact, and nobody waits
 * for more than the bucket holds. No locks: a thread that loses a race sees
 * the bucket as it was a moment ago.
 */
#ifndef NETPAIR_CREDIT_H
#define NETPAIR_CREDIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "util.h"

/* The least that a bucket holds; Linux netback's figure: two jumbo packets. */
#define CREDIT_BURST_MIN 131072u

/* What a rate says: so many bytes each so many microseconds; usecs 0: no limit. */
struct credit_rate {
	uint64_t bytes;
	uint64_t usecs;
};

struct credit {
	_Atomic uint64_t rate;	/* bytes a second; 0: no limit */
	_Atomic uint64_t burst;	/* bytes that the bucket holds */
	_Atomic int64_t level;	/* millionths of bytes in it; below 0: debt */
	_Atomic uint64_t since;	/* refilled up to then; microseconds */
};

/* Reads "bytes,usecs" as Linux netback does. -EINVAL, and no limit, if it is
 * not that, or no bytes at all in some time. */
MUST_CHECK int credit_parse(struct credit_rate *rate, const char *text);

/* Sets the rate; what the bucket holds stays, as far as the new one holds it.
 * Only one thread may, while others draw. now is in microseconds, monotonic,
 * here and below. */
void credit_set(struct credit *c, const struct credit_rate *rate, uint64_t now);

static inline bool credit_limited(const struct credit *c)
{
	return atomic_load_explicit(&c->rate, memory_order_relaxed) != 0;
}

/* Refills; whether anything may be taken now. */
MUST_CHECK bool credit_open(struct credit *c, uint64_t now);

/* Takes bytes, into debt if need be. */
void credit_take(struct credit *c, uint32_t bytes);

/* Microseconds until the bucket holds bytes again, or as many as it ever
 * holds; 0: it does now. */
uint64_t credit_wait(const struct credit *c, uint32_t bytes, uint64_t now);

#endif
