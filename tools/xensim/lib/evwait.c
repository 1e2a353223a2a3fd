/* SPDX-License-Identifier: MIT */
/* evwait.c - waits for events and for the end of the host
 *
 * The user waits for the eventfd itself, so that an event costs one write and
 * one read.  The end of the host must wake the user, too: an asynchronous poll
 * of the connection (Linux AIO) adds one to the eventfd when the host hangs up,
 * without a thread.  Without AIO the user gets an epoll set of the eventfd and
 * the connection, which costs more per wake-up.
 */
#include "evwait.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <xenevtchn.h>

static int evwait_aio(struct xenevtchn_handle *h)
{
	aio_context_t ctx = 0;
	struct iocb cb = {
		.aio_lio_opcode = IOCB_CMD_POLL,
		.aio_fildes = (uint32_t)h->c.sock,
		.aio_buf = POLLRDHUP,
		.aio_flags = IOCB_FLAG_RESFD,
		.aio_resfd = (uint32_t)h->efd,
	};
	struct iocb *list[1] = { &cb };

	if (syscall(SYS_io_setup, 1, &ctx) < 0)
		return -1;
	if (syscall(SYS_io_submit, ctx, 1, list) != 1) {
		syscall(SYS_io_destroy, ctx);
		return -1;
	}
	h->aio = ctx;
	return 0;
}

static int evwait_epoll(struct xenevtchn_handle *h, unsigned int flags)
{
	struct epoll_event ev = { .events = EPOLLIN };

	h->pollfd = epoll_create1(flags & XENEVTCHN_NO_CLOEXEC ? 0 : EPOLL_CLOEXEC);
	if (h->pollfd < 0)
		return -1;
	if (fcntl(h->efd, F_SETFL, O_NONBLOCK) < 0 || epoll_ctl(h->pollfd, EPOLL_CTL_ADD, h->efd, &ev) < 0)
		return -1;
	ev.events = EPOLLRDHUP;
	return epoll_ctl(h->pollfd, EPOLL_CTL_ADD, h->c.sock, &ev);
}

int evwait_open(struct xenevtchn_handle *h, unsigned int flags)
{
	if (evwait_aio(h) < 0)
		return evwait_epoll(h, flags);
	h->pollfd = h->efd;
	return flags & XENEVTCHN_NO_CLOEXEC ? fcntl(h->efd, F_SETFD, 0) : 0;
}

void evwait_close(struct xenevtchn_handle *h)
{
	if (h->aio)
		syscall(SYS_io_destroy, h->aio);
	if (h->pollfd >= 0 && h->pollfd != h->efd)
		close(h->pollfd);
	if (h->efd >= 0)
		close(h->efd);
	h->aio = 0;
	h->pollfd = h->efd = -1;
}

void evwait_kick(int efd)
{
	static const uint64_t one = 1;
	ssize_t n;

	do
		n = write(efd, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
}

void evwait_uncount(struct xenevtchn_handle *h)
{
	uint64_t count;
	struct iovec iov = { .iov_base = &count, .iov_len = sizeof(count) };
	int err = errno;

	/* Nothing to do if another thread has taken it. */
	if (preadv2(h->efd, &iov, 1, -1, RWF_NOWAIT) < 0)
		errno = err;
}

/* Waits for the eventfd or the end of the connection, where there is an epoll set. */
static int evwait_poll(struct xenevtchn_handle *h)
{
	struct pollfd p[2] = { { .fd = h->efd, .events = POLLIN }, { .fd = h->c.sock, .events = POLLRDHUP } };

	if (poll(p, 2, fcntl(h->pollfd, F_GETFL) & O_NONBLOCK ? 0 : -1) < 0)
		return -1;
	if (p[0].revents & POLLIN)
		return 0;
	errno = p[1].revents ? ENODEV : EAGAIN;
	return -1;
}

int evwait_count(struct xenevtchn_handle *h)
{
	uint64_t count;
	ssize_t n;

	do {
		if (!h->aio && evwait_poll(h) < 0)
			return -1;
		n = read(h->efd, &count, sizeof(count));
	} while (n < 0 && errno == EAGAIN && !h->aio); /* another thread was faster */
	return n == (ssize_t)sizeof(count) ? 0 : -1;
}
