/* SPDX-License-Identifier: MIT */
/* maddr.h - the multicast addresses that a network device is to receive */
#ifndef NETPAIR_MADDR_H
#define NETPAIR_MADDR_H

#include <stdint.h>

#include "util.h"

/* The link layer addresses, to addr; how many. max + 1: there are more than
 * max, or it is to receive all multicast (a bridge's port, a packet capture).
 * -errno; -ENODEV: there is no such device in our namespace. */
MUST_CHECK int maddr_list(uint8_t (*addr)[6], unsigned int max, const char *ifname);

/* A descriptor that is readable when such a list may have changed, in most
 * cases: not for an address that a program set on the link layer. -errno. */
MUST_CHECK int maddr_watch(void);

/* Takes what there is to read. */
void maddr_watch_take(int fd);

#endif
