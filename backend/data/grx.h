/* SPDX-License-Identifier: MIT */
/* grx.h - guest receive: TAP to ring */
#ifndef NETPAIR_BACKEND_GRX_H
#define NETPAIR_BACKEND_GRX_H

#include "conn_internal.h"

/* Serves the grx rings of all the worker's queues, which share its TAP: at most
 * one batch. Returns the number of frames that it delivered or dropped; 0: there
 * was nothing to do. May fault the worker. */
MUST_CHECK unsigned int vif_grx_run(struct vif_worker *vw);

#endif
