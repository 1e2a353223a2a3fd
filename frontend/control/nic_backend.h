/* SPDX-License-Identifier: MIT */
/* nic_backend.h - which backend a NIC has, and the watches on that */
#ifndef NETPAIR_FRONTEND_NIC_BACKEND_H
#define NETPAIR_FRONTEND_NIC_BACKEND_H

#include "common/base/util.h"

struct nic;

/* Follows the backend key, which changes when the guest is restored elsewhere:
 * sets be_path and peer, and watches that backend. Returns 0, or -errno if
 * xenstored failed. */
MUST_CHECK int nic_backend_find(struct nic *n);

/* Removes the watches on the backend, if there is one. */
void nic_backend_unwatch(struct nic *n);

#endif
