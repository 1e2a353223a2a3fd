/* SPDX-License-Identifier: MIT */
/* handles.h - device handles and rings that are opened before the sandbox
 *
 * A process in its sandbox opens no device and makes no io_uring. So it opens before, as
 * root, as many sets of handles as it will have workers in its life: a worker takes one set
 * and closes it at its end. A set serves once, as a ring belongs to the thread that enabled
 * it. With no set left no worker can start, and control makes a new process.
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

/* Takes one set, which is the caller's then. *ring is NULL where the kernel has no ring that
 * can be restricted. Returns false if none is left. Not safe from several threads. */
MUST_CHECK bool vif_handles_take(struct vif_handles *h, struct grant_dev **grant, struct evt_dev **evt,
				 struct burst_ring **ring);

/* Returns how many sets are left. */
unsigned int vif_handles_left(const struct vif_handles *h);

/* Returns whether the kernel refuses to bind ports of other domains with these handles. */
MUST_CHECK bool vif_handles_are_restricted(const struct vif_handles *h);

/* Closes the sets that are left. NULL is allowed. */
void vif_handles_close(struct vif_handles *h);

#endif
