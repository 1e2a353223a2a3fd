/* SPDX-License-Identifier: MIT */
/* steer.c - which queue a frame goes to (netif.h leaves it to the sender) */
#include "../common/flow.h"
#include "queue.h"

struct vif_queue *vif_steer(const struct vif_worker *vw, const uint8_t *frame, uint32_t len)
{
	return vw->nqueues == 1 ? vw->queue : &vw->queue[flow_hash(frame, len) % vw->nqueues];
}
