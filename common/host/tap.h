/* SPDX-License-Identifier: MIT */
/* tap.h - TAP devices with a 12-byte virtio_net_hdr before each frame
 *
 * The device may be renamed (vif-common does) and moved while we hold it. So all
 * functions take the descriptor, and tap_name() gets the present name.
 */
#ifndef NETPAIR_TAP_H
#define NETPAIR_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "common/base/abi.h"
#include "common/base/util.h"

#define TAP_NAME_MAX 16		/* IFNAMSIZ, with the NUL */

/* Whether a device has one descriptor, or may have several (IFF_MULTI_QUEUE). The
 * kind is fixed when the device is made. Several cost memory for queues in the
 * kernel, and time for each packet. */
enum tap_kind { TAP_SINGLE, TAP_MULTI };

/* Opens the TAP of that name in our network namespace, or makes it ("eth%d" takes
 * the next free number). The device is persistent, the descriptor non-blocking. If
 * the device is new, *fresh is true and it has the address mac (NULL: the kernel
 * chooses one) before it becomes visible. A device that is there keeps its kind. The caller
 * owns *fd. Returns 0; -EBUSY: another process holds it; -EINVAL: the device of
 * that name is no TAP; -ENOENT, -ENODEV: there is no tun module; other -errno. */
MUST_CHECK int tap_open(int *fd, const char *name, enum tap_kind kind, const uint8_t *mac, bool *fresh);

/* Opens a persistent TAP that netdev_find() found, in any namespace; never makes
 * one. The caller owns *fd. Returns 0; -EAGAIN, -EPERM, -ENODEV: it is gone or was
 * renamed since; -EBUSY: another process holds it; -EXDEV: it is in a network
 * namespace that we may not enter; other -errno. */
struct netdev;
MUST_CHECK int tap_open_device(int *fd, const struct netdev *dev, enum tap_kind kind);

/* Opens one more descriptor for the device of a TAP_MULTI one; never makes a device.
 * The caller owns *fd. Returns as tap_open_device(); -EPERM: the device has an owner. */
MUST_CHECK int tap_open_another(int *fd, int of);

/* Returns the kind of the device. */
enum tap_kind tap_kind_of(int fd);

/* Makes the kernel delete the device when its last descriptor is closed. */
void tap_unpersist(int fd);

/* Returns true if the device was deleted: the descriptor must be closed. */
MUST_CHECK bool tap_is_lost(int fd);

/* Gets the device's present name; name has TAP_NAME_MAX bytes. Returns 0 or -errno. */
MUST_CHECK int tap_name(int fd, char *name);

/* Sets the offloads (TUN_F_*) that the reader of a TAP's or macvtap's fd takes. UDP segmentation is left out where
 * the kernel does not have it. Returns 0 or -errno. */
MUST_CHECK int tap_offload_ioctl(int fd, unsigned int offloads);

/* Does the same for a TAP. A feature that a person has switched off (ethtool -K) stays off, and may be
 * switched on again. *lost is 0, or the -errno because of which such a feature may be on now. Returns 0 or -errno. */
MUST_CHECK int tap_set_offloads(int fd, unsigned int offloads, int *lost);

/* Returns what the device takes in a frame's header, as a mask of docs/vnet-header.md. Linux 6.2 and later
 * have UDP segmentation; the device says so by what may be switched on (ethtool -k). */
MUST_CHECK uint32_t tap_takes(int fd);

/* Sets the device's carrier. */
void tap_set_carrier(int fd, bool up);

/* Sets the device's MAC address. Returns 0 or -errno. */
MUST_CHECK int tap_set_mac(int fd, const uint8_t *mac);

/* Drops the queued frames, at most TAP_FLUSH_MAX, as more may arrive meanwhile.
 * Returns the number of dropped frames. */
#define TAP_FLUSH_MAX 65536u
unsigned int tap_flush(int fd);

/* Joins adjacent runs of n in place, as each run costs the kernel time. Returns the
 * number of runs. */
MUST_CHECK unsigned int tap_join(struct iovec *iov, unsigned int n);

/* Read and write one frame, its virtio_net_hdr first. Return the number of bytes
 * with the header; -EAGAIN: there is no frame, or no room; other -errno. */
MUST_CHECK ssize_t tap_read(int fd, const struct iovec *iov, unsigned int n);
MUST_CHECK ssize_t tap_write(int fd, const struct iovec *iov, unsigned int n);

/* Bytes of a buffer for a read. The kernel truncates a frame that is longer than the
 * buffer and returns the buffer's length. With one byte more than the longest frame
 * has, that length means that the frame is too long. */
#define TAP_READ_MAX (VNET_HDR_LEN + PKT_LEN_MAX + 1)

/* The result of a read of TAP_READ_MAX bytes. */
enum tap_outcome {
	TAP_FRAME,	/* a frame, which may be shorter than an Ethernet header */
	TAP_DROP,	/* the kernel took a frame off its queue that must be dropped: too long
			 * for a ring, or of a kind that a virtio_net_hdr does not describe */
	TAP_EMPTY,	/* there is no frame now */
	TAP_LOST,	/* the device is gone, or the descriptor has failed */
};

/* Returns the meaning of tap_read()'s result, the same for both daemons. */
MUST_CHECK enum tap_outcome tap_outcome(ssize_t got);

#endif
