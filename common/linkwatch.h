/* SPDX-License-Identifier: MIT */
/* linkwatch.h - what others do to network devices, told by rtnetlink
 *
 * A person may delete a TAP, or take its queue away, while we hold it. One
 * socket hears of all devices of our network namespace. For the control thread.
 */
#ifndef NETPAIR_LINKWATCH_H
#define NETPAIR_LINKWATCH_H

#include <stdbool.h>

#include "util.h"

/* What is told of one device. */
struct link_event {
	unsigned int ifindex;	/* 0: messages were lost, anything may have happened to any device */
	char ifname[16];	/* IFNAMSIZ; "" if it is not told */
	bool removed;		/* from this namespace: it was deleted, or moved to another */
	bool has_txqlen;	/* the next one is there */
	unsigned int txqlen;	/* frames that its queue takes */
};

/* Opens the socket. Returns a descriptor that is readable when there is news, or -errno. */
MUST_CHECK int linkwatch_open(void);

/* Asks for the present state of a device: it is told as an event. An error is
 * none of the caller's business: the device is gone then, which is told as well. */
void linkwatch_ask(int fd, unsigned int ifindex);

/* Calls fn for each event there is. */
void linkwatch_take(int fd, void (*fn)(void *arg, const struct link_event *ev), void *arg);

#endif
