/* SPDX-License-Identifier: MIT */
/* queue_limit.h - what may wait for a guest in its device */
#ifndef NETPAIR_BACKEND_QUEUE_LIMIT_H
#define NETPAIR_BACKEND_QUEUE_LIMIT_H

#include "conn.h"
#include "conn_internal.h"

/* Takes part in the limit of the bytes that wait in the device, if there is one, before
 * the workers start; logs if it cannot. */
void vif_queue_limit(struct vif_conn *conn, const struct vif_conn_params *params);

/* Has the connection's other workers look at their ends of the device (taplimit.h). */
void vif_queue_limit_kick(const struct vif_worker *vw);

#endif
