/* SPDX-License-Identifier: MIT */
/* spin.h - for how long a worker polls before it sleeps
 *
 * The time is learnt from the sleeps: a little more polling would have saved a short one, but not
 * a long one. The worker of an idle VIF ends up not polling, and one short sleep between long ones, as
 * that for the answer in a round trip, does not begin it. Nor does a worker poll whose processor
 * other programs need, as the scheduler would make a thread that used its share wait when a packet
 * comes; nor one in a pause of a stream, where polling costs more than it saves: a yield gives the
 * processor away for a whole time slice, or takes it from the program that fills the TAP.
 *
 * Belongs to one thread.
 */
#ifndef NETPAIR_SPIN_H
#define NETPAIR_SPIN_H

#include <stdbool.h>
#include <stdint.h>

struct spin {
	unsigned int us;		/* the present time to poll, microseconds */
	bool slept_shortly;		/* polling would have saved the last sleep */
	uint64_t no_poll_until;		/* no polling until then, as other programs want the processor; microseconds */
	uint64_t bulk_until;		/* naps replace polling until then, in a stream; microseconds */
	uint64_t bytes_since_idle;	/* bytes moved since it last had no work */
};

/* Returns whether this is a pause in a stream. Called once each time that there is no work. */
bool spin_streams(struct spin *s, uint64_t now);

/* Takes note that a yield took from from to now, in microseconds: a long one means that another
 * program needs the processor. */
void spin_yielded(struct spin *s, uint64_t from, uint64_t now);

/* Adapts the polling time to the length of a sleep that ended now. */
void spin_slept(struct spin *s, uint64_t slept_us, uint64_t now);

#endif
