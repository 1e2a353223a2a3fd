/* SPDX-License-Identifier: MIT */
/* grx_posted.h - the guest's receive buffers, taken off the ring ahead of frames */
#ifndef NETPAIR_BACKEND_GRX_POSTED_H
#define NETPAIR_BACKEND_GRX_POSTED_H

#include "conn_internal.h"

/* Takes buffers off the grx ring until there are as many as the largest frame needs, or none is left. */
void vif_posted_refill(struct vif_queue *q);

/* Removes the first n taken buffers, which a frame has used. */
void vif_posted_spend(struct vif_queue *q, unsigned int n);

/* Copies the grant references of buffers that are taken and not used to out (POSTED_MAX). Returns their
 * number. */
unsigned int vif_posted_list(const struct vif_queue *q, struct gref *out);

/* Looks up the pages of taken buffers again, after a change of the static grants. */
void vif_posted_refresh(struct vif_queue *q);

/* Returns the number of slots for the next frame: buffers that are taken, and those in the ring. */
unsigned int vif_posted_slots(const struct vif_queue *q);

#endif
