/* SPDX-License-Identifier: MIT */
/* vif_new.h - a VIF that was found, and its end */
#ifndef NETPAIR_BACKEND_VIF_NEW_H
#define NETPAIR_BACKEND_VIF_NEW_H

#include <stdint.h>

#include "common/base/abi.h"
#include "common/base/util.h"

struct backend;
struct vif;

/* Makes a VIF for backend directory D/devid, in the state that an earlier daemon
 * left. Returns NULL without memory, where the directory gives nothing to do,
 * or where it could not be read: d->look_again is set then. */
MUST_CHECK struct vif *vif_new(struct backend *d, struct domid peer, uint32_t devid);

/* Ends the connection and the watches, and frees the VIF. The device stays. */
void vif_free(struct vif *v);

#endif
