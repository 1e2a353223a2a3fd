/* SPDX-License-Identifier: MIT */
/* vif_state.h - the key state of a VIF's own directory */
#ifndef NETPAIR_BACKEND_VIF_STATE_H
#define NETPAIR_BACKEND_VIF_STATE_H

#include "vif.h"

/* Publishes our state. Where that fails it is logged, and done at the next look. */
void vif_set_state(struct vif *v, enum xenbus_state state);

#endif
