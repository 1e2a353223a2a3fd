/* SPDX-License-Identifier: MIT */
/* gtx_segment.h - large frames of the guest that the device does not take
 *
 * What the frontend may send was agreed when it connected. A netbackd that adopts the connection
 * may have a device, or options, that take less; it then segments by itself what comes nevertheless.
 */
#ifndef NETPAIR_BACKEND_GTX_SEGMENT_H
#define NETPAIR_BACKEND_GTX_SEGMENT_H

#include "conn_internal.h"

/* Makes the buffers of a worker, if its connection can have such frames. Returns 0 or -ENOMEM. */
MUST_CHECK int vif_gtx_segment_init(struct vif_worker *vw);

/* Frees them. */
void vif_gtx_segment_exit(struct vif_worker *vw);

/* Returns whether the device lacks what a frame needs, whose header was checked. */
MUST_CHECK bool vif_gtx_segment_needs(const struct vif_worker *vw, const struct virtio_net_hdr *vh);

/* Writes a frame in segments, after those that the burst has. f->iov are its n runs, the first of which
 * begins with its header. Sets f->put. Returns DROP_NONE or the reason why the frame is dropped. */
MUST_CHECK enum drop vif_gtx_segment(struct vif_worker *vw, struct vif_frame *f, unsigned int n);

#endif
