/* SPDX-License-Identifier: MIT */
/* taplink.c - handles the events of rtnetlink for taplink.h */
#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "linkwatch.h"
#include "netdev.h"
#include "tap.h"
#include "taplink.h"
#include "tapstate.h"

void taplink_find(struct taplink *l, int tap_fd)
{
	struct netdev dev;

	l->ifindex = 0;
	l->ifname[0] = '\0';
	if (netdev_open(&dev, tap_fd) == 0) {
		/* rtnetlink reports no device in another namespace. */
		if (dev.netns_fd < 0) {
			l->ifindex = dev.ifindex;
			snprintf(l->ifname, sizeof(l->ifname), "%s", dev.name);
		}
		netdev_close(&dev);
	}
	linkwatch_ask(l->link_fd, l->ifindex);
}

/* Logs that the device's queue accepts no frame, or accepts frames again. */
static void taplink_queue(struct taplink *l, const char *name, unsigned int txqlen)
{
	bool none = txqlen == 0;

	if (none == l->no_queue)
		return;
	l->no_queue = none;
	if (none)
		log_error("the device has no queue, each frame that is sent through it is lost %s=%s device=%s "
			  "todo=\"ip link set dev %s txqueuelen 1000\"", l->what, name, l->ifname, l->ifname);
	else
		log_info("the device has a queue again %s=%s frames=%u", l->what, name, txqlen);
}

bool taplink_event(struct taplink *l, const struct tapstate *ts, int tap_fd, const struct link_event *ev)
{
	bool unsure = !ev->ifindex || ev->removed;

	/* A device in another namespace may be the one that comes to ours now. */
	if (tap_fd < 0 || (ev->ifindex && l->ifindex && ev->ifindex != l->ifindex))
		return false;
	if ((unsure || strcmp(ev->ifname, l->ifname) != 0) && !tap_is_lost(tap_fd)) {
		tapstate_save_place(ts, tap_fd);
		taplink_find(l, tap_fd);
	} else if (ev->has_txqlen && ev->ifindex == l->ifindex) {
		taplink_queue(l, ts->name, ev->txqlen);
	}
	return unsure;
}
