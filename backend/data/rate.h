/* SPDX-License-Identifier: MIT */
/* rate.h - the rate that the toolstack set, as a worker's run sees it */
#ifndef NETPAIR_BACKEND_RATE_H
#define NETPAIR_BACKEND_RATE_H

#include "conn_internal.h"

/* Returns true if the rate lets a frame through in that direction (RATE_*). If
 * not, notes that the worker waits for credit. */
MUST_CHECK bool vif_rate_allows(struct vif_worker *vw, uint32_t direction);

/* Returns true if there is credit for what the last run left. As it was seen in
 * the run: credit may come at any moment between the run and the sleep. */
MUST_CHECK bool vif_rate_is_back(const struct vif_worker *vw);

/* Returns how many milliseconds the worker may sleep until there may be credit; -1: any. */
int vif_rate_wait_ms(const struct vif_worker *vw);

#endif
