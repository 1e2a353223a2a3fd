/* SPDX-License-Identifier: MIT */
/* burst.h - frames written to a TAP together
 *
 * Theory of operation. Where system calls are expensive (in a PV domain each
 * passes through Xen and flushes the TLB twice) one call a frame is most of the
 * cost of a stream. io_uring enters the kernel once for all frames of a burst.
 * The kernel writes them in their order before the call returns. A single frame
 * is written by writev(2). So are all frames where io_uring is not available
 * (kernel.io_uring_disabled, seccomp, a kernel before 5.19); the caller sees no
 * difference.
 *
 * If the device has no room, a frame waits in the ring, and the kernel reads it
 * when there is room. burst_write() cancels each such frame and waits for its
 * completion before it returns, as the caller then reuses the frame's bytes. So
 * the ring needs a kernel that can cancel by descriptor; burst_start() tries it.
 *
 * A process in a sandbox cannot make a ring, and through an ordinary one it could walk past
 * its sandbox. burst_ring_new() makes one before that can do nothing but write and cancel; the
 * worker enables it (burst.c).
 *
 * burst_start() allocates everything before the first frame.
 */
#ifndef NETPAIR_BURST_H
#define NETPAIR_BURST_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "common/base/util.h"

/* The most frames of a burst. */
#define BURST_MAX 16u

struct burst_ring;

/* Frames to be written. The zero value with tap_fd set is valid, without a ring. */
struct burst {
	int tap_fd;			/* borrowed; non-blocking */
	struct burst_ring *ring;	/* NULL: frames are written one by one */
	bool given;			/* it uses the ring of burst_give(), or none */
	unsigned int n;			/* frames that were added */
	struct {
		struct iovec *iov;
		unsigned int n;
		ssize_t *put;
	} frame[BURST_MAX];
};

/* Returns 0 if this kernel has rings that burst_ring_new() can make; else -errno. */
MUST_CHECK int burst_ring_probe(void);

/* Makes a restricted ring, for burst_give(). Returns 0 or -errno. */
MUST_CHECK int burst_ring_new(struct burst_ring **out);

/* Frees a ring that no burst has. NULL is allowed. */
void burst_ring_free(struct burst_ring *r);

/* Sets up an empty burst for that TAP, without a ring. */
void burst_init(struct burst *b, int tap_fd);

/* Gives the burst a ring of burst_ring_new(), which it then owns. NULL: it has no ring, and makes
 * none. */
void burst_give(struct burst *b, struct burst_ring *r);

/* Makes a ring, or enables the one that was given. From now on only the calling thread may
 * use the burst. Without a ring it logs why, and frames are written one by one. */
void burst_start(struct burst *b);

/* Adds a frame of n runs, its virtio_net_hdr first. The caller owns the runs, the
 * bytes that they point to and *put, and must not change them until burst_write()
 * has returned, which may join adjacent runs. There must be room. */
void burst_add(struct burst *b, struct iovec *iov, unsigned int n, ssize_t *put);

/* Returns whether another frame can be added. */
MUST_CHECK static inline bool burst_has_room(const struct burst *b)
{
	return b->n < BURST_MAX;
}

/* Writes the frames in the order in which they were added, and sets each *put to
 * the result, as tap_write() returns it. It never waits for room in the device. */
void burst_write(struct burst *b);

/* Frees the ring, on any thread, and forgets frames that were not written. */
void burst_exit(struct burst *b);

#endif
