/* SPDX-License-Identifier: MIT */
/* evmask.h - one event channel for all rings: bits in a shared page tell which
 *
 * docs/event-mask.md is the specification. One page holds two words, one for
 * each direction. A sender sets its ring's bit and signals the channel only if
 * the word was 0. A receiver that is awake keeps the awake bit set, so it is not
 * signalled. Every access is one atomic operation with full order: it replaces
 * the fence between publishing and reading whether the peer sleeps.
 *
 * Nothing depends on what the peer writes: a bit is a hint to look at a ring.
 */
#ifndef NETPAIR_EVMASK_H
#define NETPAIR_EVMASK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

#define EVMASK_QUEUES_MAX 16u
#define EVMASK_AWAKE (1ull << 63)
#define EVMASK_CTRL 1ull

/* Returns the bit of a queue's gtx ring. */
static inline uint64_t evmask_gtx_bit(unsigned int queue)
{
	return 1ull << (1 + 2 * queue);
}

/* Returns the bit of a queue's grx ring. */
static inline uint64_t evmask_grx_bit(unsigned int queue)
{
	return 1ull << (2 + 2 * queue);
}

/* One end of an event mask; the zero value means there is none. */
struct evmask {
	uint64_t *ours;		/* the word that the peer sets and we clear */
	uint64_t *theirs;	/* the word that we set */
	uint64_t known;		/* bits that have a ring, and the awake bit */
	uint64_t seen;		/* our word as last read, */
	uint64_t theirs_seen;	/* and theirs, both before we changed it: for a person to look at */
};

/* Attaches an end to the page, which must outlive it. The frontend zeroes the page before. */
void evmask_back_init(struct evmask *m, void *page, unsigned int queues);
void evmask_front_init(struct evmask *m, void *page, unsigned int queues);

/* Sets bit in the peer's word, after the ring was published. Returns whether the
 * peer's channel must be signalled. */
MUST_CHECK bool evmask_post(struct evmask *m, uint64_t bit);

/* Marks this end as awake. The caller must look at every ring once more before
 * evmask_sleep(). Returns the number of unknown bits that the peer had set. */
unsigned int evmask_wake(struct evmask *m);

/* Marks this end as asleep; every ring must be armed before. Returns true if a
 * bit was set: the caller must look at the rings once more. */
MUST_CHECK bool evmask_sleep(struct evmask *m);

#endif
