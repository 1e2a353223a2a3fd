/* SPDX-License-Identifier: MIT */
/* vif_settings.h - the keys that may change while connected, read into struct vif_settings */
#ifndef NETPAIR_BACKEND_VIF_SETTINGS_H
#define NETPAIR_BACKEND_VIF_SETTINGS_H

#include <stdint.h>

#include "common/base/util.h"

struct vif;

/* Reads the toolstack's rate and the frontend's request-multicast-control. */
void vif_settings_read(struct vif *v);

/* Watches request-multicast-control. Returns 0 or -errno. */
MUST_CHECK int vif_settings_watch(struct vif *v);
void vif_settings_unwatch(struct vif *v);

/* Sets the headroom that the frontend wants; it gets at most PKT_HEADROOM_MAX bytes. */
void vif_headroom_set(struct vif *v, uint32_t wanted);

/* Reads xdp-headroom while the frontend reconfigures itself, and watches it
 * until vif_headroom_settle(). Returns 0; -EINVAL: not a number; other -errno:
 * the key could not be read. */
MUST_CHECK int vif_headroom_read(struct vif *v);
void vif_headroom_settle(struct vif *v);

#endif
