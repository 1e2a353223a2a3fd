/* SPDX-License-Identifier: MIT */
/* netlink.h - one request to the kernel and its answer, by libmnl
 *
 * Each request has a socket of its own, in the network namespace of the calling
 * thread. For the control thread.
 */
#ifndef NETPAIR_NETLINK_H
#define NETPAIR_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdint.h>

#include "util.h"

/* Bytes of the longest request; a buffer for one is aligned as struct nlmsghdr. */
#define NETLINK_ASK_MAX 1024u

/* Begins a request in buf, of NETLINK_ASK_MAX bytes. flags has NLM_F_ACK or NLM_F_DUMP. */
struct nlmsghdr *netlink_request(void *buf, uint16_t type, uint16_t flags);

/* Sends the request, a dump strictly (what it asks for is all that is told), to a bus (NETLINK_ROUTE, ...) and gives each message of the
 * answer to fn, which may be NULL. Returns 0 or -errno, the kernel's among them. */
MUST_CHECK int netlink_ask(int bus, struct nlmsghdr *req, mnl_cb_t fn, void *arg);

#endif
