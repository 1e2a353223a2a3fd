/* SPDX-License-Identifier: MIT */
/* burst.c - liburing */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>

#include "burst.h"
#include "errtext.h"
#include "log.h"
#include "tap.h"

/* user_data of what is not a frame. */
#define CANCEL UINT64_MAX

void burst_add(struct burst *b, struct iovec *iov, unsigned int n, ssize_t *put)
{
	assert(burst_has_room(b));
	b->frame[b->n].iov = iov;
	b->frame[b->n].n = n;
	b->frame[b->n].put = put;
	b->n++;
}

/* Without the two flags, that spare interrupts of ourselves, on kernels before 6.1. */
static int ring_init(struct io_uring *uring)
{
	int err = io_uring_queue_init(BURST_MAX, uring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);

	return err == -EINVAL ? io_uring_queue_init(BURST_MAX, uring, 0) : err;
}

void burst_init(struct burst *b, int tap_fd)
{
	int err = -ENOMEM;

	*b = (struct burst){ .tap_fd = tap_fd, .ring = malloc(sizeof(*b->ring)) };
	if (b->ring)
		err = ring_init(b->ring);
	if (!err)
		return;
	log_debug("no io_uring, frames are written one by one error=\"%s\"", errtext(ERRTEXT_FILE, -err));
	free(b->ring);
	b->ring = NULL;
}

static void lose_ring(struct burst *b)
{
	io_uring_queue_exit(b->ring);
	free(b->ring);
	b->ring = NULL;
}

/* Takes what has completed; how many frames. */
static unsigned int reap(struct burst *b, bool *refused)
{
	struct io_uring_cqe *cqe;
	unsigned int n = 0;

	while (io_uring_peek_cqe(b->ring, &cqe) == 0) {
		if (cqe->user_data == CANCEL) {
			*refused = cqe->res < 0;
		} else {
			*b->frame[cqe->user_data].put = cqe->res == -ECANCELED ? -EAGAIN : cqe->res;
			n++;
		}
		io_uring_cqe_seen(b->ring, cqe);
	}
	return n;
}

/* Frames that the TAP had no room for wait in the ring for some: they are
 * taken back. What cannot be (before Linux 5.19) goes with the ring. */
static void take_back(struct burst *b, unsigned int done)
{
	struct io_uring *uring = b->ring;
	struct io_uring_sqe *sqe = io_uring_get_sqe(uring);
	bool refused = !sqe;

	if (sqe) {
		io_uring_prep_cancel_fd(sqe, b->tap_fd, IORING_ASYNC_CANCEL_ALL);
		sqe->user_data = CANCEL;
	}
	while (done < b->n && !refused && io_uring_submit_and_wait(uring, 1) >= 0)
		done += reap(b, &refused);
	if (done < b->n)
		lose_ring(b);
}

static void write_together(struct burst *b)
{
	struct io_uring *uring = b->ring;
	unsigned int done = 0;
	bool refused = false;

	for (unsigned int i = 0; i < b->n; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(uring);

		/* The ring is as large as a burst, and empty between two. */
		assert(sqe != NULL);
		*b->frame[i].put = -EAGAIN;
		b->frame[i].n = tap_join(b->frame[i].iov, b->frame[i].n);
		io_uring_prep_writev(sqe, b->tap_fd, b->frame[i].iov, b->frame[i].n, 0);
		sqe->user_data = i;
	}
	if (io_uring_submit(uring) == (int)b->n)
		done = reap(b, &refused);
	if (done < b->n)
		take_back(b, done);
}

void burst_write(struct burst *b)
{
	if (b->n > 1 && b->ring)
		write_together(b);
	else
		for (unsigned int i = 0; i < b->n; i++)
			*b->frame[i].put = tap_write(b->tap_fd, b->frame[i].iov, b->frame[i].n);
	b->n = 0;
}

void burst_exit(struct burst *b)
{
	if (b->ring)
		lose_ring(b);
}
