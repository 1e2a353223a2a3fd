/* SPDX-License-Identifier: MIT */
/* kernel.h - the kernel's own netback and netfront, which bind to every VIF
 *
 * One VIF cannot have two drivers. So either the kernel's module is not loaded,
 * or we unbind it from each VIF (sysfs, /sys/bus/xen-backend and /sys/bus/xen).
 */
#ifndef NETPAIR_KERNEL_H
#define NETPAIR_KERNEL_H

#include <stdbool.h>

#include "common/base/util.h"

struct log_bucket;

enum kernel_side { KERNEL_BACKEND, KERNEL_FRONTEND };

/* Returns whether the kernel's driver for that side is loaded or built in. */
MUST_CHECK bool kernel_driver_present(enum kernel_side side);

/* Opens what kernel_take_over() writes to, for a process that later may not open it. A driver that is loaded
 * afterwards is not covered. */
void kernel_take_over_prepare(enum kernel_side side);

/* Unbinds the kernel's driver from a xenbus device ("vif-1-0", "vif-0"), and logs that or
 * why not. Returns 1: it was bound; 0: it was not bound; -errno. */
int kernel_take_over(enum kernel_side side, const char *device, struct log_bucket *log);

/* The settings of the network device of such a driver. */
struct kernel_netdev {
	char name[16];		/* "": there is none */
	char bridge[16];	/* the bridge that it is a port of; "": none */
	unsigned int mtu;	/* 0: not known */
	bool up;
};

/* Reads the settings of a xenbus device's network device; those that cannot be read
 * are "" or 0. */
void kernel_netdev_read(struct kernel_netdev *out, enum kernel_side side, const char *device);

/* Applies settings to the network device called name, which is down. Returns 0 or
 * the -errno of the first that failed; it tries all. */
MUST_CHECK int kernel_netdev_apply(const char *name, const struct kernel_netdev *like);

#endif
