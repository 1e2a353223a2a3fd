/* SPDX-License-Identifier: MIT */
/* takeover.h - a VIF that the kernel's netback serves becomes ours */
#ifndef NETPAIR_BACKEND_TAKEOVER_H
#define NETPAIR_BACKEND_TAKEOVER_H

#include "vif.h"

/* Unbinds the kernel's netback from the VIF, if it is bound. The VIF's TAP then
 * takes the place of the kernel's device: its name, MTU, bridge, and whether it
 * is up. Returns 1: taken over; 0: nothing was bound; -errno: it still is. */
MUST_CHECK int vif_take_over(struct vif *v);

#endif
