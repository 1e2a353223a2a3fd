/* SPDX-License-Identifier: MIT */
/* handle.h - handles: requests of the libraries, and what ends with a connection
 *
 * A handle holds grants or ports; grants.c and events.c know which.  When a
 * handle ends, it makes them release these.
 */
#ifndef XENSIM_HANDLE_H
#define XENSIM_HANDLE_H

#include "dom.h"

/* Most descriptors that a reply carries. */
#define HANDLE_FDS 3

/* Makes a handle of d from a connection of one of its processes.  Owns fd. */
void handle_new(struct dom *d, int fd);

/* Serves a request of len bytes. Returns 0 or an errno; rep has the results,
 * fds (HANDLE_FDS of them, -1 before the call) the descriptors to pass. */
int handle_serve(struct handle *h, const struct xsim_req *req, size_t len, struct xsim_rep *rep, int *fds);

/* Ends a handle and releases what it holds. */
void handle_end(struct handle *h);

/* Ends all handles of a domain. */
void handle_end_all(struct dom *d);

/* The domain was saved: closes its ports, revokes its grants, releases its maps; the handles stay. */
void handle_forget_all(struct dom *d);

#endif
