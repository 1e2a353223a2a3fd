/* SPDX-License-Identifier: MIT */
/* rate.h - the toolstack's rate limit in a worker's run */
#ifndef NETPAIR_BACKEND_RATE_H
#define NETPAIR_BACKEND_RATE_H

#include "conn_internal.h"

/* Returns true if the rate allows a frame in that direction (RATE_*). If not, records that the
 * worker waits for credit. */
MUST_CHECK bool vif_rate_allows(struct vif_worker *vw, uint32_t direction);

/* Returns true if a direction that lacked credit in the last run has some now. Credit may come at any
 * moment between the run and the sleep. */
MUST_CHECK bool vif_rate_is_back(const struct vif_worker *vw);

/* Returns the milliseconds until there may be credit; -1: no direction waits for it. */
int vif_rate_wait_ms(const struct vif_worker *vw);

#endif
