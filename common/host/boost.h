/* SPDX-License-Identifier: MIT */
/* boost.h - the priority of a worker on a uniprocessor
 *
 * Theory of operation. On one processor two settings give two to three times
 * the throughput. SCHED_BATCH lets a program that fills the TAP run until it has
 * filled it. Nice -20 makes the worker run before the programs that its packets
 * wake, as a kernel driver's softirq does; else the answers to a batch wait for a
 * program's time slice. With more processors workers poll, and a boosted thread
 * would starve the others.
 *
 * A guest decides how much work its worker has, so the boost is temporary. A
 * thread that used more than BOOST_BUSY of the wall time, over at least
 * BOOST_WINDOW_US, loses it. The thread gets it back once it has slept
 * BOOST_IDLE of the wall time of such a window. Processor time and time asleep
 * decide, not the number of sleeps: a peer that signals 100,000 times a second
 * causes as many sleeps. A thread without the boost that waits for the processor
 * is not idle either.
 *
 * The clock is CLOCK_MONOTONIC_COARSE, which is no system call even in a PV
 * domain. Its ticks of some milliseconds are fine enough for sums. The
 * processor time is a system call, once a window.
 */
#ifndef NETPAIR_BOOST_H
#define NETPAIR_BOOST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

#define BOOST_WINDOW_US 100000u

/* Rounds of the worker's loop between two reads of the clock. */
#define BOOST_ROUNDS 64u

/* In eighths of the wall time: processor time used to lose the boost, and time
 * asleep to get it back. */
#define BOOST_BUSY 7u
#define BOOST_IDLE 2u

/* The boost of one thread. The zero value is never boosted and makes no system call. */
struct boost {
	bool wanted;		/* all threads share one processor */
	bool on;		/* the thread is boosted */
	unsigned int rounds;	/* since the last read of the clock */
	uint64_t since;		/* start of this window, microseconds */
	uint64_t used;		/* processor time at that moment, microseconds */
	uint64_t asleep;	/* start of the present sleep, microseconds */
	uint64_t slept;		/* in this window, without the boost; microseconds */
};

/* Returns true if all threads that the calling thread starts share one processor:
 * there is no other, or its affinity names one. */
MUST_CHECK bool boost_is_wanted(void);

/* Boosts the calling thread, a worker's, if b->wanted. Called once. name is the
 * VIF's, for the log. */
void boost_start(struct boost *b, const char *name);

/* Checks every BOOST_ROUNDS calls whether the thread loses the boost or gets it
 * back. The worker calls it in each round of its loop. */
void boost_round(struct boost *b);

/* Account the worker's sleep; called before and after each. */
void boost_sleeps(struct boost *b);
void boost_wakes(struct boost *b);

#endif
