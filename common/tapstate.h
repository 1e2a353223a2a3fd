/* SPDX-License-Identifier: MIT */
/* tapstate.h - a TAP that outlives the daemon, and what the daemon may change of it
 *
 * Theory of operation. A device belongs to the people of its host. What netpair
 * sets on it (address, MTU, offloads) it sets when the device is made, and later
 * only when the key in xenstore, or what was agreed with the peer, differs from
 * what was applied last. What was applied is in the device's state file
 * (devstate.h), and so is which device it is. The device itself is held by a
 * stored descriptor too, where the service manager keeps one (fdstore.h).
 *
 * A device is told from others by its ifindex and its network namespace, as a
 * person may rename and move it (netdev.h). For the control thread.
 */
#ifndef NETPAIR_TAPSTATE_H
#define NETPAIR_TAPSTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "log.h"
#include "tap.h"
#include "util.h"

/* The state file, and where lines about the VIF go. All borrowed. */
struct tapstate {
	const char *run_dir;
	const char *name;		/* "vif1.0", "nic0" */
	struct log_bucket *log;
};

/* How a device is made if there is none yet. */
struct tap_birth {
	const char *ifname;		/* may hold %d */
	enum tap_kind kind;
	const uint8_t *mac;		/* NULL: the kernel chooses */
	const char *mac_key;		/* the xenstore key that mac is from; "": none */
};

/* Opens the device again that the last daemon had, or makes it. *fresh: it is
 * new. -errno as tap_open(); -EXDEV: it is in a network namespace that we may not
 * enter, and none is made in its stead. */
MUST_CHECK int tapstate_open(const struct tapstate *ts, int *fd, const struct tap_birth *birth, bool *fresh);

/* Removes the device, if it is there still, and its state file. */
void tapstate_remove(const struct tapstate *ts);

/* Calls fn with the name of each file in run_dir, state files among them; it may remove that one. */
void tapstate_each(const char *run_dir, void (*fn)(void *arg, const char *name), void *arg);

/* Writes down where the device is now, after it was renamed or moved. */
void tapstate_moved(const struct tapstate *ts, int fd);

/* Gives the device TUN_F_* offloads, unless it was given the same before. -errno. */
MUST_CHECK int tapstate_offloads(const struct tapstate *ts, int fd, unsigned int offloads);

/* Sets the address if the xenstore key that it is from differs from the one applied last. -errno. */
MUST_CHECK int tapstate_mac(const struct tapstate *ts, int fd, const uint8_t *mac, const char *key);

/* Sets the MTU if the number in xenstore, mtu (0: there is none), differs from
 * the one applied last. Lowers it to most (0: no limit) if it is above, and has
 * it as it was once there is no limit, if nobody changed it meanwhile. Bytes.
 * -errno; -EXDEV: it is in a network namespace that we may not enter. */
MUST_CHECK int tapstate_mtu(const struct tapstate *ts, int fd, unsigned int mtu, unsigned int most);

#endif
