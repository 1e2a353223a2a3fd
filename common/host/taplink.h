/* SPDX-License-Identifier: MIT */
/* taplink.h - changes that others make to a TAP, as rtnetlink reports them
 *
 * A person may delete a device, or its network namespace may end. Its descriptor then
 * fails with EBADFD for ever. The worker sees that when it reads; rtnetlink reports it
 * without any traffic. A person may also rename the device, move it, or set the length of
 * its queue to 0. For the control thread.
 */
#ifndef NETPAIR_TAPLINK_H
#define NETPAIR_TAPLINK_H

#include <stdbool.h>

#include "common/base/util.h"

struct link_event;
struct tapstate;

struct taplink {
	const char *what;	/* whose device it is, for the log: "vif" or "nic" */
	int link_fd;		/* of linkwatch.h; -1: there are no events; borrowed */
	unsigned int ifindex;	/* of the device; 0: it is in another network namespace, or not known */
	char ifname[16];	/* its name when it was last read */
	bool no_queue;		/* its queue accepts no frame, which was logged */
};

/* Records the device of tap_fd, and requests its present state as an event. */
void taplink_find(struct taplink *l, int tap_fd);

/* Handles an event for the device of tap_fd (-1: there is none), if it may be about that one.
 * Saves the device's name and namespace if it was renamed or moved, and logs that its queue
 * accepts no frame, or accepts frames again. Returns true if the device may be lost: the
 * caller must look at it. */
MUST_CHECK bool taplink_event(struct taplink *l, const struct tapstate *ts, int tap_fd, const struct link_event *ev);

#endif
