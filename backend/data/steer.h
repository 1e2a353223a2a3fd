/* SPDX-License-Identifier: MIT */
/* steer.h - which queue a frame goes to */
#ifndef NETPAIR_BACKEND_STEER_H
#define NETPAIR_BACKEND_STEER_H

#include "conn_internal.h"

/* Returns the worker's queue for a frame of p->len bytes. If the frontend set a hash, writes the
 * hash that chose the queue to p. */
struct vif_queue *vif_steer(const struct vif_worker *vw, struct pkt *p, const uint8_t *frame);

#endif
