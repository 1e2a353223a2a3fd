/* SPDX-License-Identifier: MIT */
/* taplimit.h - a limit in bytes on the frames in a TAP's queues
 *
 * Theory of operation. The kernel bounds a TAP's queue in frames only, and a
 * frame may have 64 KiB. A guest that posts no buffers would keep that much of the
 * host's memory for each frame. So the device gets a socket filter
 * (TUNSETFILTEREBPF) that counts the queued bytes and drops a frame once the limit
 * is exceeded. The reader adds the bytes that it has read in memory that it shares
 * with the filter, once a batch and without a system call.
 *
 * There are two sums that only grow: the filter adds to in, the readers to out.
 * Their difference is the number of queued bytes, in all queues of the device. A
 * frame that is dropped after the filter, as the queue was full, is in the first
 * sum only. A reader corrects that when it finds its queue empty: the frames that
 * were counted before its batch have left its queue, so the frames that were
 * counted before the earliest of the readers' last empty batches have left the
 * device. A reader that has not read for long delays the correction, so it is
 * asked to read when much seems to be queued. A frame that passes the filter while
 * another processor counts may exceed the limit.
 *
 * Needs CAP_BPF, and Linux 5.8. The filter stays on the device until another
 * replaces it, so the limit also holds while no daemon runs.
 */
#ifndef NETPAIR_TAPLIMIT_H
#define NETPAIR_TAPLIMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

/* Bytes that each frame counts besides its length, for the kernel's own memory. */
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
	_Atomic uint64_t empty_at[TAPLIMIT_READERS_MAX];	/* value of in before each reader's last empty batch */
	_Atomic uint64_t asked_at;	/* value of out when the readers were last asked to read */
};

/* Returns 0 if this process and this kernel support the filter, else -errno. */
MUST_CHECK int taplimit_works(void);

/* Sets a filter on the device of that descriptor, with a limit of bytes for all its
 * queues. Returns a descriptor of the sums, for taplimit_init(), which the caller
 * closes; or -errno. */
MUST_CHECK int taplimit_attach(int tap_fd, uint64_t bytes);

/* Maps the sums of the filter that taplimit_attach() set with that limit; map is its
 * descriptor, and needed no longer afterwards. readers is the number of queues, one
 * reader each, at most TAPLIMIT_READERS_MAX. Called before the first reader begins.
 * Returns 0 or -errno; the caller owes taplimit_exit() also after an error. */
MUST_CHECK int taplimit_init(struct taplimit *t, int map, uint64_t bytes, unsigned int readers);

/* Unmaps the sums; the filter stays on the device. */
void taplimit_exit(struct taplimit *t);

/* Removes the filter from the device. */
void taplimit_clear(int tap_fd);

/* Limits the length of the queues instead, where the filter is not supported: the
 * queues of a new device, which is in our network namespace, hold bytes of the
 * largest frames together, but at least TAPLIMIT_FRAMES_MIN frames each. Returns
 * the length of a queue in frames, or -errno. */
#define TAPLIMIT_FRAMES_MIN 32u
MUST_CHECK int taplimit_by_frames(int tap_fd, uint64_t bytes, unsigned int queues);

/* The reader of one queue, on one thread. The zero value has no limit. */
struct taplimit_reader {
	struct taplimit *limit;		/* NULL: none; borrowed */
	unsigned int index;		/* of this reader in the device's readers */
	uint64_t seen;			/* value of in before this batch */
	uint64_t took;			/* bytes read in this batch, which out does not have yet */
	int64_t left;			/* bytes that are known to be queued; not above 0: it is not known */
	bool empty;			/* the last read of this batch found nothing */
};

/* Begins a batch of reads. */
static inline void taplimit_begin(struct taplimit_reader *r)
{
	if (!r->limit)
		return;
	r->seen = atomic_load_explicit(&r->limit->sums->in, memory_order_acquire);
	r->took = 0;
	r->empty = false;
}

/* Records that a frame of len bytes was read. */
static inline void taplimit_took(struct taplimit_reader *r, uint32_t len)
{
	r->took += len + TAPLIMIT_FRAME;
	r->left -= (int64_t)len + TAPLIMIT_FRAME;
}

/* Returns whether there may be frames that were not read, in the queues of any reader. A frame that was
 * lost behind the filter counts as one that waits, until that is corrected. */
MUST_CHECK static inline bool taplimit_waits(struct taplimit_reader *r)
{
	const struct taplimit_sums *sums = r->limit->sums;

	/* The filter's sum is in another processor's cache: it is read when those known to wait were read. */
	if (r->left <= 0)
		r->left = (int64_t)(atomic_load_explicit(&sums->in, memory_order_acquire) -
				    atomic_load_explicit(&sums->out, memory_order_relaxed) - r->took);
	return r->left != 0;
}

/* Records that a read found the queue empty. */
static inline void taplimit_empty(struct taplimit_reader *r)
{
	r->empty = true;
}

/* Ends a batch: publishes the bytes that were read. Returns true if the other
 * readers must read their queues once, as much of the limit seems to be queued
 * there. */
MUST_CHECK bool taplimit_end(struct taplimit_reader *r);

#endif
