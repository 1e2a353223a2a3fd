/* SPDX-License-Identifier: MIT */
/* taplink.h - what others do to a TAP that a daemon holds, as rtnetlink tells
 *
 * A device that somebody deletes (ip link del, or the network namespace that holds it
 * ends) leaves a descriptor that fails with EBADFD for good. The worker finds that out
 * as it reads; rtnetlink tells of it without any traffic. Somebody may also rename the
 * device, move it, or take its queue away. For the control thread.
 */
#ifndef NETPAIR_TAPLINK_H
#define NETPAIR_TAPLINK_H

#include <stdbool.h>

#include "common/base/util.h"

struct link_event;
struct tapstate;

struct taplink {
	const char *what;	/* whose device it is, for the log: "vif" or "nic" */
	int link_fd;		/* linkwatch.h; -1: nothing tells of devices; borrowed */
	unsigned int ifindex;	/* of the device; 0: it is in another network namespace, or not known */
	char ifname[16];	/* its name then */
	bool no_queue;		/* its queue takes no frame, which was logged */
};

/* Notes where the device of tap_fd is, and asks for its present state as an event. */
void taplink_find(struct taplink *l, int tap_fd);

/* Handles an event for the device of tap_fd (-1: there is none), if it may be of that one:
 * saves where the device is if it was renamed or moved, and logs when its queue goes or
 * comes back. Returns true if the device may be lost: its owner is to look at it. */
MUST_CHECK bool taplink_event(struct taplink *l, const struct tapstate *ts, int tap_fd, const struct link_event *ev);

#endif
