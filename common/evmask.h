/* SPDX-License-Identifier: MIT */
/* evmask.h - one event channel for all rings: bits in a shared page tell which
 *
 * docs/event-mask.md is the specification. Two words in one page, one a
 * direction. A sender sets its ring's bit and kicks the channel only if the
 * word was 0; a receiver that is awake keeps the awake bit set, so it is not
 * kicked. Every access is one atomic operation with full order: it takes the
 * place of the fence between "I have published" and "do you sleep?".
 *
 * Nothing depends on what the peer writes: bits are hints to look.
 */
#ifndef NETPAIR_EVMASK_H
#define NETPAIR_EVMASK_H

#include <stdbool.h>
#include <stdint.h>

#include "util.h"

#define EVMASK_QUEUES_MAX 16u
#define EVMASK_AWAKE (1ull << 63)
#define EVMASK_CTRL 1ull

static inline uint64_t evmask_gtx_bit(unsigned int queue)
{
	return 1ull << (1 + 2 * queue);
}

static inline uint64_t evmask_grx_bit(unsigned int queue)
{
	return 1ull << (2 + 2 * queue);
}

/* Our end; the zero value is none. */
struct evmask {
	uint64_t *ours;		/* what the peer sets, and we take */
	uint64_t *theirs;
	uint64_t known;		/* bits that mean something */
};

/* The page must outlive the end. The frontend's is zeroed. */
void evmask_back_init(struct evmask *m, void *page, unsigned int queues);
void evmask_front_init(struct evmask *m, void *page, unsigned int queues);

/* Tells the peer of what was published before; true: its channel must be kicked. */
MUST_CHECK bool evmask_post(const struct evmask *m, uint64_t bit);

/* We are awake from now on, and will look at every ring once more before we
 * sleep. How many bits were set that mean nothing. */
unsigned int evmask_wake(const struct evmask *m);

/* We sleep from now on, once every ring is armed; true: a bit was set, look
 * at the rings once more. */
MUST_CHECK bool evmask_sleep(const struct evmask *m);

#endif
