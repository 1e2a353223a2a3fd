/* SPDX-License-Identifier: MIT */
/* links.c - what others do to a NIC's device while we hold it
 *
 * A device that somebody deletes (ip link del, or the network namespace that
 * holds it ends) leaves us a descriptor that says EBADFD for good. The worker
 * finds that out as it reads, rtnetlink tells of it without any traffic; either
 * way a new device is made, and the connection is made anew with it.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../common/devstate.h"
#include "../common/errtext.h"
#include "../common/fdstore.h"
#include "../common/linkwatch.h"
#include "../common/log.h"
#include "../common/netdev.h"
#include "../common/tap.h"
#include "frontend.h"

void nic_tap_replace(struct nic *n)
{
	int err;

	if (n->tap_fd < 0 || !tap_is_lost(n->tap_fd))
		return;
	log_warn("the device was deleted, a new one is made nic=%s", n->name);
	/* Before another one gets the number of the descriptor. */
	if (n->link)
		nic_link_stop(n->link);
	n->replaced = n->link != NULL;
	n->attempts = 0, n->not_before = 0;
	close(n->tap_fd);
	n->tap_fd = -1;
	n->carrier = false;
	devstate_remove(n->daemon->run_dir, n->name);
	fdstore_drop(n->name);
	err = nic_tap_make(n);
	if (err)
		log_error("cannot open the TAP nic=%s error=\"%s\"", n->name, errtext(ERRTEXT_TAP, err));
}

/* A queue of no frames takes none. */
static void links_queue(struct nic *n, unsigned int txqlen)
{
	bool none = txqlen == 0;

	if (none == n->no_queue)
		return;
	n->no_queue = none;
	if (none)
		log_error("the device has no queue, all that is sent by it is lost nic=%s device=%s todo=\"ip link set dev %s txqueuelen 1000\"",
			  n->name, n->ifname, n->ifname);
	else
		log_info("the device has a queue again nic=%s frames=%u", n->name, txqlen);
}

/* Notes where the device is, if that is our namespace: elsewhere nobody tells of it. */
static void links_place(struct nic *n)
{
	struct netdev dev;

	n->ifindex = 0;
	n->ifname[0] = '\0';
	if (netdev_open(&dev, n->tap_fd))
		return;
	if (dev.netns_fd < 0) {
		n->ifindex = dev.ifindex;
		snprintf(n->ifname, sizeof(n->ifname), "%s", dev.name);
	}
	netdev_close(&dev);
}

void nic_links_watch(struct nic *n)
{
	links_place(n);
	linkwatch_ask(n->daemon->link_fd, n->ifindex);
}

/* Takes what is told of the device, or of one that it may have become. */
static void links_news(struct nic *n, const struct link_event *ev)
{
	bool unsure = !ev->ifindex || ev->removed;

	n->dirty = n->dirty || unsure;
	if ((unsure || strcmp(ev->ifname, n->ifname) != 0) && !tap_is_lost(n->tap_fd)) {
		nic_tap_moved(n);
		nic_links_watch(n);
	} else if (ev->has_txqlen && ev->ifindex == n->ifindex) {
		links_queue(n, ev->txqlen);
	}
}

void nic_links_event(void *arg, const struct link_event *ev)
{
	const struct frontend *d = arg;

	/* One that is elsewhere may be the one that comes now. */
	for (struct nic *n = d->nics; n; n = n->next)
		if (n->tap_fd >= 0 && (!ev->ifindex || !n->ifindex || ev->ifindex == n->ifindex))
			links_news(n, ev);
}
