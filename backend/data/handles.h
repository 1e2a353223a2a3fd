/* SPDX-License-Identifier: MIT */
/* handles.h - device handles and rings that are opened before the sandbox
 *
 * A process in its sandbox can open no device and make no io_uring. So it first opens, as
 * root, as many sets of handles as it may ever have workers. A worker takes one set and
 * closes it when it ends. A set is used once, as a ring belongs to the thread that enabled
 * it. When no set is left, no worker can start, and control makes a new process.
 */
#ifndef NETPAIR_BACKEND_HANDLES_H
#define NETPAIR_BACKEND_HANDLES_H

#include <stdbool.h>

#include "common/base/util.h"

struct burst_ring;
struct evt_dev;
struct grant_dev;
struct vif_handles;

/* Opens n sets, whose grants and ports are domain peer's. Returns 0 or -errno. */
MUST_CHECK int vif_handles_open(struct vif_handles **out, struct domid peer, unsigned int n);

/* Takes one set, which the caller then owns. *ring is NULL if the kernel has no rings that can
 * be restricted. Returns false if none is left. Called on one thread. */
MUST_CHECK bool vif_handles_take(struct vif_handles *h, struct grant_dev **grant, struct evt_dev **evt,
				 struct burst_ring **ring);

/* Returns the number of sets that are left. */
unsigned int vif_handles_left(const struct vif_handles *h);

/* Returns true if the kernel refuses to bind ports of other domains with these handles. */
MUST_CHECK bool vif_handles_are_restricted(const struct vif_handles *h);

/* Closes the sets that are left. NULL is allowed. */
void vif_handles_close(struct vif_handles *h);

#endif
