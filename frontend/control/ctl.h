/* SPDX-License-Identifier: MIT */
/* ctl.h - what netfrontd does for the commands of its control socket */
#ifndef NETPAIR_FRONTEND_CTL_H
#define NETPAIR_FRONTEND_CTL_H

#include "common/host/ctlcmd.h"

/* The daemon of these functions is a struct frontend. */
extern const struct ctlcmd_ops ctl_ops;

#endif
