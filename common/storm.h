/* SPDX-License-Identifier: MIT */
/* storm.h - how long a worker leaves a channel masked whose signals bring no work
 *
 * Theory of operation. Linux's /dev/xen/evtchn keeps a port masked until its
 * reader writes it back, but never slows a peer down that signals without end:
 * that is left to the reader (XSA-332, XSA-391). So wakes by a signal that find
 * no work are counted. The first ones are free, since each port of a worker may
 * have fired for work that was done already. Each further one is answered by a
 * pause before the ports are unmasked, from STORM_NAP_MIN_US up to
 * STORM_NAP_MAX_US. The first work ends it, so an honest peer does not notice.
 *
 * Pure: no clock, no system call.
 */
#ifndef NETPAIR_STORM_H
#define NETPAIR_STORM_H

#include <stdbool.h>

#include "util.h"

#define STORM_NAP_MIN_US 100u
#define STORM_NAP_MAX_US 10000u

/* Wakes without work that are free, besides one for each port. */
#define STORM_FREE 4u

/* The zero value is a calm one. */
struct storm {
	bool fired;		/* a port fired since the last work or the last pause */
	unsigned int empty;	/* wakes without work in a row, as far as they are counted */
};

/* Notes that a port has fired. */
static inline void storm_event(struct storm *s)
{
	s->fired = true;
}

/* Notes that there was work. */
static inline void storm_work(struct storm *s)
{
	s->fired = false;
	s->empty = 0;
}

/* To be asked before a sleep by a worker of so many ports. Returns for how
 * many microseconds its ports should stay masked; 0: unmask them at once. */
MUST_CHECK unsigned int storm_nap_us(struct storm *s, unsigned int ports);

#endif
