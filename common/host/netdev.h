/* SPDX-License-Identifier: MIT */
/* netdev.h - the network device of a tun descriptor, whatever its name and its namespace are
 *
 * Theory of operation. While we hold a TAP a person may rename it and move it
 * to another network namespace, and another device may take its old name. The
 * tun descriptor follows the device: it gives the present name (TUNGETIFF) and
 * namespace (TUNGETDEVNETNS). It cannot give or set the MTU, the wanted features
 * and the multicast list. For these we use netlink in that namespace, with the
 * ifindex, which the kernel never gives to a second device.
 *
 * A device in another namespace can be read from ours (IFLA_TARGET_NETNSID, needs
 * CAP_NET_ADMIN). A change needs a socket in that namespace, which a short-lived
 * thread opens after setns(2). setns(2) needs CAP_SYS_ADMIN, which the service
 * units do not grant: such a change then fails with -EXDEV.
 *
 * For the control thread.
 */
#ifndef NETPAIR_NETDEV_H
#define NETPAIR_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

#define NETDEV_NAME_MAX 16		/* IFNAMSIZ, with the NUL */

#define NETDEV_ALIAS_MAX 256		/* IFALIASZ, with the NUL */

#define NETDEV_NSID_OURS (-1)

/* A device as it was when it was read. The caller owes netdev_close(). */
struct netdev {
	int netns_fd;			/* its namespace; -1: it is in ours */
	uint64_t netns;			/* inode of that namespace; 0: not known */
	int nsid;			/* its number in our namespace, or NETDEV_NSID_OURS; set by netdev_open() only */
	unsigned int ifindex;
	char name[NETDEV_NAME_MAX];
	unsigned int mtu;		/* bytes */
	bool is_tun;			/* it is a TUN or TAP device */
	bool takes_all;			/* promiscuous or allmulti: a bridge's port, a packet capture */
};

/* Reads the device of a tun descriptor. Returns 0; -EBADFD: the device was
 * deleted; other -errno. */
MUST_CHECK int netdev_open(struct netdev *d, int tun_fd);

/* Finds a device for which we have no descriptor: by the ifindex, the inode of
 * the namespace (0: not known) and the name that it had. If it is not there it
 * searches the namespaces that ours has a number for; a device that was moved is
 * in one of them. Returns 0; -ENODEV: it is gone; -EXDEV: it is in another
 * namespace, which cannot be opened; other -errno. */
MUST_CHECK int netdev_find(struct netdev *d, unsigned int ifindex, uint64_t netns, const char *name);

/* Closes the namespace's descriptor. */
void netdev_close(struct netdev *d);

/* Runs fn in the device's namespace, on a new thread if that is not ours. Returns
 * what fn returns, or -EXDEV: we may not enter that namespace. */
MUST_CHECK int netdev_run(const struct netdev *d, int (*fn)(void *arg), void *arg);

/* Sets the MTU, in bytes. Returns 0; -EXDEV as netdev_run(); other -errno. */
MUST_CHECK int netdev_set_mtu(const struct netdev *d, unsigned int mtu);

/* Sets the device's alias, which ip link shows, to text of at most NETDEV_ALIAS_MAX - 1 bytes. Returns 0 or
 * -errno, as netdev_set_mtu(). */
MUST_CHECK int netdev_set_alias(const struct netdev *d, const char *text);

#endif
