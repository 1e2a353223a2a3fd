/* SPDX-License-Identifier: MIT */
/* devstate.h - what the next daemon must know of a VIF's device (its TAP)
 *
 * One state file a device, "key=value" lines. It says which device it is, whose
 * it is, and what netpair has applied to it: a property is set when the device
 * is made, and later only when its xenstore key differs from what was applied
 * last. So what a person or a script set since stays.
 */
#ifndef NETPAIR_DEVSTATE_H
#define NETPAIR_DEVSTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "util.h"

/* The zero value: nothing is known. Text that is "" is not known, or was never applied. */
struct devstate {
	unsigned int ifindex;		/* in its network namespace; 0: not known */
	uint64_t netns;			/* inode of that namespace; 0: not known */
	char ifname[16];		/* its name there, when it was last looked at */
	char domain[40];		/* UUID of the guest whose device it is */
	char devid[12];			/* number of the VIF whose device it is: the name has its handle */
	unsigned int remade;		/* 1: it was made in place of one that was deleted, and no hotplug
					 * script has seen it */
	char mac[24];			/* the xenstore key mac, as last applied */
	char mtu[16];			/* the xenstore key mtu, as last applied */
	unsigned int mtu_before;	/* the device's MTU before it was lowered for a frontend
					 * without feature-sg; 0: it is not lowered */
	unsigned int mtu_lowered;	/* what it was lowered to */
	unsigned int offloads;		/* TUN_F_* that it was given last; 0: none, or not known */
};

/* Reads the state of the device that is called name ("vif1.0", "nic0") in
 * run_dir. Returns 0; -ENOENT: there is none; -EPERM, -EINVAL: it is not usable,
 * and has been set aside; other -errno: it could not be read, and stays. *st is
 * the zero value after an error. */
MUST_CHECK int devstate_read(struct devstate *st, const char *run_dir, const char *name);

/* Writes it. Returns 0 or -errno (-EINVAL: a text has a newline); the caller decides what an error means. */
MUST_CHECK int devstate_write(const struct devstate *st, const char *run_dir, const char *name);

/* Removes it; gone already is fine. */
void devstate_remove(const char *run_dir, const char *name);

#endif
