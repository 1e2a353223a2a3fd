/* SPDX-License-Identifier: MIT */
/* netfeat.h - a device's offload features, as ethtool -k shows and -K switches them
 *
 * The kernel has two sets: the wanted features, and the active ones, which are the
 * wanted ones that the driver allows. For the control thread.
 */
#ifndef NETPAIR_NETFEAT_H
#define NETPAIR_NETFEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "netdev.h"
#include "common/base/util.h"

#define NETFEAT_WORDS 4u	/* twice what Linux 6.18 has */

/* Bitmaps in the kernel's own order of features. */
struct netfeat {
	unsigned int bits;
	uint32_t can[NETFEAT_WORDS];	/* features that may be switched */
	uint32_t wanted[NETFEAT_WORDS];
	uint32_t active[NETFEAT_WORDS];
};

/* Reads the features. Returns 0; -EXDEV as netdev_run(); -ENOENT: the kernel has
 * no ethtool netlink (before Linux 5.7); other -errno. */
MUST_CHECK int netfeat_get(struct netfeat *f, const struct netdev *d);

/* Sets the wanted features to f->wanted, among those that may be switched. Returns
 * as netfeat_get(). */
MUST_CHECK int netfeat_want(const struct netdev *d, const struct netfeat *f);

/* Returns whether a feature of that name, as ethtool -k shows it, may be switched. Returns false
 * also if that cannot be known. */
MUST_CHECK bool netfeat_has(const struct netdev *d, const char *name);

#endif
