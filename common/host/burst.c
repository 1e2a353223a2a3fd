/* SPDX-License-Identifier: MIT */
/* burst.c - liburing
 *
 * A ring that is made for a process in a sandbox (Linux 5.10) takes requests for WRITEV and
 * ASYNC_CANCEL alone, which the process may do without a ring as well: no OPENAT or CONNECT walks
 * past its seccomp filter. It starts disabled, and its restrictions hold from when it is enabled:
 * afterwards nothing about it can be changed. Of the operations of io_uring_register(2) only
 * ENABLE_RINGS is allowed, which then fails. A ring with SINGLE_ISSUER that is made disabled
 * belongs to the thread that enables it.
 *
 * The TAP is no registered file of the ring. The kernel lets go of such a file some time after
 * the ring was closed, a second on Linux 6.1, and so long nobody could open or remove the device.
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "burst.h"
#include "common/base/errtext.h"
#include "common/base/log.h"
#include "tap.h"

/* user_data of requests that are not frames. */
#define CANCEL UINT64_MAX

/* The pause before another attempt to cancel, after the kernel refused one, in nanoseconds. */
#define CANCEL_AGAIN_NS 1000000

/* #syscalls io_uring_enter nanosleep clock_nanosleep munmap close */
/* #syscalls-some io_uring_register */
/* #syscalls-control io_uring_register */
/* #syscalls-before io_uring_setup eventfd */

/* All that a ring of a process in a sandbox takes. */
static const struct io_uring_restriction restrictions[] = {
	{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_WRITEV },
	{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_ASYNC_CANCEL },
	{ .opcode = IORING_RESTRICTION_REGISTER_OP, .register_op = IORING_REGISTER_ENABLE_RINGS },
	/* Only for the probe, which has a ring of its own. */
	{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_POLL_ADD },
};
#define RESTRICTIONS_OF_PROBE ARRAY_SIZE(restrictions)
#define RESTRICTIONS (ARRAY_SIZE(restrictions) - 1)

struct burst_ring {
	struct io_uring uring;
	bool disabled;	/* until its thread enables it */
};

/* Sets up a ring, with two further flags, which avoid interrupting our own thread. Kernels before
 * 6.1 do not have them. Returns 0 or -errno. */
static int burst_ring_setup(struct io_uring *uring, unsigned int flags)
{
	int err = io_uring_queue_init(BURST_MAX, uring, flags | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);

	return err == -EINVAL ? io_uring_queue_init(BURST_MAX, uring, flags) : err;
}

/* Calls io_uring_register(2), as liburing before 2.4 lacks two of its operations. Returns its result or -errno. */
static int burst_register(struct burst_ring *r, unsigned int op, const void *arg, unsigned int n)
{
	long ret = syscall(SYS_io_uring_register, r->uring.ring_fd, op, arg, n);

	return ret < 0 ? -errno : (int)ret;
}

/* Adds a request to cancel all requests of fd. Returns false if the ring has no room. */
static bool burst_cancel(struct burst_ring *r, int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);

	if (!sqe)
		return false;
	io_uring_prep_cancel_fd(sqe, fd, IORING_ASYNC_CANCEL_ALL);
	sqe->user_data = CANCEL;
	return true;
}

/* --- whether this kernel can cancel -------------------------------------------------- */

/* Polls fd, which never becomes readable, and cancels the poll. Returns 0 if both
 * requests complete. */
static int burst_probe_with(struct burst_ring *r, int fd)
{
	struct io_uring *uring = &r->uring;
	struct io_uring_sqe *sqe = io_uring_get_sqe(uring);
	struct io_uring_cqe *cqe;
	int canceled = 0, err;

	assert(sqe != NULL);
	io_uring_prep_poll_add(sqe, fd, POLLIN);
	sqe->user_data = 0;
	if (!burst_cancel(r, fd))
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

/* Enables the ring, on the thread that is to use it. Returns 0 or -errno. */
static int burst_ring_enable(struct burst_ring *r)
{
	int err = r->disabled ? burst_register(r, IORING_REGISTER_ENABLE_RINGS, NULL, 0) : 0;

	r->disabled = false;
	return err;
}

/* Returns 0 if the kernel cancels requests by their descriptor (Linux 5.19). */
static int burst_probe(struct burst_ring *r)
{
	int err, fd = eventfd(0, EFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	err = burst_ring_enable(r);
	if (!err)
		err = burst_probe_with(r, fd);
	close(fd);
	return err;
}

/* --- rings -------------------------------------------------------------------------- */

/* Makes a disabled ring with the first n of the restrictions. Returns 0 or -errno. */
static int burst_ring_restricted(struct burst_ring **out, unsigned int n)
{
	struct burst_ring *r = malloc(sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->disabled = true;
	err = burst_ring_setup(&r->uring, IORING_SETUP_R_DISABLED);
	if (err) {
		free(r);
		return err;
	}
	err = burst_register(r, IORING_REGISTER_RESTRICTIONS, restrictions, n);
	if (err) {
		burst_ring_free(r);
		return err;
	}
	*out = r;
	return 0;
}

int burst_ring_new(struct burst_ring **out)
{
	return burst_ring_restricted(out, RESTRICTIONS);
}

int burst_ring_probe(void)
{
	struct burst_ring *r;
	int err = burst_ring_restricted(&r, RESTRICTIONS_OF_PROBE);

	if (err)
		return err;
	err = burst_probe(r);
	burst_ring_free(r);
	return err;
}

void burst_ring_free(struct burst_ring *r)
{
	if (!r)
		return;
	io_uring_queue_exit(&r->uring);
	free(r);
}

/* Makes a ring of this thread, for any descriptor. Returns 0 or -errno. */
static int burst_ring_own(struct burst_ring **out)
{
	struct burst_ring *r = malloc(sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->disabled = false;
	err = burst_ring_setup(&r->uring, 0);
	if (err) {
		free(r);
		return err;
	}
	err = burst_probe(r);
	if (err)
		burst_ring_free(r);
	else
		*out = r;
	return err;
}

void burst_init(struct burst *b, int tap_fd)
{
	*b = (struct burst){ .tap_fd = tap_fd };
}

void burst_give(struct burst *b, struct burst_ring *r)
{
	b->ring = r;
	b->given = true;
}

void burst_start(struct burst *b)
{
	int err = 0;

	if (!b->given)
		err = burst_ring_own(&b->ring);
	else if (b->ring)
		err = burst_ring_enable(b->ring);
	if (!err)
		return;
	burst_exit(b);
	log_debug("no io_uring, frames are written one by one error=\"%s\"", errtext(ERRTEXT_FILE, err));
}

/* --- frames -------------------------------------------------------------------------- */

void burst_add(struct burst *b, struct iovec *iov, unsigned int n, ssize_t *put)
{
	assert(burst_has_room(b));
	b->frame[b->n].iov = iov;
	b->frame[b->n].n = n;
	b->frame[b->n].put = put;
	b->n++;
}

/* Takes the completions. Returns the number of completed frames. */
static unsigned int burst_reap(struct burst *b)
{
	struct io_uring_cqe *cqe;
	unsigned int n = 0;

	while (io_uring_peek_cqe(&b->ring->uring, &cqe) == 0) {
		if (cqe->user_data != CANCEL) {
			*b->frame[cqe->user_data].put = cqe->res == -ECANCELED ? -EAGAIN : cqe->res;
			n++;
		}
		io_uring_cqe_seen(&b->ring->uring, cqe);
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
		int err = io_uring_submit_and_wait(&b->ring->uring, wait);
		unsigned int n = burst_reap(b);

		done += n;
		if (done < b->n && (err < 0 || n == 0))
			nanosleep(&pause, NULL);
	}
}

static void burst_write_together(struct burst *b)
{
	struct io_uring *uring = &b->ring->uring;
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
	burst_ring_free(b->ring);
	b->ring = NULL;
}
