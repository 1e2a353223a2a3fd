/* SPDX-License-Identifier: MIT */
/* gtx.h - guest transmit: ring to TAP */
#ifndef NETPAIR_BACKEND_GTX_H
#define NETPAIR_BACKEND_GTX_H

#include "conn_internal.h"

/* Serves the gtx ring: at most one batch. Returns the number of frames that it
 * sent or dropped; 0: there was nothing to do. May fault the worker. */
MUST_CHECK unsigned int vif_gtx_run(struct vif_queue *q);

#endif
