/* SPDX-License-Identifier: MIT */
/* vif_macvtap.h - the macvtap port of a VIF, as control has it
 *
 * Theory of operation. A person or a hotplug script makes the device; netbackd only uses it. Control opens it when a connection is
 * made and closes it with the connection, as each open descriptor has a queue that fills. A netbackd that was started anew gets
 * the descriptor from the data process that served on, and opens no second one, whose queue nobody would read.
 *
 * What a new connection needs, and a connection that is there is only told of: that the device is up and has a carrier, and
 * takes the guest's longest frames. The guest's address is looked at, too; if it is not the device's, the VIF is served all the same.
 */
#ifndef NETPAIR_BACKEND_VIF_MACVTAP_H
#define NETPAIR_BACKEND_VIF_MACVTAP_H

#include <stdbool.h>

#include "common/base/util.h"

struct link_event;
struct vif;
struct vif_port_ops;

/* The members are vif_macvtap.c's. vif_macvtap_init() makes it empty. */
struct vif_macvtap {
	int fd;				/* -1: not open */
	int served_fd;			/* what an earlier control's data process serves; -1: none */
	unsigned int ifindex;		/* of fd */
	bool news;			/* the device has changed */
};

/* The port's functions. */
extern const struct vif_port_ops vif_macvtap_ops;

void vif_macvtap_init(struct vif_macvtap *p);

/* Closes it, as the connection is at its end. */
void vif_macvtap_close(struct vif *v);

/* Offers the descriptor that an earlier control's data process says is the port's. Takes fd, if it is of a macvtap.
 * Returns false if it is not. */
MUST_CHECK bool vif_macvtap_offer(struct vif *v, int fd);

/* Drops what was offered, once the port was chosen. Returns true if it was another device than the port. */
MUST_CHECK bool vif_macvtap_is_other(struct vif *v);

/* Notes an event of rtnetlink. Returns true if the VIF must be looked at. */
MUST_CHECK bool vif_macvtap_event(struct vif *v, const struct link_event *ev);

/* Returns true if somebody deleted the device. */
MUST_CHECK bool vif_macvtap_is_lost(const struct vif *v);

#endif
