/* SPDX-License-Identifier: MIT */
/* attach_found.h - a connection that an earlier control's data process serves is found, and adopted */
#ifndef NETPAIR_BACKEND_ATTACH_FOUND_H
#define NETPAIR_BACKEND_ATTACH_FOUND_H

#include "attach.h"

/* Looks whether an earlier control's data process serves the VIF of that name: at the first look at
 * the VIF, before its device is touched. Returns 0: it is ATTACH_FOUND, or nobody serves it;
 * -EINPROGRESS: ask again once `changed` is set. *tap_fd gets the descriptor of the device that the
 * process named, which the caller owns and checks; or -1. */
MUST_CHECK int attach_find(struct attach *a, struct processes *all, struct domid peer, const char *name, int *tap_fd);

/* Goes on with the connection that was found, if it is as it would be made now: its counters
 * go to *counters. Of params the workers and limit_bytes are those that it would have. Returns true:
 * it is up. Returns false if nothing was found, or it is another: it ends then, with its process. */
MUST_CHECK bool attach_adopt(struct attach *a, const struct vif_conn_params *params, const struct vif_conf *conf,
			     struct vif_counters *counters);

#endif
