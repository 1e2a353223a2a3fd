/* SPDX-License-Identifier: MIT */
/* client.c - connects a handle to the host, sends requests and receives replies */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xentoollog.h>

static int client_connect(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	const char *dir = getenv("XENSIM_DOM");
	int fd;
	int n;

	if (!dir) {
		errno = ENOENT; /* as on a machine without /dev/xen */
		return -1;
	}
	n = snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/xen.sock", dir);
	if (n < 0 || (size_t)n >= sizeof(sa.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0) {
		int err = errno;

		close(fd);
		errno = err == ECONNREFUSED ? ENODEV : err;
		return -1;
	}
	return fd;
}

static int client_send(int sock, const void *buf, size_t len)
{
	ssize_t n;

	do
		n = send(sock, buf, len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len ? 0 : -1;
}

static ssize_t client_receive(int sock, struct xsim_rep *rep, size_t len, int *fds)
{
	union {
		char buf[CMSG_SPACE(CLIENT_FDS * sizeof(int))];
		struct cmsghdr align;
	} ctl;
	struct iovec iov = { .iov_base = rep, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl.buf, .msg_controllen = sizeof(ctl.buf) };
	struct cmsghdr *cm;
	ssize_t n;

	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	for (cm = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL; cm; cm = CMSG_NXTHDR(&msg, cm)) {
		size_t bytes = cm->cmsg_len - CMSG_LEN(0);

		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		if (fds && bytes <= CLIENT_FDS * sizeof(int))
			memcpy(fds, CMSG_DATA(cm), bytes);
	}
	return n;
}

int client_call(struct client *c, const struct xsim_req *req, size_t len, struct xsim_rep *rep, size_t replen, int *fds)
{
	ssize_t n;
	int i;

	for (i = 0; fds && i < CLIENT_FDS; i++)
		fds[i] = -1;
	if (getpid() != c->pid) {
		errno = EBADF;
		return -1;
	}
	if (client_send(c->sock, req, len) < 0) {
		if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
			errno = ENODEV;
		return -1;
	}
	n = client_receive(c->sock, rep, replen, fds);
	if (n < (ssize_t)sizeof(*rep)) {
		errno = ENODEV;
		return -1;
	}
	if (rep->err) {
		errno = rep->err;
		return -1;
	}
	return 0;
}

uint32_t client_domid(const struct client *c)
{
	return atomic_load_explicit(&c->gnt->domid, memory_order_relaxed);
}

bool client_lost(const struct client *c)
{
	/* Not POLLIN: a reply for another thread may have come. */
	struct pollfd p = { .fd = c->sock, .events = POLLRDHUP };

	return poll(&p, 1, 0) > 0;
}

void *client_map(int fd, size_t len, int prot)
{
	void *p = mmap(NULL, len, prot, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void client_set_log(struct client *c, struct xentoollog_logger *log)
{
	c->log = log;
	c->own_log = NULL;
	if (!log)
		c->own_log = c->log = (struct xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_PROGRESS, 0);
}

int client_open(struct client *c, enum xsim_kind kind, struct xentoollog_logger *log, int fds[CLIENT_FDS], const char *name)
{
	struct xsim_req req = { .op = XSIM_HELLO, .arg = { kind, 0 } };
	struct xsim_rep rep;
	int err;

	memset(c, 0, sizeof(*c));
	client_set_log(c, log);
	pthread_mutex_init(&c->lock, NULL);
	c->pid = getpid();
	c->sock = client_connect();
	if (c->sock < 0)
		goto fail;
	if (client_call(c, &req, sizeof(req), &rep, sizeof(rep), fds) < 0)
		goto fail;
	c->gnt = client_map(fds[0], XSIM_GNT_BYTES, PROT_READ);
	close(fds[0]);
	fds[0] = -1;
	if (c->gnt)
		return 0;
fail:
	err = errno;
	client_error(c, name);
	client_close(c);
	errno = err;
	return -1;
}

void client_close(struct client *c)
{
	if (c->sock >= 0)
		close(c->sock);
	c->sock = -1;
	if (c->gnt)
		munmap((void *)(uintptr_t)c->gnt, XSIM_GNT_BYTES);
	c->gnt = NULL;
	if (c->own_log)
		xtl_logger_destroy(c->own_log);
	c->own_log = c->log = NULL;
	pthread_mutex_destroy(&c->lock);
}

void client_error(const struct client *c, const char *what)
{
	int err = errno;

	if (c->log)
		xtl_log(c->log, XTL_ERROR, err, "xensim", "%s", what);
	errno = err;
}
