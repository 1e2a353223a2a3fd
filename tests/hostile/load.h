/* SPDX-License-Identifier: MIT */
/* load.h - what a peer costs the processor that the daemon under test runs on
 *
 * $HOSTILE_VICTIM is the daemon's pid, which may run on one processor only. In
 * a guest there is none: nothing is measured then, and the host has to look.
 */
#ifndef HOSTILE_LOAD_H
#define HOSTILE_LOAD_H

#include <time.h>

#include "hostile.h"

struct load {
	clockid_t clock;	/* of the daemon's processor time */
	bool there;
	uint64_t used, wall;	/* at the beginning, microseconds */
};

/* Measures from here on. */
void load_begin(struct load *l);

/* To trouble if the daemon has used more than so many percent of the time since. */
void load_end(const struct load *l, struct trouble *t, unsigned int percent);

/* A program that wants the daemon's processor all the time, as a shell's loop. */
struct rival;
struct rival *rival_start(void);

/* Ends it; to trouble if it had less than so many percent of the processor time that it and the
 * daemon had together. */
void rival_stop(struct rival *r, struct trouble *t, unsigned int percent);

#endif
