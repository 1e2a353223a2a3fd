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
#include <string.h>
#include <unistd.h>

#include "../common/devstate.h"
#include "../common/fdstore.h"
#include "../common/linkwatch.h"
#include "../common/log.h"
#include "../common/tap.h"
#include "backend.h"

bool vif_device_is_lost(const struct vif *v)
{
	return v->tap_fd >= 0 && tap_is_lost(v->tap_fd);
}

void vif_device_forget(struct vif *v)
{
	log_error("the device was deleted, a new one is made vif=%s todo=\"detach and attach the VIF: that runs the hotplug script\"",
		  v->name);
	close(v->tap_fd);
	v->tap_fd = -1;
	v->carrier = false;
	v->device_remade = true;
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
		log_error("the device has no queue, all that is sent to the guest is lost vif=%s ifindex=%u todo=\"ip link set dev %s txqueuelen 1000\"",
			  v->name, v->ifindex, v->name);
	else
		log_info("the device has a queue again vif=%s frames=%u", v->name, txqlen);
}

static void links_event(void *arg, const struct link_event *ev)
{
	const struct backend *d = arg;

	for (struct vif *v = d->vifs; v; v = v->next) {
		if (v->tap_fd < 0 || (ev->ifindex && ev->ifindex != v->ifindex))
			continue;
		v->dirty = v->dirty || ev->removed || !ev->ifindex;
		if (!ev->ifindex)
			linkwatch_ask(d->link_fd, v->ifindex);
		if (ev->has_txqlen)
			links_queue(v, ev->txqlen);
	}
}

void backend_links(struct backend *d)
{
	linkwatch_take(d->link_fd, links_event, d);
	backend_run(d);
}
