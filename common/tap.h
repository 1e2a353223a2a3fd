/* SPDX-License-Identifier: MIT */
/* tap.h - TAP devices with a 12-byte virtio_net_hdr before each frame
 *
 * The device may be renamed (vif-common does) and moved while we hold it: so everything
 * goes by the fd, and the name is asked for when it is needed.
 */
#ifndef NETPAIR_TAP_H
#define NETPAIR_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "abi.h"
#include "util.h"

#define TAP_NAME_MAX 16		/* IFNAMSIZ, with the NUL */

/* Whether a device has one fd that reads, or may have several. It is one for
 * life, and several cost it: queues in the kernel, and time for each packet. */
enum tap_kind { TAP_SINGLE, TAP_MULTI };

/* Opens the TAP of that name in our network namespace, or makes it ("eth%d" takes
 * the next free number): persistent, non-blocking. *fresh: it is new, and has the
 * address mac (NULL: one of the kernel's choice) from its first moment on; one
 * that was there stays of the kind it is of. *fd is the caller's. -errno; -EBUSY:
 * somebody else holds it, -EINVAL: the name is another kind of device,
 * -ENOENT/-ENODEV: no tun module. */
MUST_CHECK int tap_open(int *fd, const char *name, enum tap_kind kind, const uint8_t *mac, bool *fresh);

/* Opens a persistent TAP that was found, wherever it is; never makes one. -errno;
 * -EAGAIN, -EPERM, -ENODEV: it is gone or was renamed since, -EBUSY: somebody
 * else holds it, -EXDEV: it is in a network namespace that we may not enter. */
struct netdev;
MUST_CHECK int tap_open_device(int *fd, const struct netdev *dev, enum tap_kind kind);

/* Opens one more descriptor for the device of a TAP_MULTI one; never makes a device.
 * -errno as tap_open_device(); -EPERM: it has an owner. */
MUST_CHECK int tap_open_another(int *fd, int of);

/* Of which kind the device is. */
enum tap_kind tap_kind_of(int fd);

/* Makes the device go when its last fd is closed. */
void tap_unpersist(int fd);

/* Returns true if the device was deleted: the descriptor is of no use any more. */
MUST_CHECK bool tap_is_lost(int fd);

/* The device's present name, to TAP_NAME_MAX bytes. */
MUST_CHECK int tap_name(int fd, char *name);

/* TUN_F_* that the reader of the fd takes. What somebody switched off on the
 * device (ethtool -K) stays off, and may be switched on again; *lost: 0, or the -errno
 * for which it may be on. -errno. */
MUST_CHECK int tap_set_offloads(int fd, unsigned int offloads, int *lost);

/* Link state as the system sees it. */
void tap_set_carrier(int fd, bool up);

MUST_CHECK int tap_set_mac(int fd, const uint8_t *mac);

/* Drops what waits to be read, as far as it was there: at most TAP_DRAIN_MAX frames. How many. */
#define TAP_DRAIN_MAX 65536u
unsigned int tap_drain(int fd);

/* Makes one run of those of n that lie one behind the other, in place: many
 * cost the kernel more. How many are left. */
MUST_CHECK unsigned int tap_join(struct iovec *iov, unsigned int n);

/* One frame, header first. Bytes, header included; -EAGAIN: none or no room. */
MUST_CHECK ssize_t tap_read(int fd, const struct iovec *iov, unsigned int n);
MUST_CHECK ssize_t tap_write(int fd, const struct iovec *iov, unsigned int n);

/* Room for a read. The kernel cuts a frame that is longer than the buffer and
 * returns the buffer's length: with one byte more than the longest frame takes
 * a longer one is told apart. */
#define TAP_READ_MAX (VNET_HDR_LEN + PKT_LEN_MAX + 1)

/* What a read of TAP_READ_MAX bytes gave. */
enum tap_outcome {
	TAP_FRAME,	/* a frame, which may be too short for one */
	TAP_DROP,	/* the kernel took a frame off its queue that cannot go on: too long for
			 * a ring, or of a kind that a virtio_net_hdr does not describe */
	TAP_EMPTY,	/* nothing to be read now */
	TAP_LOST,	/* the device is gone, or the descriptor is of no use any more */
};

/* Returns what tap_read()'s result means. Both daemons decide by this. */
MUST_CHECK enum tap_outcome tap_outcome(ssize_t got);

#endif
