/* SPDX-License-Identifier: MIT */
/* boost.h - the priority of a worker where one processor serves all
 *
 * Theory of operation. Two settings make two to three times the throughput
 * there. SCHED_BATCH lets a program that fills the TAP go on until it has
 * filled it. Nice -20 keeps the programs that the packets wake from running
 * first, as they cannot before a kernel driver's softirq; else the answers to a
 * batch wait for a program's time slice. With more processors workers poll,
 * and a boosted thread would starve the others.
 *
 * A guest decides how much its worker has to do, so the boost is lent. A thread
 * that used more than BOOST_BUSY of the wall time, over at least
 * BOOST_WINDOW_US, loses it; it comes back once the thread slept BOOST_IDLE of
 * the wall time of such a window. What counts is processor time and time
 * asleep, not the number of sleeps: a peer that signals 100,000 times a second
 * makes as many of them. A thread without the boost that waits for its turn
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

#include "util.h"

#define BOOST_WINDOW_US 100000u

/* Rounds of the worker's loop between two looks at the clock. */
#define BOOST_ROUNDS 64u

/* Parts of eight of the wall time: used, to lose the boost; slept, to get it back. */
#define BOOST_BUSY 7u
#define BOOST_IDLE 2u

/* The zero value is never boosted, and costs nothing. */
struct boost {
	bool wanted;		/* one processor serves all */
	bool on;
	unsigned int rounds;	/* since the last look at the clock */
	uint64_t since;		/* when this window began, microseconds */
	uint64_t used;		/* processor time then, microseconds */
	uint64_t asleep;	/* when the sleep under way began, microseconds */
	uint64_t slept;		/* in this window, without the boost; microseconds */
};

/* Returns true if all that the calling thread starts shares one processor: there
 * is no other, or its affinity names one. */
MUST_CHECK bool boost_is_wanted(void);

/* On the worker's thread, once, if it is wanted. name is the interface, for the log. */
void boost_start(struct boost *b, const char *name);

/* On the worker's thread, once a round of its loop. */
void boost_round(struct boost *b);

/* On the worker's thread, before and after each sleep. */
void boost_sleeps(struct boost *b);
void boost_wakes(struct boost *b);

#endif
