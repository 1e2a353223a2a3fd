/* SPDX-License-Identifier: MIT */
/* capture.h - a worker's frames are captured: who maps the ring, and when the worker writes to it
 *
 * Theory of operation. Control makes a block of memory (capring.h) and a doorbell, an eventfd, and gives
 * both to the tool and to the thread that owns the connection (struct capture_owner), which maps the
 * block and sets `want` of each worker. A worker looks at `want` once in each turn of its loop and takes
 * it over into `now`, so a packet costs one branch: `now` is NULL while nobody captures. Then it stores
 * `seen`. Only once all workers have seen that there is no ring any more the owner unmaps it.
 *
 * The doorbell measures wake-ups: the tool rings it, and the worker writes a record when it sees it.
 *
 * A capture ends when its owner says so, or with its connection. It never waits for anybody.
 */
#ifndef NETPAIR_CAPTURE_H
#define NETPAIR_CAPTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/wire/capring.h"
#include "common/base/util.h"

/* One worker's part of a capture. */
struct capture_end {
	struct capring_writer ring;
	int doorbell_fd;		/* borrowed */
	uint64_t time;		/* of the run, monotonic nanoseconds; the worker's */
};

/* In a worker. The zero value is no capture. */
struct capture {
	struct capture_end *now;	/* the worker's own; NULL: nobody captures */
	_Atomic(struct capture_end *) want;	/* the owner's */
	_Atomic(struct capture_end *) seen;	/* the worker's, for the owner */
};

struct capture_set;

/* On the owner's thread. The zero value is no capture. */
struct capture_owner {
	struct capture_set *set;	/* what is captured to; NULL: nothing */
	struct capture_set *old;	/* what ended, and workers may still use */
};

/* Descriptors that begin a capture: the block, whose size is sealed, and the doorbell. */
struct capture_fds { int block, doorbell; };

/* Makes both. Returns 0 or -errno. */
MUST_CHECK int capture_fds_new(struct capture_fds *fds, unsigned int workers);

/* Duplicates both. Returns 0 or -errno. */
MUST_CHECK int capture_fds_dup(struct capture_fds *out, const struct capture_fds *fds);
void capture_fds_close(struct capture_fds *fds);

/* --- the owner's ------------------------------------------------------------------------- */

/* Begins a capture of n workers. Takes fds. The caller wakes the workers. Returns 0; -EBUSY: there is one, or a
 * worker has not seen the end of the last one; -EINVAL: the block is none for n workers; other -errno. */
MUST_CHECK int capture_begin(struct capture_owner *o, struct capture *const worker[], unsigned int n,
			     const struct capring_wish *wish, const struct capture_fds *fds);

/* Ends it, if there is one. The caller wakes the workers. */
void capture_stop(struct capture_owner *o, struct capture *const worker[], unsigned int n);

/* Unmaps what no worker uses any more. */
void capture_reap(struct capture_owner *o, struct capture *const worker[], unsigned int n);

/* Unmaps all, once the workers have ended. */
void capture_exit(struct capture_owner *o);

/* --- the worker's ------------------------------------------------------------------------ */

/* Takes over what the owner wants. The doorbell is added to both epoll sets, or taken out of them. */
void capture_switch(struct capture *c, int epoll_fd, int other_epoll_fd);

/* Does that if the owner wants something else. Called once in each turn of the loop. */
static inline void capture_turn(struct capture *c, int epoll_fd, int other_epoll_fd)
{
	if (__builtin_expect(atomic_load_explicit(&c->want, memory_order_relaxed) != c->now, 0))
		capture_switch(c, epoll_fd, other_epoll_fd);
}

/* Returns the capture, if there is one: expected is that there is none. */
static inline struct capture_end *capture_on(const struct capture *c)
{
	return __builtin_expect(c->now != NULL, 0) ? c->now : NULL;
}

/* Returns true if fd, which has an event, is the doorbell, after a record that says so. */
bool capture_take_doorbell(struct capture *c, int fd);

/* Notes the time that the frames of a run have. */
void capture_run(struct capture_end *e);

/* Writes a frame's record; as capring_put(). */
void capture_put(struct capture_end *e, const struct capring_record *rec, const struct iovec *iov, unsigned int n, size_t skip);

#endif
