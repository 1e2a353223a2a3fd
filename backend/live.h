/* SPDX-License-Identifier: MIT */
/* live.h - what may change under a connection: rate, multicast filter, headroom
 *
 * The control thread sets it as xenstore's keys change, workers look at it
 * with every batch; all of it is atomic. It belongs to the VIF, so that a
 * frontend that connects anew gets no new credit; the list of addresses goes
 * with the connection.
 */
#ifndef NETPAIR_LIVE_H
#define NETPAIR_LIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../common/credit.h"
#include "../common/log.h"
#include "../common/mcast.h"

/* Directions that a rate is for. */
#define RATE_GTX 1u
#define RATE_GRX 2u

struct vif_live {
	struct credit credit;		/* one for all queues, and for both directions */
	uint32_t limited;		/* RATE_*; fixed */
	atomic_bool filter;		/* multicast that nobody asked for is dropped */
	_Atomic uint16_t headroom;	/* bytes in front of what the guest receives */
	struct mcast *mcast;		/* the connection's (kept.h) */
	atomic_bool all_multicast;	/* that list lost some: nothing is dropped for it */
	struct log_bucket log;		/* of the lines that the guest can provoke */
};

/* Whether a frame may be taken in that direction now. */
MUST_CHECK bool vif_live_open(struct vif_live *live, uint32_t direction);

/* A frame was. */
void vif_live_take(struct vif_live *live, uint32_t direction, uint32_t bytes);

/* For one that was held up: milliseconds until it is worth looking again, 0:
 * now. */
int vif_live_wait_ms(struct vif_live *live);

/* Whether the frontend does not want a frame for that address. */
bool vif_live_unwanted(const struct vif_live *live, const uint8_t *addr);

/* Bytes to be left free in front of each slot's data; at most PKT_HEADROOM_MAX. */
uint16_t vif_live_headroom(const struct vif_live *live);

#endif
