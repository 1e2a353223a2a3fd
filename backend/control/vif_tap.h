/* SPDX-License-Identifier: MIT */
/* vif_tap.h - the TAP of a VIF */
#ifndef NETPAIR_BACKEND_VIF_TAP_H
#define NETPAIR_BACKEND_VIF_TAP_H

#include <stdbool.h>

#include "common/base/util.h"

struct link_event;
struct vif;
struct vif_conf;

/* Opens the TAP that an earlier daemon left, or makes one. Returns 0 or -errno. */
MUST_CHECK int vif_tap_open(struct vif *v);

/* Offers the descriptor of the device that a data process served; vif_tap_open() takes it if it is the
 * VIF's. Takes fd. */
void vif_tap_offer(struct vif *v, int fd);

/* Gives the TAP the offloads and the MTU that this frontend takes. Returns 0 or -errno. */
MUST_CHECK int vif_tap_fit(struct vif *v, const struct vif_conf *conf);

/* Removes the TAP, and what was saved under its name, unless another VIF has it. */
void vif_tap_remove(struct vif *v);

/* Handles an event of rtnetlink, as taplink_event(). A device that was deleted is made anew,
 * and the same rings are attached to it, as a restarted daemon does: the frontend notices
 * nothing. The new device is in no bridge, which only the hotplug script can change. */
MUST_CHECK bool vif_tap_event(struct vif *v, const struct link_event *ev);

/* Returns true if somebody deleted the device that we hold. */
MUST_CHECK bool vif_tap_is_lost(const struct vif *v);

/* Closes such a device, which no connection may use any more. The next
 * vif_tap_open() makes another. */
void vif_tap_forget(struct vif *v);

/* Returns the mask of an offload header that this daemon offers with the device. */
MUST_CHECK uint32_t vif_tap_header(const struct vif *v);

#endif
