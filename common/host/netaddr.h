/* SPDX-License-Identifier: MIT */
/* netaddr.h - the addresses that a network device has to announce, by rtnetlink */
#ifndef NETPAIR_NETADDR_H
#define NETPAIR_NETADDR_H

#include "announce.h"
#include "netdev.h"
#include "common/base/util.h"

/* Lists the addresses of d, in its namespace, in *a, without tentative ones (RFC
 * 4862 5.4) and those of host scope; none if the device does no ARP. Returns
 * 0; -ENETDOWN: the device is down and has nothing to announce; other -errno. For the control thread. */
MUST_CHECK int netaddr_list(struct announce *a, const struct netdev *d);

#endif
