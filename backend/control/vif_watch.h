/* SPDX-License-Identifier: MIT */
/* vif_watch.h - the watchdog of a VIF's workers (common/base/stuck.h) */
#ifndef NETPAIR_BACKEND_VIF_WATCH_H
#define NETPAIR_BACKEND_VIF_WATCH_H

struct vif;

/* Takes a look at each worker, if the VIF is served. Reports one that is stuck, and makes its VIF's
 * connection anew. Called each second. */
void vif_watch(struct vif *v);

#endif
