/* SPDX-License-Identifier: MIT */
/* grx_source.h - where the frames for the guest come from
 *
 * The next frame is the one that waits for slots (grx_stall.h), or else the next segment
 * of a large frame, or else one that is read from the TAP: straight into the guest's
 * pages, or into private memory. A large frame that the frontend does not take, or for
 * which it posts too few slots, goes on in segments of one slot each. Until the last
 * one is taken vw->tso.left is true, and nothing is read.
 */
#ifndef NETPAIR_BACKEND_GRX_SOURCE_H
#define NETPAIR_BACKEND_GRX_SOURCE_H

#include "conn_internal.h"

/* Returns true if there may be a frame. Returns false for lack of credit, too, and then records
 * that the worker waits for credit. */
MUST_CHECK bool vif_source_has_frames(struct vif_worker *vw);

/* Notes that packets of the guest went out, which the network may answer at once: the TAP is read without
 * waiting for epoll if it may have a frame. */
void vif_source_sent(struct vif_worker *vw);

/* Begins a run. */
void vif_source_begin(struct vif_worker *vw);

/* Gets the next frame. The frames before it in the run use the first used bytes of grx_buf.
 * Returns false if no frame can be taken now. Else f->pkt.drop says whether it is dropped; if it
 * is not, f->pkt, f->queue and the frame's place (f->direct, f->at) are set. */
MUST_CHECK bool vif_source_next(struct vif_worker *vw, struct vif_frame *f, uint32_t used);

/* Replaces a large frame in private memory by its first segment. If that is impossible,
 * f->pkt.drop says why. */
void vif_source_split(struct vif_frame *f);

/* Ends a run. */
void vif_source_end(struct vif_worker *vw);

#endif
