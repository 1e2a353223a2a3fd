/* SPDX-License-Identifier: MIT */
/* grx_split.h - a large frame that goes to the guest in segments of one slot each
 *
 * Either the frontend does not take large frames, or it posts too few slots for
 * one (grx_stall.h). Until the last segment is taken vw->tso.left is not 0, and
 * no other frame is read.
 */
#ifndef NETPAIR_BACKEND_GRX_SPLIT_H
#define NETPAIR_BACKEND_GRX_SPLIT_H

#include "conn_internal.h"

/* Begins with a large frame, whose bytes are body in n runs; queue, length and
 * headroom are those of f. Drops and counts it if it cannot be segmented. */
void vif_split_begin(const struct frame *f, const struct virtio_net_hdr *hdr, const struct iovec *body, unsigned int n);

/* Makes f the next segment, with its bytes at offset at of grx_buf. */
void vif_split_next(struct vif_worker *vw, struct frame *f, uint32_t at);

#endif
