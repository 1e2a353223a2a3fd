/* SPDX-License-Identifier: MIT */
/* links.c - what others do to a NIC's device while we hold it
 *
 * A device that somebody deletes (ip link del, or the network namespace that
 * holds it ends) leaves us a descriptor that says EBADFD for good. The worker
 * finds that out as it reads, rtnetlink tells of it without any traffic; either
 * way a new device is made, and the connection is made anew with it.
 */
#include <string.h>
#include <unistd.h>

#include "../common/devstate.h"
#include "../common/errtext.h"
#include "../common/fdstore.h"
#include "../common/linkwatch.h"
#include "../common/log.h"
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

void nic_tap_watch(struct nic *n)
{
	struct devstate st;

	n->ifindex = devstate_read(&st, n->daemon->run_dir, n->name) ? 0 : st.ifindex;
	linkwatch_ask(n->daemon->link_fd, n->ifindex);
}

/* A queue of no frames takes none. */
static void links_queue(struct nic *n, unsigned int txqlen)
{
	bool none = txqlen == 0;

	if (none == n->no_queue)
		return;
	n->no_queue = none;
	if (none)
		log_error("the device has no queue, all that is sent by it is lost nic=%s ifindex=%u todo=\"ip link set dev NAME txqueuelen 1000\"",
			  n->name, n->ifindex);
	else
		log_info("the device has a queue again nic=%s frames=%u", n->name, txqlen);
}

static void links_event(void *arg, const struct link_event *ev)
{
	const struct frontend *d = arg;

	for (struct nic *n = d->nics; n; n = n->next) {
		if (n->tap_fd < 0 || (ev->ifindex && ev->ifindex != n->ifindex))
			continue;
		n->dirty = n->dirty || ev->removed || !ev->ifindex;
		if (!ev->ifindex)
			linkwatch_ask(d->link_fd, n->ifindex);
		if (ev->has_txqlen)
			links_queue(n, ev->txqlen);
	}
}

void frontend_links(struct frontend *d)
{
	linkwatch_take(d->link_fd, links_event, d);
	frontend_run(d);
}
