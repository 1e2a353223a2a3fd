/* SPDX-License-Identifier: MIT */
/* patience.h - how long frames wait for the slots of a queue, and when it counts as stalled
 *
 * Pure: times come in, decisions go out. What matters is not that there are
 * no slots but that there are fewer than the next frame needs (XSA-392). From
 * the first frame that lacks slots on:
 *
 *   at once      it waits, and all behind it in the TAP's own queue
 *   cut_us       if it is a large segment it goes on in small ones
 *   hold_us      it is dropped, and all that lack slots after it, until they come
 *   stall_us     nothing went out for so long: the link is down until slots come
 */
#ifndef NETPAIR_PATIENCE_H
#define NETPAIR_PATIENCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../common/util.h"

/* Times in microseconds, none before the one above it. */
struct patience_limits {
	uint64_t cut_us;
	uint64_t hold_us;
	uint64_t stall_us;	/* 0: never */
};

struct patience {
	uint64_t since;		/* when slots began to lack; 0: they do not */
	uint64_t quiet;		/* since when nothing went out; since or later */
	unsigned int needed;	/* slots of the frame that lacks them, or was dropped last */
	bool lost;		/* a frame was dropped meanwhile */
	bool scant;		/* a large segment waited in vain: the next is not kept waiting */
	atomic_bool stalled;	/* written by the worker, read by the control thread */
};

/* The limits for a frontend, from what the options say in milliseconds (stall
 * 0: never). One that never said it would kick us (feature-rx-notify) is not
 * waited for long and never stalled. */
struct patience_limits patience_limits_for(bool rx_notify, uint32_t hold_ms, uint32_t stall_ms);

/* A frame lacks so many slots in all. */
void patience_lack(struct patience *p, unsigned int needed, uint64_t now);

/* A frame went out, of so many slots, while slots lack for another. */
void patience_pass(struct patience *p, uint64_t now);

/* Slots are there, or nobody needs them. True: it was stalled. */
MUST_CHECK bool patience_end(struct patience *p);

/* Whether a frame that lacks slots is dropped now; whether it is cut. */
bool patience_is_spent(const struct patience *p, const struct patience_limits *l, uint64_t now);
bool patience_cuts(const struct patience *p, const struct patience_limits *l, uint64_t now);

/* Whether it is stalled from now on. */
MUST_CHECK bool patience_stalls(struct patience *p, const struct patience_limits *l, uint64_t now);

/* When the next of these changes by time alone; UINT64_MAX: never. */
uint64_t patience_next(const struct patience *p, const struct patience_limits *l, uint64_t now);

#endif
