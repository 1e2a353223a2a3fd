/* SPDX-License-Identifier: MIT */
/* burst.h - frames written to a TAP together
 *
 * Theory of operation. Where a system call is dear (a PV domain's passes
 * through Xen and empties the TLB twice) a call a frame is most of what a
 * stream costs. io_uring enters the kernel once for all frames of a burst;
 * they are written in there, in their order, before the call returns. A frame
 * that comes alone is written by a call of its own, and so are all where
 * io_uring is not to be had (kernel.io_uring_disabled, seccomp, a kernel before
 * 5.19): who adds frames sees no difference.
 *
 * The device may lack room, and then a frame waits in the ring, from where the
 * kernel reads it whenever room comes. Each such frame is canceled and waited
 * for before burst_write() returns, as the caller then uses its bytes for
 * another one. So there is no ring where the kernel cannot cancel by
 * descriptor; burst_init() tries it.
 *
 * All that is needed is had before the first frame.
 */
#ifndef NETPAIR_BURST_H
#define NETPAIR_BURST_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "util.h"

/* The most frames that are written together. */
#define BURST_MAX 16u

struct io_uring;

/* The zero value with tap_fd set will do; its frames are written one by one. */
struct burst {
	int tap_fd;			/* borrowed; non-blocking */
	struct io_uring *ring;	/* NULL: frames are written one by one */
	unsigned int n;			/* frames that wait */
	struct {
		struct iovec *iov;
		unsigned int n;
		ssize_t *put;
	} frame[BURST_MAX];
};

/* Makes an empty one for that TAP. For the thread that calls this, and no other. */
void burst_init(struct burst *b, int tap_fd);

/* Adds a frame of n runs, its virtio_net_hdr first. Runs, what they point to
 * and *put stay the caller's and are left alone until the next burst_write();
 * only neighbouring runs may be made one. At most BURST_MAX frames. */
void burst_add(struct burst *b, struct iovec *iov, unsigned int n, ssize_t *put);

/* Whether another can be added. */
MUST_CHECK static inline bool burst_has_room(const struct burst *b)
{
	return b->n < BURST_MAX;
}

/* Writes what was added, in order; to each *put: as tap_write(). It never
 * waits for the device. */
void burst_write(struct burst *b);

/* Frees what it holds, on any thread; frames that wait are forgotten. */
void burst_exit(struct burst *b);

#endif
