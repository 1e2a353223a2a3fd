/* SPDX-License-Identifier: MIT */
/* storm.h - the pause of a worker whose event channels fire without work
 *
 * Theory of operation. Linux's /dev/xen/evtchn keeps a port masked until its
 * reader writes it back, but does not slow down a peer that signals without end;
 * the reader has to (XSA-332, XSA-391). So the worker counts the wakes by a signal
 * that find no work. The first ones are free, since each port of a worker may have
 * fired for work that was done already. After each further one the worker pauses
 * before it unmasks the ports, from STORM_NAP_MIN_US up to STORM_NAP_MAX_US. The
 * first work ends that, so it does not slow down an honest peer.
 *
 * The functions read no clock and make no system call.
 */
#ifndef NETPAIR_STORM_H
#define NETPAIR_STORM_H

#include <stdbool.h>

#include "common/base/util.h"

#define STORM_NAP_MIN_US 100u
#define STORM_NAP_MAX_US 10000u

/* The number of wakes without work that are free, besides one for each port. */
#define STORM_FREE 4u

/* The state of a worker. The zero value is the initial one. */
struct storm {
	bool fired;		/* a port fired since the last work or the last pause */
	unsigned int empty;	/* consecutive wakes without work */
};

/* Records that a port has fired. */
static inline void storm_event(struct storm *s)
{
	s->fired = true;
}

/* Records that there was work. */
static inline void storm_work(struct storm *s)
{
	s->fired = false;
	s->empty = 0;
}

/* Decides on a pause, before each sleep of a worker that has so many ports. Returns
 * how many microseconds the ports must stay masked; 0: unmask them at once. */
MUST_CHECK unsigned int storm_nap_us(struct storm *s, unsigned int ports);

#endif
