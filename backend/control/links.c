/* SPDX-License-Identifier: MIT */
/* links.c - what others do to a VIF's device while we hold it
 *
 * A device that somebody deletes (ip link del, or the network namespace that
 * holds it ends) leaves us a descriptor that only ever says EBADFD. The worker
 * finds that out as it reads; rtnetlink says so without any traffic. Either way
 * the VIF is looked at, a new device is made and the same rings are attached to
 * it, as a restarted daemon does: the frontend notices nothing. The new device
 * is in no bridge. Only the hotplug script can change that, so the log and the
 * key error say what to do.
 */
#include <string.h>

#include "common/base/log.h"
#include "common/host/linkwatch.h"
#include "common/host/tap.h"
#include "backend.h"
#include "links.h"
#include "vif_tap.h"

/* Logs that the device's queue takes no frame, or does again. */
static void links_queue(struct vif *v, unsigned int txqlen)
{
	bool none = txqlen == 0;

	if (none == v->no_queue)
		return;
	v->no_queue = none;
	if (none)
		log_error("the device has no queue, all that is sent to the guest is lost vif=%s device=%s todo=\"ip link set dev %s txqueuelen 1000\"",
			  v->name, v->ifname, v->ifname);
	else
		log_info("the device has a queue again vif=%s frames=%u", v->name, txqlen);
}

/* Handles an event of the device, or of one that it may have become. */
static void links_news(struct vif *v, const struct link_event *ev)
{
	bool unsure = !ev->ifindex || ev->removed;

	v->dirty = v->dirty || unsure;
	if ((unsure || strcmp(ev->ifname, v->ifname) != 0) && !tap_is_lost(v->tap_fd)) {
		vif_tap_moved(v);
		vif_tap_locate(v);
	} else if (ev->has_txqlen && ev->ifindex == v->ifindex) {
		links_queue(v, ev->txqlen);
	}
}

void vif_links_event(void *arg, const struct link_event *ev)
{
	const struct backend *d = arg;

	/* A device in another namespace may be the one that comes to ours now. */
	for (struct vif *v = d->vifs; v; v = v->next)
		if (v->tap_fd >= 0 && (!ev->ifindex || !v->ifindex || ev->ifindex == v->ifindex))
			links_news(v, ev);
}
