/* SPDX-License-Identifier: MIT */
/* tapstate.h - a TAP that stays over a restart, and the properties that netpair sets on it
 *
 * Theory of operation. The host's administrator may change a device at any time.
 * So netpair sets its address, MTU and offloads when it makes the device, and
 * later only when the key in xenstore, or the features that the peer agreed to,
 * differ from what was applied last. The device's state file (devstate.h) says
 * what was applied, and which device it is. The service manager, if there is one,
 * also stores a descriptor of the device (fdstore.h).
 *
 * A device is identified by its ifindex and its network namespace, as a person may
 * rename and move it (netdev.h). For the control thread.
 */
#ifndef NETPAIR_TAPSTATE_H
#define NETPAIR_TAPSTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/log.h"
#include "tap.h"
#include "common/base/util.h"

/* The state file of a device, and the log bucket of its VIF. All borrowed. */
struct tapstate {
	const char *run_dir;
	const char *name;		/* "vif1.0", "nic0" */
	struct log_bucket *log;
};

/* The properties of a device that is made. */
struct tap_params {
	const char *ifname;		/* may hold %d */
	enum tap_kind kind;
	const uint8_t *mac;		/* NULL: the kernel chooses */
	const char *mac_key;		/* the xenstore key that mac is from; "": none */
};

/* Opens the device that the last daemon had, or makes one; *fresh is true if it is
 * new. The caller owns *fd. Returns as tap_open(); -EXDEV: the device is in a
 * network namespace that we may not enter, and none is made to replace it. */
MUST_CHECK int tapstate_open(const struct tapstate *ts, int *fd, const struct tap_params *params, bool *fresh);

/* Sets the alias of a device that was just made; a person may change it later. Errors are logged at debug level:
 * nothing depends on it. */
void tapstate_alias(const struct tapstate *ts, int fd, const char *text);

/* Offers a descriptor that a process without privileges says is this device's: tapstate_open() uses it
 * if it is one of a TAP of the number and namespace in the state file. Takes fd. */
void tapstate_offer(const struct tapstate *ts, int fd);

/* Removes the device, if it is there, and its state file. */
void tapstate_remove(const struct tapstate *ts);

/* Calls fn with the name of each file in run_dir, state files among them; fn may remove that file. */
void tapstate_each(const char *run_dir, void (*fn)(void *arg, const char *name), void *arg);

/* Saves the device's name and namespace, after it was renamed or moved. */
void tapstate_save_place(const struct tapstate *ts, int fd);

/* Sets the device's offloads (TUN_F_*), unless they were set last. Returns 0 or -errno. */
MUST_CHECK int tapstate_offloads(const struct tapstate *ts, int fd, unsigned int offloads);

/* Sets the address if key, its text in xenstore, differs from the one applied last.
 * Returns 0 or -errno. */
MUST_CHECK int tapstate_mac(const struct tapstate *ts, int fd, const uint8_t *mac, const char *key);

/* Sets the MTU, in bytes, if the number in xenstore, mtu (0: there is none), differs
 * from the one applied last. Lowers it to most (0: no limit) if it is above. Restores
 * it once there is no limit, unless it was changed meanwhile. Returns 0; -EXDEV: the
 * device is in a network namespace that we may not enter; other -errno. */
MUST_CHECK int tapstate_mtu(const struct tapstate *ts, int fd, unsigned int mtu, unsigned int most);

#endif
