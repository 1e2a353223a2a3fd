/* SPDX-License-Identifier: MIT */
/* links.c - what others do to a VIF's device while we hold it
 *
 * A device that somebody deletes (ip link del, or the network namespace that
 * holds it ends) leaves us a descriptor that says EBADFD for good. The worker
 * finds that out as it reads, rtnetlink tells of it without any traffic; either
 * way the VIF is looked at, a new device is made and the same rings attached to
 * it, as a restarted daemon would: the frontend notices nothing. The new device
 * is in no bridge, which only the hotplug script can mend, and people are told.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../common/devstate.h"
#include "../common/fdstore.h"
#include "../common/linkwatch.h"
#include "../common/log.h"
#include "../common/netdev.h"
#include "../common/tap.h"
#include "backend.h"

void vif_device_tell_remade(struct vif *v)
{
	log_error("the device was deleted, a new one is made vif=%s todo=\"detach and attach the VIF: that runs the hotplug script\"",
		  v->name);
	v->device_remade = true;
}

bool vif_device_is_lost(const struct vif *v)
{
	return v->tap_fd >= 0 && tap_is_lost(v->tap_fd);
}

void vif_device_forget(struct vif *v)
{
	close(v->tap_fd);
	v->tap_fd = -1;
	v->carrier = false;
	devstate_remove(v->daemon->run_dir, v->name);
	fdstore_drop(v->name);
}

/* A queue of no frames takes none. */
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

/* Notes where the device is, if that is our namespace: elsewhere nobody tells of it. */
static void links_place(struct vif *v)
{
	struct netdev dev;

	v->ifindex = 0;
	v->ifname[0] = '\0';
	if (netdev_open(&dev, v->tap_fd))
		return;
	if (dev.netns_fd < 0) {
		v->ifindex = dev.ifindex;
		snprintf(v->ifname, sizeof(v->ifname), "%s", dev.name);
	}
	netdev_close(&dev);
}

void vif_links_watch(struct vif *v)
{
	links_place(v);
	linkwatch_ask(v->daemon->link_fd, v->ifindex);
}

/* Takes what is told of the device, or of one that it may have become. */
static void links_news(struct vif *v, const struct link_event *ev)
{
	bool unsure = !ev->ifindex || ev->removed;

	v->dirty = v->dirty || unsure;
	if ((unsure || strcmp(ev->ifname, v->ifname) != 0) && !tap_is_lost(v->tap_fd)) {
		vif_device_moved(v);
		vif_links_watch(v);
	} else if (ev->has_txqlen && ev->ifindex == v->ifindex) {
		links_queue(v, ev->txqlen);
	}
}

void vif_links_event(void *arg, const struct link_event *ev)
{
	const struct backend *d = arg;

	/* One that is elsewhere may be the one that comes now. */
	for (struct vif *v = d->vifs; v; v = v->next)
		if (v->tap_fd >= 0 && (!ev->ifindex || !v->ifindex || ev->ifindex == v->ifindex))
			links_news(v, ev);
}
