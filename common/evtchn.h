/* SPDX-License-Identifier: MIT */
/* evtchn.h - event channels
 *
 * A port that fired stays masked until evt_unmask(): so a busy worker leaves it
 * masked and no event, however many the peer sends, costs anything until it is
 * about to sleep again (XSA-332, XSA-391).
 */
#ifndef NETPAIR_EVTCHN_H
#define NETPAIR_EVTCHN_H

#include "util.h"

struct evt_dev;

/* Opens the device, its fd non-blocking. -errno. */
MUST_CHECK int evt_open(struct evt_dev **out);

/* Closes every port as well. NULL is fine. */
void evt_close(struct evt_dev *e);

/* Readable while a port is pending. */
int evt_fd(struct evt_dev *e);

/* Binds to a port that domain peer offers. The local port or -errno. */
MUST_CHECK int evt_bind_peer(struct evt_dev *e, struct domid peer, struct evport remote, struct evport *local);

/* Offers a port to domain peer. */
MUST_CHECK int evt_offer(struct evt_dev *e, struct domid peer, struct evport *local);
void evt_unbind(struct evt_dev *e, struct evport local);

/* The next port that fired, masked from now on: 1; 0: none; -errno: the
 * hypervisor's device is lost. */
MUST_CHECK int evt_next(struct evt_dev *e, struct evport *local);

/* Lets the port fire again; it fires at once if it was signalled meanwhile. */
void evt_unmask(struct evt_dev *e, struct evport local);

/* Signals the peer's end. */
void evt_notify(struct evt_dev *e, struct evport local);

#endif
