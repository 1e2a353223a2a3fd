/* SPDX-License-Identifier: MIT */
/* links.h - what others do to a VIF's device while netbackd holds it */
#ifndef NETPAIR_BACKEND_LINKS_H
#define NETPAIR_BACKEND_LINKS_H

struct link_event;

/* Handles one event for the VIFs of a struct backend, which is arg: marks those
 * dirty whose device may have gone, saves where a device is that was renamed or
 * moved, and logs that a device has no queue. */
void vif_links_event(void *arg, const struct link_event *ev);

#endif
