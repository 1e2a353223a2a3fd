/* SPDX-License-Identifier: MIT */
/* queue.h - a queue's rings and channels */
#ifndef NETPAIR_BACKEND_QUEUE_H
#define NETPAIR_BACKEND_QUEUE_H

#include "common/base/reason.h"
#include "conn_internal.h"

/* Maps the rings of queue index and binds its channels. Returns 0, or -errno with the reason
 * in why; vif_queue_exit() then undoes what was done. */
MUST_CHECK int vif_queue_init(struct vif_queue *q, struct vif_worker *vw, struct domid peer,
			      unsigned int index, struct reason *why);

/* Publishes where the rings are, for other threads. Called on the worker's thread. */
void vif_queue_show(struct vif_queue *q);

/* Unmaps the rings. The channels are closed with the worker's handle. */
void vif_queue_exit(struct vif_queue *q);

#endif
