/* SPDX-License-Identifier: MIT */
/* gtx.h - guest transmit: frames of the TAP to the gtx rings */
#ifndef NETPAIR_FRONTEND_GTX_H
#define NETPAIR_FRONTEND_GTX_H

#include "common/base/util.h"

struct nic_conn;

/* Moves at most one batch of frames. Returns how many it moved or dropped. May
 * fault the worker. */
MUST_CHECK unsigned int nic_gtx_run(struct nic_conn *conn);

#endif
