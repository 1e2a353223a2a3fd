/* SPDX-License-Identifier: MIT */
/* queue_limit.h - the workers' part in the limit in bytes of the device's queues (taplimit.h) */
#ifndef NETPAIR_BACKEND_QUEUE_LIMIT_H
#define NETPAIR_BACKEND_QUEUE_LIMIT_H

#include "conn.h"
#include "conn_internal.h"

/* Makes each worker a reader of the limit, if there is one. Called before the workers start. Logs
 * a failure. */
void vif_queue_limit(struct vif_conn *conn, const struct vif_conn_params *params);

/* Makes the connection's other workers read their queues of the device once. */
void vif_queue_limit_kick(const struct vif_worker *vw);

#endif
