/* SPDX-License-Identifier: MIT */
/* taplimit.h - a limit in bytes on what waits in a TAP's queues
 *
 * Theory of operation. The kernel bounds a TAP's queue in frames only, and a
 * frame may have 64 KiB: a guest that posts no buffers keeps that much of the
 * host's memory a frame. So the device gets a socket filter (TUNSETFILTEREBPF)
 * that adds up what is queued and drops a frame once the limit is exceeded. The
 * reader tells in memory that both share what it has read; no system call is made
 * for it, and once a batch is enough.
 *
 * There are two sums that only grow: in is the filter's, out the readers'. What
 * waits, in all queues of the device, is their difference. A frame that is lost
 * behind the filter (the queue was full) is in one and not in the other. A reader
 * puts that right when it finds its queue empty: what was counted before its batch
 * has left its queue, so what was counted before each of the readers' last empty
 * batches has left the device. A reader that has not looked for long holds that
 * back; it is asked to look when much seems to wait. What passes the filter while
 * another processor adds up may exceed the limit by that frame.
 *
 * Needs CAP_BPF, and Linux 5.8. The filter is the device's until another takes
 * its place, so the limit also holds while no daemon is there.
 */
#ifndef NETPAIR_TAPLIMIT_H
#define NETPAIR_TAPLIMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "util.h"

/* What a frame counts besides its length: the kernel's own memory for it, in bytes. */
#define TAPLIMIT_FRAME 768u

/* Shared with the filter; each sum is on a cache line of its own. */
struct taplimit_sums {
	_Atomic uint64_t in;	/* bytes that the filter let pass */
	uint8_t pad[56];
	_Atomic uint64_t out;	/* bytes that were read */
};

/* The most readers of one device. */
#define TAPLIMIT_READERS_MAX 16u

/* The limit of one device. */
struct taplimit {
	struct taplimit_sums *sums;	/* NULL: none */
	uint64_t bytes;
	unsigned int readers;
	_Atomic uint64_t empty_at[TAPLIMIT_READERS_MAX];	/* in, before each reader's last empty batch */
	_Atomic uint64_t asked_at;	/* out, when readers were last asked to look */
};

/* Returns 0 if this process and kernel can limit, else -errno. */
MUST_CHECK int taplimit_works(void);

/* Gives the device of that descriptor a filter with so many bytes for all its
 * queues, each read by one of so many readers (at most TAPLIMIT_READERS_MAX), and
 * maps the sums. To be given back, also after a failure. Before the first reader
 * begins. -errno. */
MUST_CHECK int taplimit_init(struct taplimit *t, int tap_fd, uint64_t bytes, unsigned int readers);

/* Gives the sums back; the filter stays the device's. */
void taplimit_exit(struct taplimit *t);

/* Takes any limit from the device. */
void taplimit_clear(int tap_fd);

/* For where it does not work: makes each queue of a new device, which is in our
 * network namespace, short enough for so many bytes of the largest frames in all,
 * but not shorter than TAPLIMIT_FRAMES_MIN. Returns the frames of a queue, or -errno. */
#define TAPLIMIT_FRAMES_MIN 32u
MUST_CHECK int taplimit_by_frames(int tap_fd, uint64_t bytes, unsigned int queues);

/* The reader of one queue, on one thread. The zero value is of a device without limit. */
struct taplimit_reader {
	struct taplimit *limit;		/* NULL: none; borrowed */
	unsigned int index;		/* of this reader among the device's */
	uint64_t seen;			/* in, before this batch */
	uint64_t took;			/* bytes, in this batch */
	bool empty;			/* the last read of this batch found nothing */
};

/* Before a batch of reads. */
static inline void taplimit_begin(struct taplimit_reader *r)
{
	if (!r->limit)
		return;
	r->seen = atomic_load_explicit(&r->limit->sums->in, memory_order_acquire);
	r->took = 0;
	r->empty = false;
}

/* Notes a frame of len bytes that was read. */
static inline void taplimit_took(struct taplimit_reader *r, uint32_t len)
{
	r->took += len + TAPLIMIT_FRAME;
}

/* Notes that a read found the queue empty. */
static inline void taplimit_empty(struct taplimit_reader *r)
{
	r->empty = true;
}

/* After a batch: the filter learns what was read. Returns true if the other
 * readers must look at their queues once, as what they leave unsaid holds much of
 * the limit. */
MUST_CHECK bool taplimit_end(struct taplimit_reader *r);

#endif
