/* SPDX-License-Identifier: MIT */
/* burst.c - liburing */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "burst.h"
#include "common/base/errtext.h"
#include "common/base/log.h"
#include "tap.h"

/* user_data of requests that are not frames. */
#define CANCEL UINT64_MAX

/* The pause between two attempts to cancel where the kernel refused one, in nanoseconds. */
#define CANCEL_AGAIN_NS 1000000

/* #syscalls io_uring_enter nanosleep clock_nanosleep close */
/* #syscalls-before io_uring_setup eventfd */

void burst_add(struct burst *b, struct iovec *iov, unsigned int n, ssize_t *put)
{
	assert(burst_has_room(b));
	b->frame[b->n].iov = iov;
	b->frame[b->n].n = n;
	b->frame[b->n].put = put;
	b->n++;
}

/* Sets up the ring, with two flags which avoid interrupting our own thread; without
 * them on kernels before 6.1. Returns 0 or -errno. */
static int burst_ring_init(struct io_uring *uring)
{
	int err = io_uring_queue_init(BURST_MAX, uring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);

	return err == -EINVAL ? io_uring_queue_init(BURST_MAX, uring, 0) : err;
}

/* Adds a request to cancel all requests of fd. Returns false if the ring has no room. */
static bool burst_cancel(struct io_uring *uring, int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(uring);

	if (!sqe)
		return false;
	io_uring_prep_cancel_fd(sqe, fd, IORING_ASYNC_CANCEL_ALL);
	sqe->user_data = CANCEL;
	return true;
}

/* Polls fd, which never becomes readable, and cancels the poll. Returns 0 if both
 * requests complete. */
static int burst_probe_with(struct io_uring *uring, int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(uring);
	struct io_uring_cqe *cqe;
	int canceled = 0, err;

	assert(sqe != NULL);
	io_uring_prep_poll_add(sqe, fd, POLLIN);
	sqe->user_data = 0;
	if (!burst_cancel(uring, fd))
		return -EBUSY;
	for (unsigned int got = 0; got < 2; got++) {
		err = io_uring_submit_and_wait(uring, 1);
		if (err >= 0)
			err = io_uring_peek_cqe(uring, &cqe);
		if (err < 0)
			return err;
		/* If nothing was canceled the poll would never complete. */
		if (cqe->user_data == CANCEL && cqe->res != 1)
			return cqe->res < 0 ? cqe->res : -ENOTSUP;
		canceled += cqe->user_data != CANCEL && cqe->res == -ECANCELED;
		io_uring_cqe_seen(uring, cqe);
	}
	return canceled ? 0 : -ENOTSUP;
}

/* Returns 0 if the kernel cancels requests by their descriptor (Linux 5.19). */
static int burst_probe(struct io_uring *uring)
{
	int err, fd = eventfd(0, EFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	err = burst_probe_with(uring, fd);
	close(fd);
	return err;
}

static void burst_close_ring(struct burst *b)
{
	io_uring_queue_exit(b->ring);
	free(b->ring);
	b->ring = NULL;
}

void burst_init(struct burst *b, int tap_fd)
{
	int err;

	*b = (struct burst){ .tap_fd = tap_fd, .ring = malloc(sizeof(*b->ring)) };
	err = b->ring ? burst_ring_init(b->ring) : -ENOMEM;
	if (err) {
		free(b->ring);
		b->ring = NULL;
	} else {
		err = burst_probe(b->ring);
		if (err)
			burst_close_ring(b);
	}
	if (err)
		log_debug("no io_uring, frames are written one by one error=\"%s\"", errtext(ERRTEXT_FILE, err));
}

/* Takes the completions. Returns the number of completed frames. */
static unsigned int burst_reap(struct burst *b)
{
	struct io_uring_cqe *cqe;
	unsigned int n = 0;

	while (io_uring_peek_cqe(b->ring, &cqe) == 0) {
		if (cqe->user_data != CANCEL) {
			*b->frame[cqe->user_data].put = cqe->res == -ECANCELED ? -EAGAIN : cqe->res;
			n++;
		}
		io_uring_cqe_seen(b->ring, cqe);
	}
	return n;
}

/* Cancels the frames that the TAP had no room for. The kernel may read
 * their bytes until each has completed, even if the ring was closed. So this
 * returns only then, whatever errors the kernel returns. A cancellation that found
 * no frame is repeated, as the kernel was just moving the frame between two waits. */
static void burst_take_back(struct burst *b, unsigned int done)
{
	const struct timespec pause = { .tv_nsec = CANCEL_AGAIN_NS };

	while (done < b->n) {
		/* Wait for the cancellation only: the device may never have room. */
		unsigned int wait = burst_cancel(b->ring, b->tap_fd);
		int err = io_uring_submit_and_wait(b->ring, wait);
		unsigned int n = burst_reap(b);

		done += n;
		if (done < b->n && (err < 0 || n == 0))
			nanosleep(&pause, NULL);
	}
}

static void burst_write_together(struct burst *b)
{
	struct io_uring *uring = b->ring;
	unsigned int done = 0;

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
		done = burst_reap(b);
	if (done < b->n)
		burst_take_back(b, done);
}

void burst_write(struct burst *b)
{
	if (b->n > 1 && b->ring)
		burst_write_together(b);
	else
		for (unsigned int i = 0; i < b->n; i++)
			*b->frame[i].put = tap_write(b->tap_fd, b->frame[i].iov, b->frame[i].n);
	b->n = 0;
}

void burst_exit(struct burst *b)
{
	if (b->ring)
		burst_close_ring(b);
}
