/* SPDX-License-Identifier: MIT */
/* maddr.h - the multicast addresses that a network device receives */
#ifndef NETPAIR_MADDR_H
#define NETPAIR_MADDR_H

#include <stdint.h>

#include "netdev.h"
#include "common/base/util.h"

/* Lists the device's link layer addresses in addr. Returns their number; max + 1:
 * there are more than max, or it receives all multicast (a bridge's port, a packet
 * capture); -EXDEV: it is in a network namespace that we may not enter;
 * other -errno. */
MUST_CHECK int maddr_list(uint8_t (*addr)[6], unsigned int max, const struct netdev *dev);

/* Returns a descriptor that becomes readable when such a list may have changed,
 * which the caller owns, or -errno. A link layer address that a program sets
 * directly makes no event. */
MUST_CHECK int maddr_watch(void);

/* Reads and discards the messages of that descriptor. */
void maddr_watch_take(int fd);

#endif
