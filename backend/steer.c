/* SPDX-License-Identifier: MIT */
/* steer.c - which queue a frame goes to (netif.h leaves it to the sender) */
#include "../common/flow.h"
#include "queue.h"

struct vif_queue *vif_steer(const struct vif_worker *vw, struct pkt *p, const uint8_t *frame)
{
	const struct vif_link *l = vw->link;
	struct hash_value v;

	/* Only with a control ring, so that this worker's queues are all there are. */
	if (hash_steers(&l->hash)) {
		v = hash_frame(&l->hash, frame, p->len);
		p->hashed = v.known;
		p->hash_type = v.type;
		p->hash_value = v.value;
		return &vw->queue[hash_queue(&l->hash, v.value, vw->nqueues)];
	}
	return vw->nqueues == 1 ? vw->queue : &vw->queue[flow_hash(frame, p->len) % vw->nqueues];
}
