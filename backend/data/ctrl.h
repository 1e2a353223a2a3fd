/* SPDX-License-Identifier: MIT */
/* ctrl.h - the control ring's messages */
#ifndef NETPAIR_BACKEND_CTRL_H
#define NETPAIR_BACKEND_CTRL_H

#include "conn_internal.h"

/* Answers a few messages of the control ring, if there is one. Returns their number. */
MUST_CHECK unsigned int vif_ctrl_run(struct vif_conn *conn);

#endif
