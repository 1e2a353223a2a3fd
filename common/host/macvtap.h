/* SPDX-License-Identifier: MIT */
/* macvtap.h - macvtap devices, which somebody else made over a NIC: found, opened, looked at
 *
 * Theory of operation. A macvtap is a network device with a character device /dev/tapN, where N is its ifindex.
 * A descriptor of that reads and writes frames as a TAP's does, with the same virtio_net_hdr. What differs:
 * - Each open makes one more queue, and the kernel spreads the frames over all of them. So a caller that only looks must
 *   not open it.
 * - The device stays when its descriptors are closed. It has no carrier of its own but that of its lower device, and
 *   takes no filter.
 * - Once it was deleted, reads find nothing and writes are taken, for ever. Only rtnetlink and ioctl(2) tell.
 *
 * The device is in our network namespace. For the control thread.
 */
#ifndef NETPAIR_MACVTAP_H
#define NETPAIR_MACVTAP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

/* A macvtap as it was when it was looked at. */
struct macvtap {
	unsigned int ifindex;
	char ifname[16];	/* IFNAMSIZ */
	uint8_t mac[6];
	unsigned int mtu;	/* bytes; the kernel keeps it at or below its lower device's */
	bool up;		/* somebody has set it up */
	bool carrier;		/* its lower device has a carrier */
	bool passthru;		/* it has its lower device for itself */
};

/* Looks at the device of that name. Returns 0; -ENODEV: there is none; -EMEDIUMTYPE: it is no macvtap; other -errno. */
MUST_CHECK int macvtap_look(struct macvtap *m, const char *ifname);

/* Has the device take all multicast, as a bridge's port does: the kernel gives a macvtap none but what is in its list, so a guest
 * would have no IPv6. Returns 0 or -errno. */
MUST_CHECK int macvtap_take_multicast(const struct macvtap *m);

/* Opens one more queue of a device that was looked at. The caller owns *fd, which is non-blocking. Returns 0; -ENOENT: it has no
 * node; -ENXIO, -ENODEV: the node is of no device; -EXDEV: the node is another device's; -EACCES, -EPERM: we may not;
 * other -errno. */
MUST_CHECK int macvtap_open(int *fd, const struct macvtap *m);

/* Returns true if fd is a queue of a device that was looked at. */
MUST_CHECK bool macvtap_is(int fd, const struct macvtap *m);

/* Returns true if fd is, or was, a queue of any macvtap; else it is a TAP's. */
MUST_CHECK bool macvtap_is_queue(int fd);

/* Returns true if the device of fd was deleted. */
MUST_CHECK bool macvtap_is_lost(int fd);

#endif
