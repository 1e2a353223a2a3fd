/* SPDX-License-Identifier: MIT */
/* msg_sock.c - messages over the socket of msg_sock.h */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "msg_sock.h"

/* #syscalls sendmsg recvmsg close */

/* Room for the descriptors of one message. */
union msg_control {
	char buf[CMSG_SPACE(MSG_FDS_MAX * sizeof(int))];
	struct cmsghdr align;
};

int msg_send(int sock, const union msg *m, const int *fds, unsigned int nfds)
{
	enum msg_from from = m->head.kind < MSG_READY ? MSG_FROM_CONTROL : MSG_FROM_DATA;
	size_t len = msg_size(m->head.kind, from);
	struct iovec iov = { .iov_base = (void *)(uintptr_t)m, .iov_len = len };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	union msg_control control;
	struct cmsghdr *c;

	assert(msg_check(m, len, nfds, from) == 0);
	if (nfds) {
		memset(&control, 0, sizeof(control));
		h.msg_control = control.buf;
		h.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
	}
	return sendmsg(sock, &h, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* Takes the descriptors of a message, and closes those beyond MSG_FDS_MAX. Returns how many
 * there were. */
static unsigned int msg_take_fds(struct msghdr *h, int *fds)
{
	unsigned int n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		size_t count = c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS ?
			       (c->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;

		for (size_t i = 0; i < count; i++, n++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (n < MSG_FDS_MAX)
				fds[n] = fd;
			else
				close(fd);
		}
	}
	return n;
}

int msg_receive(int sock, union msg *m, enum msg_from from, int *fds, unsigned int *nfds)
{
	struct iovec iov = { .iov_base = m, .iov_len = sizeof(*m) };
	union msg_control control;
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = sizeof(control) };
	ssize_t len;
	int err;

	*nfds = 0;
	memset(m, 0, sizeof(*m));
	do
		len = recvmsg(sock, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	*nfds = msg_take_fds(&h, fds);
	if (len == 0)
		err = -ECONNRESET;
	else if (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		err = -EPROTO;
	else
		err = msg_check(m, (size_t)len, *nfds, from);
	for (unsigned int i = 0; err && i < min_size(*nfds, MSG_FDS_MAX); i++)
		close(fds[i]);
	*nfds = err ? 0 : *nfds;
	return err;
}
