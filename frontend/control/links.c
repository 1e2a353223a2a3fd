/* SPDX-License-Identifier: MIT */
/* links.c - what others do to a NIC's device while we hold it
 *
 * A device that somebody deletes (ip link del, or the network namespace that
 * holds it ends) leaves us a descriptor that fails with EBADFD for good. The worker
 * finds that out as it reads, rtnetlink tells of it without any traffic; either
 * way a new device is made, and the connection is made anew with it.
 */
#include <string.h>

#include "common/base/log.h"
#include "common/host/linkwatch.h"
#include "common/host/tap.h"
#include "links.h"
#include "nic.h"
#include "nic_tap.h"

/* Logs when the device has no queue any more, which then takes no frame, and when it has one again. */
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

/* Handles what is told of the device, or of one that it may have become. */
static void links_news(struct nic *n, const struct link_event *ev)
{
	bool unsure = !ev->ifindex || ev->removed;

	n->dirty = n->dirty || unsure;
	if ((unsure || strcmp(ev->ifname, n->ifname) != 0) && !tap_is_lost(n->tap_fd)) {
		nic_tap_moved(n);
	} else if (ev->has_txqlen && ev->ifindex == n->ifindex) {
		links_queue(n, ev->txqlen);
	}
}

void nic_links_event(void *nics, const struct link_event *ev)
{
	/* One that is elsewhere may be the one that comes now. */
	for (struct nic *n = nics; n; n = n->next)
		if (n->tap_fd >= 0 && (!ev->ifindex || !n->ifindex || ev->ifindex == n->ifindex))
			links_news(n, ev);
}
