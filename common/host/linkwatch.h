/* SPDX-License-Identifier: MIT */
/* linkwatch.h - changes of network devices, by rtnetlink
 *
 * A person may delete a TAP, or set its queue length to 0, while we use it. One
 * socket receives the changes of all devices of our network namespace. For the
 * control thread.
 */
#ifndef NETPAIR_LINKWATCH_H
#define NETPAIR_LINKWATCH_H

#include <stdbool.h>

#include "common/base/util.h"

/* A change of one device. */
struct link_event {
	unsigned int ifindex;	/* 0: messages were lost, and any device may have changed */
	char ifname[16];	/* IFNAMSIZ; "": the message had no name */
	bool removed;		/* it was deleted, or moved to another namespace */
	bool has_txqlen;	/* txqlen is set */
	unsigned int txqlen;	/* length of its queue in frames */
};

/* Opens the socket. Returns a descriptor that is readable when there are
 * events, which the caller owns, or -errno. */
MUST_CHECK int linkwatch_open(void);

/* Requests the present state of a device, which arrives as an event. Errors are
 * ignored: the device is gone then, and that is an event too. */
void linkwatch_ask(int fd, unsigned int ifindex);

/* Calls fn for each event that is there. */
void linkwatch_take(int fd, void (*fn)(void *arg, const struct link_event *ev), void *arg);

#endif
