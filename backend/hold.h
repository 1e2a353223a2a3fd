/* SPDX-License-Identifier: MIT */
/* hold.h - grx frames that lack slots: kept, cut or dropped, by the rules of patience.h
 *
 * All on the worker's thread.
 */
#ifndef NETPAIR_HOLD_H
#define NETPAIR_HOLD_H

#include "queue.h"

/* Where the next frame's header goes, so that its bytes start a page. */
static inline uint32_t vif_hold_at(uint32_t used)
{
	return ((used + VNET_HDR_LEN + XEN_PAGE - 1) & ~(XEN_PAGE - 1)) - (uint32_t)VNET_HDR_LEN;
}

/* A large segment, whose bytes are body in n runs, goes on in small ones; its
 * queue, length and headroom are f's. Counted if it cannot be cut. */
void vif_hold_cut(const struct frame *f, const struct virtio_net_hdr *hdr, const struct iovec *body, unsigned int n);

/* A frame, last of the batch, lacks slots. True: it is kept for the next run,
 * as vw->held; else it was dropped, or goes on in segments. */
MUST_CHECK bool vif_hold_frame(const struct frame *f);

/* Moves the held frame to the buffer's start. Not before the next run: the
 * frames ahead of it are copied out of the buffer only at the end of a run. */
void vif_hold_settle(struct vif_worker *vw);

/* There is no slot at all: frames stay in the TAP. True: not any more, they are to be lost. */
MUST_CHECK bool vif_hold_is_over(struct vif_queue *q);

/* The TAP is empty: nobody waits for slots. */
void vif_hold_nobody(struct vif_worker *vw);

/* Whether slots came to a queue that lacked them, or have lacked for too long. */
void vif_hold_review(struct vif_queue *q);

#endif
