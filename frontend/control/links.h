/* SPDX-License-Identifier: MIT */
/* links.h - what others do to the NICs' devices, as rtnetlink tells */
#ifndef NETPAIR_FRONTEND_LINKS_H
#define NETPAIR_FRONTEND_LINKS_H

struct link_event;

/* Handles one event for a list of NICs, which is nics (a struct nic *); marks
 * those dirty whose device may have gone. A function of linkwatch_take(). */
void nic_links_event(void *nics, const struct link_event *ev);

#endif
