/* SPDX-License-Identifier: MIT */
/* maddr.h - the multicast addresses that a network device is to receive */
#ifndef NETPAIR_MADDR_H
#define NETPAIR_MADDR_H

#include <stdint.h>

#include "netdev.h"
#include "util.h"

/* Lists the device's link layer addresses in addr. Returns their number; max + 1:
 * there are more than max, or it is to receive all multicast (a bridge's port, a
 * packet capture); -EXDEV: it is in a network namespace that we may not enter;
 * other -errno. */
MUST_CHECK int maddr_list(uint8_t (*addr)[6], unsigned int max, const struct netdev *dev);

/* A descriptor that is readable when such a list may have changed, in most
 * cases: not for an address that a program set on the link layer. -errno. */
MUST_CHECK int maddr_watch(void);

/* Takes what there is to read. */
void maddr_watch_take(int fd);

#endif
