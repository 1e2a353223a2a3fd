/* SPDX-License-Identifier: MIT */
/* vif_connect.h - the connection of a VIF: from the frontend's keys to its end */
#ifndef NETPAIR_BACKEND_VIF_CONNECT_H
#define NETPAIR_BACKEND_VIF_CONNECT_H

#include <stdbool.h>

#include "vif.h"

/* Opens the device. Returns false if it had to refuse the VIF instead. */
bool vif_claim_device(struct vif *v);

/* Starts the connection, or goes on with one that is up: publishes Connected. */
void vif_connect_frontend(struct vif *v);

/* Returns true while a connection starts that the next step wants. One that it does not want
 * any more is stopped. */
MUST_CHECK bool vif_is_starting(struct vif *v, bool wanted);

/* Looks whether an earlier control's data process serves the VIF, which has no device yet. Returns
 * false while that is not known, or while one that serves what is not connected ends: the VIF is
 * looked at again then. */
MUST_CHECK bool vif_find_served(struct vif *v);

/* Ends the connection. Returns false if its data process has not answered yet: the VIF is looked
 * at again then. */
MUST_CHECK bool vif_disconnect(struct vif *v);

#endif
