/* SPDX-License-Identifier: MIT */
/* grx_posted.h - the guest's receive buffers, taken off the ring ahead of frames */
#ifndef NETPAIR_BACKEND_GRX_POSTED_H
#define NETPAIR_BACKEND_GRX_POSTED_H

#include "conn_internal.h"

/* Takes as many buffers off the grx ring as the largest frame needs, if they are there. */
void vif_posted_refill(struct vif_queue *q);

/* Removes the first n taken buffers, which a frame has used. */
void vif_posted_spend(struct vif_queue *q, unsigned int n);

/* Copies the refs that are taken and not used to out (POSTED_MAX). Returns their number. */
unsigned int vif_posted_list(const struct vif_queue *q, struct gref *out);

/* Looks the pages of taken buffers up again: the table has changed. */
void vif_posted_refresh(struct vif_queue *q);

/* Returns the number of slots that there are for the next frame, taken or not. */
unsigned int vif_posted_slots(const struct vif_queue *q);

#endif
