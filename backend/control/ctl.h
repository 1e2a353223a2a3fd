/* SPDX-License-Identifier: MIT */
/* ctl.h - what netbackd does for the commands of its control socket */
#ifndef NETPAIR_BACKEND_CTL_H
#define NETPAIR_BACKEND_CTL_H

#include "common/host/ctlcmd.h"

/* The daemon of these functions is a struct backend. */
extern const struct ctlcmd_ops ctl_ops;

#endif
