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

#include "common/base/util.h"

/* Bytes of the longest request; a buffer for one is aligned as struct nlmsghdr. */
#define NETLINK_ASK_MAX 1024u

/* Begins a request in buf, which has NETLINK_ASK_MAX bytes; flags has NLM_F_ACK or
 * NLM_F_DUMP. Returns the request. */
struct nlmsghdr *netlink_request(void *buf, uint16_t type, uint16_t flags);

/* Sends the request to a netlink family (NETLINK_ROUTE, ...) and calls fn, which
 * may be NULL, for each message of the answer. The kernel filters a dump by the
 * request (NETLINK_GET_STRICT_CHK). Returns 0 or -errno, the kernel's or our own. */
MUST_CHECK int netlink_ask(int bus, struct nlmsghdr *req, mnl_cb_t fn, void *arg);

#endif
