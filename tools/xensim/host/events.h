/* SPDX-License-Identifier: MIT */
/* events.h - event channels: which port leads where
 *
 * The rules are Xen's.  An allocated port waits for one domain.  Binding to it
 * makes the binder's port pending once, since a notification may have been
 * missed.  Closing one end lets the other wait for the same domain again.
 * A restricted handle binds ports of one domain and allocates none, as Linux's.
 * Each change of a port's other end adds one to its gen[], so that senders
 * ask for their cached peers again.
 */
#ifndef XENSIM_EVENTS_H
#define XENSIM_EVENTS_H

#include "dom.h"

/* Requests of a handle.  Each returns 0, with its results in rep, or an errno. */
int events_unbound(struct handle *h, const struct xsim_req *req, struct xsim_rep *rep);
int events_bind(struct handle *h, const struct xsim_req *req, struct xsim_rep *rep);
int events_close(struct handle *h, uint32_t port);
int events_peer(struct handle *h, uint32_t port, struct xsim_rep *rep, int fds[2]);
int events_restrict(struct handle *h, const struct xsim_req *req);
int events_later(struct handle *h, const struct xsim_req *req);

/* Closes all ports of a handle. */
void events_close_all(struct handle *h);

/* Notifies the other end of d's port. */
void events_notify(struct dom *d, uint32_t port);

/* Makes d's own port pending, as a notification from its peer does. */
void events_raise(struct dom *d, uint32_t port);

#endif
