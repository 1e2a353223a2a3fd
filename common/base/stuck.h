/* SPDX-License-Identifier: MIT */
/* stuck.h - finds a worker that neither sleeps nor moves
 *
 * Control looks at what a worker publishes (positions.h) and counts, once a second. A worker is
 * stuck if STUCK_LOOKS looks in a row find it awake and find not one word changed. Looks are
 * counted, and no time: where the process or the machine stands still nobody looks, and
 * a clock that jumps changes nothing. Every frame that is delivered or dropped, every slot that is
 * taken and every sleep changes a word. So a worker that is busy, or waits for slots, is not stuck.
 */
#ifndef NETPAIR_STUCK_H
#define NETPAIR_STUCK_H

#include <stdint.h>

#include "positions.h"

#define STUCK_LOOKS 10u

/* What is known of one worker; the zero value is nothing. */
struct stuck {
	uint64_t activity;		/* at the last look */
	unsigned int looks;		/* so many in a row found it awake and unmoved */
};

enum stuck_verdict {
	STUCK_NOT,		/* it sleeps, or has moved */
	STUCK_SUSPECT,		/* it has not moved since the last look */
	STUCK_FOUND,		/* it has not moved for STUCK_LOOKS looks; told once in so many */
};

/* Return activity with what a queue, or the worker itself, has published and counted mixed in. 0 is none yet. */
uint64_t stuck_mix_queue(uint64_t activity, const struct stats *stats, const struct queue_position *at);
uint64_t stuck_mix_worker(uint64_t activity, const struct stats *stats, const struct worker_position *at);

/* Takes one look at a worker, with the activity of all that it serves. */
enum stuck_verdict stuck_look(struct stuck *s, uint64_t activity, const struct worker_position *at);

#endif
