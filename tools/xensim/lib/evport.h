/* SPDX-License-Identifier: MIT */
/* evport.h - a handle's ports and where they lead
 *
 * A sender keeps its peer's word and eventfd until the port's gen[] changes.
 * The handle is locked in every call.
 */
#ifndef XENSIM_EVPORT_H
#define XENSIM_EVPORT_H

#include "evtchn.h"

/* Returns the handle's port nr, or NULL. */
struct port *evport_find(struct xenevtchn_handle *h, uint32_t nr);

/* Makes a port with a request to the host. Returns its number, or -1 and errno. */
int evport_add(struct xenevtchn_handle *h, const struct xsim_req *req);

/* Forgets a port of this handle. */
void evport_drop(struct xenevtchn_handle *h, struct port *p);

/* Forgets all ports of this handle. */
void evport_drop_all(struct xenevtchn_handle *h);

/* Asks the host for the port's peer if that has changed. Returns 0, or -1 and errno. */
int evport_update(struct xenevtchn_handle *h, struct port *p);

#endif
