/* SPDX-License-Identifier: MIT */
/* netdev.h - the network device behind a tun descriptor, under whatever name and in whatever namespace
 *
 * Theory of operation. While we hold a TAP a person may rename it and move it
 * to another network namespace, and another device may take its old name. The
 * tun descriptor follows the device; it tells its present name (TUNGETIFF) and
 * namespace (TUNGETDEVNETNS). What the descriptor itself cannot do (MTU, wanted
 * features, multicast) is asked of netlink in that namespace, by ifindex, as an
 * ifindex is never given to a second device.
 *
 * A device in another namespace can be looked at from ours (IFLA_TARGET_NETNSID,
 * needs CAP_NET_ADMIN). To change it we need a socket inside, which a short-lived
 * thread gets by setns(2). That needs CAP_SYS_ADMIN, which the service units do
 * not give: such a change is then refused with -EXDEV.
 *
 * For the control thread.
 */
#ifndef NETPAIR_NETDEV_H
#define NETPAIR_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

#include "util.h"

#define NETDEV_NAME_MAX 16		/* IFNAMSIZ, with the NUL */

#define NETDEV_NSID_OURS (-1)

/* What was found when the device was looked at; netdev_close() is owed. */
struct netdev {
	int netns_fd;			/* its namespace; -1: it is in ours */
	uint64_t netns;			/* inode of that namespace; 0: not known */
	int nsid;			/* what our namespace calls it; NETDEV_NSID_OURS; only of netdev_open() */
	unsigned int ifindex;
	char name[NETDEV_NAME_MAX];
	unsigned int mtu;		/* bytes */
	bool is_tun;			/* it is a TUN or TAP device */
	bool takes_all;			/* promiscuous or allmulti: a bridge's port, a packet capture */
};

/* Looks at the device of a tun descriptor. Returns 0; -EBADFD: the device was
 * deleted; other -errno. */
MUST_CHECK int netdev_open(struct netdev *d, int tun_fd);

/* Finds a device for which we have no descriptor: by the ifindex, the inode of
 * the namespace (0: not known) and the name that it had. If it is not there any
 * more it is looked for in the namespaces that ours knows, where a device that
 * was moved is. Returns 0; -ENODEV: it is gone; -EXDEV: it is in another
 * namespace, and nothing leads there; other -errno. */
MUST_CHECK int netdev_find(struct netdev *d, unsigned int ifindex, uint64_t netns, const char *name);

void netdev_close(struct netdev *d);

/* Runs fn in the device's namespace, in a thread of its own if that is not
 * ours. Returns what fn does, or -EXDEV: we may not enter that namespace. */
MUST_CHECK int netdev_run(const struct netdev *d, int (*fn)(void *arg), void *arg);

/* Sets the MTU, in bytes. Returns 0; -EXDEV as netdev_run(); other -errno. */
MUST_CHECK int netdev_set_mtu(const struct netdev *d, unsigned int mtu);

#endif
