/* SPDX-License-Identifier: MIT */
/* kernel.h - the kernel's own netback and netfront, which claim every vif
 *
 * One device cannot have two drivers: either the kernel's module is out of the
 * way, or we unbind it device by device (sysfs, /sys/bus/xen-backend and /sys/bus/xen).
 */
#ifndef NETPAIR_KERNEL_H
#define NETPAIR_KERNEL_H

#include <stdbool.h>

#include "util.h"

enum kernel_side { KERNEL_BACKEND, KERNEL_FRONTEND };

/* Whether the kernel's driver for that side is loaded or built in. */
MUST_CHECK bool kernel_driver_present(enum kernel_side side);

/* Takes a device ("vif-1-0", "vif-0") from the kernel's driver. 1: it was
 * bound and is no more; 0: it was not bound; -errno. */
MUST_CHECK int kernel_unbind(enum kernel_side side, const char *device);

/* The network device of such a driver, as people and scripts have set it up. */
struct kernel_netdev {
	char name[16];		/* "": there is none */
	char bridge[16];	/* whose port it is; "": none's */
	unsigned int mtu;	/* 0: not known */
	bool up;
};

/* Reads it; what cannot be read is "" or 0. */
void kernel_netdev_read(struct kernel_netdev *out, enum kernel_side side, const char *device);

/* Sets the network device called name, which is down, up like that. Returns 0
 * or -errno; what comes after an error is tried all the same. */
MUST_CHECK int kernel_netdev_apply(const char *name, const struct kernel_netdev *like);

#endif
