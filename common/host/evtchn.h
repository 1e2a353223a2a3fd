/* SPDX-License-Identifier: MIT */
/* evtchn.h - event channels
 *
 * A port that fired stays masked until evt_unmask(). So a busy worker leaves it
 * masked, and further events from the peer cost nothing until the worker is about
 * to sleep again (XSA-332, XSA-391).
 */
#ifndef NETPAIR_EVTCHN_H
#define NETPAIR_EVTCHN_H

#include "common/base/util.h"

struct evt_dev;

/* Opens the device; its descriptor is non-blocking. Returns 0 or -errno. */
MUST_CHECK int evt_open(struct evt_dev **out);

/* From now on allows only binds to ports that domain peer offers, and no offers of our own.
 * Returns 0; -EOPNOTSUPP: this kernel cannot do that, or not for domain 0; other -errno. */
MUST_CHECK int evt_restrict(struct evt_dev *e, struct domid peer);

/* Closes the device and, unless evt_fd_dup() was called, its ports. NULL is allowed. */
void evt_close(struct evt_dev *e);

/* Returns the device's descriptor, which is readable while a port is pending. */
int evt_fd(struct evt_dev *e);

/* Returns another descriptor of the same device, or -errno. The ports stay while
 * it is open, even after evt_close(). The caller closes it. */
MUST_CHECK int evt_fd_dup(struct evt_dev *e);

/* Binds to a port that domain peer offers; *local is the local port. Returns 0 or -errno. */
MUST_CHECK int evt_bind_peer(struct evt_dev *e, struct domid peer, struct evport remote, struct evport *local);

/* Offers a port to domain peer; *local is the local port. Returns 0 or -errno. */
MUST_CHECK int evt_offer(struct evt_dev *e, struct domid peer, struct evport *local);

/* Closes a port. */
void evt_unbind(struct evt_dev *e, struct evport local);

/* Gets the next port that fired, which is masked from now on. Returns 1; 0: no
 * port fired; -errno: the device failed. */
MUST_CHECK int evt_next(struct evt_dev *e, struct evport *local);

/* Unmasks a port; it fires at once if it was signalled meanwhile. */
void evt_unmask(struct evt_dev *e, struct evport local);

/* Signals the peer's end. */
void evt_notify(struct evt_dev *e, struct evport local);

#endif
