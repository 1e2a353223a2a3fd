/* SPDX-License-Identifier: MIT */
/* handle.c - serves the requests of a handle, and ends it */
#include "handle.h"

#include "events.h"
#include "grants.h"
#include "tools/xensim/base/util.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static uint32_t handle_last_id;

static int handle_hello(struct handle *h, const struct xsim_req *req, struct xsim_rep *rep, int *fds)
{
	if (h->kind || req->arg[0] < XSIM_GNTTAB || req->arg[0] > XSIM_EVTCHN)
		return EINVAL;
	h->kind = req->arg[0];
	rep->domid = h->dom->id;
	fds[0] = h->dom->gnt_fd;
	if (h->kind == XSIM_GNTSHR)
		fds[1] = h->dom->pages_fd;
	if (h->kind != XSIM_EVTCHN)
		return 0;
	/* Blocking or not is the user's choice, as for /dev/xen/evtchn. */
	h->efd = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	if (h->efd < 0)
		return errno;
	fds[1] = h->dom->evt_fd;
	fds[2] = h->efd;
	return 0;
}

static int handle_peer(const struct handle *h, const struct xsim_req *req, int *fds)
{
	struct dom *d = dom_find(req->domid);

	if (!d)
		return ESRCH;
	if (!grants_any(d, h->dom->id))
		return EPERM;
	fds[0] = d->gnt_fd;
	fds[1] = d->pages_fd;
	return 0;
}

/* A fault rule kills or stops the process that asks: one in a sandbox cannot signal itself. */
static int handle_signal(const struct handle *h, const struct xsim_req *req)
{
	if (h->pid <= 0 || (req->arg[0] != SIGKILL && req->arg[0] != SIGSTOP))
		return EINVAL;
	return kill(h->pid, (int)req->arg[0]) < 0 ? errno : 0;
}

int handle_serve(struct handle *h, const struct xsim_req *req, size_t len, struct xsim_rep *rep, int *fds)
{
	size_t payload = len - sizeof(*req);
	uint32_t op = req->op;

	if (op == XSIM_HELLO)
		return handle_hello(h, req, rep, fds);
	if (op == XSIM_SIGNAL)
		return handle_signal(h, req);
	if (h->kind == XSIM_GNTTAB && op == XSIM_PEER)
		return handle_peer(h, req, fds);
	if (h->kind == XSIM_GNTTAB && op == XSIM_MAP)
		return payload < req->count * 8ull ? EINVAL : grants_map(h, req, rep);
	if (h->kind == XSIM_GNTTAB && op == XSIM_UNMAP)
		return grants_release(h, req->arg[0]);
	if (h->kind == XSIM_GNTSHR && op == XSIM_SHARE)
		return grants_share(h, req, rep);
	if (h->kind == XSIM_GNTSHR && op == XSIM_UNSHARE)
		return grants_release(h, req->arg[0]);
	if (h->kind != XSIM_EVTCHN)
		return EINVAL;
	if (op == XSIM_EV_UNBOUND)
		return events_unbound(h, req, rep);
	if (op == XSIM_EV_BIND)
		return events_bind(h, req, rep);
	if (op == XSIM_EV_CLOSE)
		return events_close(h, req->arg[0]);
	if (op == XSIM_EV_PEER)
		return events_peer(h, req->arg[0], rep, fds);
	if (op == XSIM_EV_RESTRICT)
		return events_restrict(h, req);
	return op == XSIM_EV_LATER ? events_later(h, req) : EINVAL;
}

static int handle_reply(const struct handle *h, struct xsim_rep *rep, const int *fds)
{
	union {
		char buf[CMSG_SPACE(HANDLE_FDS * sizeof(int))];
		struct cmsghdr align;
	} ctl;
	struct iovec iov = { .iov_base = rep, .iov_len = sizeof(*rep) + rep->count * sizeof(uint32_t) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	size_t n = 0;

	while (n < HANDLE_FDS && fds[n] >= 0)
		n++;
	memset(&ctl, 0, sizeof(ctl));
	if (n) {
		struct cmsghdr *cm = &ctl.align;

		msg.msg_control = ctl.buf;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(cm), fds, n * sizeof(int));
	}
	return sendmsg(h->src.fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -1 : 0;
}

static void handle_ready(struct source *s, uint32_t events)
{
	static union {
		struct xsim_req req;
		uint8_t bytes[XSIM_MSG_MAX];
	} in;
	static union {
		struct xsim_rep rep;
		uint8_t bytes[XSIM_MSG_MAX];
	} out;
	struct handle *h = (struct handle *)s;
	int fds[HANDLE_FDS] = { -1, -1, -1 };
	ssize_t n = recv(s->fd, &in, sizeof(in), MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < (ssize_t)sizeof(in.req)) {
		handle_end(h);
		return;
	}
	memset(&out.rep, 0, sizeof(out.rep));
	out.rep.err = handle_serve(h, &in.req, (size_t)n, &out.rep, fds);
	if (out.rep.err) {
		out.rep.count = 0;
		fds[0] = -1;
	}
	if (handle_reply(h, &out.rep, fds) < 0)
		handle_end(h);
}

void handle_new(struct dom *d, int fd)
{
	struct handle *h = xalloc(sizeof(*h));
	struct ucred cred;
	socklen_t len = sizeof(cred);

	h->src.fd = fd;
	h->src.ready = handle_ready;
	h->dom = d;
	h->efd = -1;
	h->id = ++handle_last_id;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0)
		h->pid = cred.pid;
	if (loop_add(&h->src, EPOLLIN) < 0) {
		close(fd);
		free(h);
		return;
	}
	h->next = d->handles;
	d->handles = h;
}

void handle_end(struct handle *h)
{
	struct handle **p;

	if (h->kind == XSIM_EVTCHN)
		events_close_all(h);
	grants_release_all(h);
	if (h->efd >= 0)
		close(h->efd);
	for (p = &h->dom->handles; *p != h; p = &(*p)->next)
		;
	*p = h->next;
	loop_drop(&h->src);
}

void handle_end_all(struct dom *d)
{
	while (d->handles)
		handle_end(d->handles);
}

void handle_forget_all(struct dom *d)
{
	struct handle *h;

	for (h = d->handles; h; h = h->next) {
		events_close_all(h);
		grants_forget(h);
	}
}
