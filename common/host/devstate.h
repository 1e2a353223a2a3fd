/* SPDX-License-Identifier: MIT */
/* devstate.h - saved state of a VIF's device (its TAP), for the next daemon
 *
 * Each device has one state file of "key=value" lines. It says which device it
 * is, which VIF it belongs to, and what netpair has applied to it. netpair sets a
 * property when it makes the device, and later only when the xenstore key differs
 * from the value that was applied last. So the settings of a person or a script
 * stay.
 */
#ifndef NETPAIR_DEVSTATE_H
#define NETPAIR_DEVSTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

/* The zero value knows nothing. A text that is "" is not known, or was never applied. */
struct devstate {
	unsigned int ifindex;		/* in its network namespace; 0: not known */
	uint64_t netns;			/* inode of that namespace; 0: not known */
	char ifname[16];		/* its name there, when it was last read */
	char domain[40];		/* UUID of its guest */
	char devid[12];			/* number of its VIF; the name has the VIF's handle */
	unsigned int remade;		/* 1: it replaces a deleted device, and no hotplug script has
					 * seen it */
	char mac[24];			/* the xenstore key mac, as last applied */
	char mtu[16];			/* the xenstore key mtu, as last applied */
	unsigned int mtu_before;	/* the device's MTU before it was lowered for a frontend
					 * without feature-sg; 0: it is not lowered */
	unsigned int mtu_lowered;	/* the lowered MTU */
	unsigned int offloads;		/* TUN_F_* that were set last; 0: none, or not known */
};

/* Reads the state of the device that is called name ("vif1.0", "nic0") in
 * run_dir. Returns 0; -ENOENT: there is no file; -EPERM, -EINVAL: it is not
 * usable and was set aside; other -errno: it could not be read, and stays. *st is
 * the zero value after an error. */
MUST_CHECK int devstate_read(struct devstate *st, const char *run_dir, const char *name);

/* Writes the state. Returns 0; -EINVAL: a text has a newline; other -errno. The
 * caller logs the error. */
MUST_CHECK int devstate_write(const struct devstate *st, const char *run_dir, const char *name);

/* Removes the state file, if there is one. */
void devstate_remove(const char *run_dir, const char *name);

#endif
