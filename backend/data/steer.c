/* SPDX-License-Identifier: MIT */
/* steer.c - which queue a frame goes to: netif.h leaves that to the sender */
#include "common/wire/flow.h"
#include "steer.h"

struct vif_queue *vif_steer(const struct vif_worker *vw, struct pkt *p, const uint8_t *frame)
{
	const struct vif_conn *conn = vw->conn;
	struct hash_value v;

	/* A hash needs a control ring, so this is the only worker and has all queues. */
	if (hash_steers(&conn->hash)) {
		v = hash_frame(&conn->hash, frame, p->len);
		p->hashed = v.known;
		p->hash_type = v.type;
		p->hash_value = v.value;
		return &vw->queue[hash_queue(&conn->hash, v.value, vw->nqueues)];
	}
	return vw->nqueues == 1 ? vw->queue : &vw->queue[flow_hash(frame, p->len) % vw->nqueues];
}
