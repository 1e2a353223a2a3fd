/* SPDX-License-Identifier: MIT */
/* vhost_port.h - frames of a worker over the queues of a vhost-user session
 *
 * Theory of operation. A frame of the switch is one or more buffers, whose first one has the header and says how many there are.
 * Its bytes are copied out once, and the buffers are posted again. A frame for the switch is copied into as many buffers as
 * it fills. What the switch does not take, partial checksums or large segments, is filled in or segmented here (offload.h, tso.h).
 *
 * Everything that the switch writes is read once, and checked. What is wrong is noted in the session, which is not used any more
 * from then on; the owner ends it (vhost_hub.h).
 */
#ifndef NETPAIR_VHOST_PORT_H
#define NETPAIR_VHOST_PORT_H

#include <stdatomic.h>

#include "port.h"
#include "common/base/stats.h"
#include "common/wire/tso.h"
#include "vhost_session.h"

/* A worker's end of a vhost-user port. Only the worker touches it, but for `uses`. */
struct vhost_end {
	_Atomic(struct vhost_session *) *now;	/* the session that counts; the owner changes it */
	_Atomic(struct vhost_session *) uses;	/* the session that the worker uses; NULL: none */
	atomic_uint *resets;			/* sessions that ended because of a lie */
	struct stats *stats;			/* NULL: another end counts them */
	unsigned int counted;			/* resets that are in its counters */
	unsigned int index;			/* of its pair of queues */
	int owner_fd;				/* eventfd: wakes the owner */
	unsigned int ready;			/* used buffers that may be taken */
	struct tso tso;				/* a frame that the switch does not take whole */
	uint8_t segment[VIRTQ_PAGE];		/* its present segment, behind a header of zeros, which ask for nothing */
};

/* Initialises a port on an end whose members but uses, counted and ready are set. fd is readable once the switch has signalled; borrowed. */
void vhost_port_init(struct net_port *p, struct vhost_end *end, int fd);

#endif
