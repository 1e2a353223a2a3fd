/* SPDX-License-Identifier: MIT */
/* posted.h - the guest's receive buffers that are taken off the ring ahead of frames */
#ifndef NETPAIR_POSTED_H
#define NETPAIR_POSTED_H

#include "queue.h"

/* Takes buffers off the grx ring ahead, for at least one frame if they are
 * there; gives the first n of them to a frame. */
void vif_posted_take(struct vif_queue *q);
void vif_posted_spend(struct vif_queue *q, unsigned int n);

/* The refs that are taken and not answered, to out (POSTED_MAX). How many. */
unsigned int vif_posted_list(const struct vif_queue *q, struct gref *out);

/* Looks the pages of taken buffers up again: the table has changed. */
void vif_posted_refresh(struct vif_queue *q);

/* Slots there are for the next grx frame, taken or not. */
unsigned int vif_posted_slots(const struct vif_queue *q);

#endif
