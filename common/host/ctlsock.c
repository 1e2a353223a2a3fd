/* SPDX-License-Identifier: MIT */
/* ctlsock.c - the socket of ctlsock.h
 *
 * Theory of operation. One epoll descriptor has the listening socket, each client and a timer.
 * While all places are taken the listening socket is not waited for. A client is in one of three
 * states: its request is awaited, its answer is being sent, or it has its answer and is held. The timer
 * runs while there is a client that is not held.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "ctlsock.h"
#include "localsock.h"

/* #syscalls-control accept4 recvfrom sendto sendmsg getsockopt geteuid epoll_ctl epoll_wait epoll_pwait timerfd_settime read close unlink */
/* #syscalls-before epoll_create1 timerfd_create */

/* Clients that wait until there is a place for them. */
#define CTLSOCK_BACKLOG 64

struct ctlsock_client {
	int fd;			/* -1: the place is free */
	uint64_t deadline;	/* monotonic microseconds */
	char *answer;		/* NULL: the request is awaited */
	size_t length, sent;
	struct ctlsock_hold hold;	/* its descriptors until they are sent */
	uid_t uid;
	pid_t pid;
};

#define CTLSOCK_PLACES (CTLSOCK_CLIENTS + CTLSOCK_HELD_MAX)

struct ctlsock {
	int epoll_fd, listen_fd, timer_fd;
	bool full;		/* listen_fd is not waited for */
	ctlsock_answer *answer;
	ctlsock_gone *gone;	/* NULL: nobody is told */
	const void *arg;
	struct sockaddr_un at;
	struct ctlsock_client client[CTLSOCK_PLACES];
};

static int ctlsock_wait_for(const struct ctlsock *s, int op, int fd, uint32_t events, const void *what)
{
	struct epoll_event ev = { .events = events, .data.ptr = (void *)(uintptr_t)what };

	return epoll_ctl(s->epoll_fd, op, fd, &ev) < 0 ? -errno : 0;
}

/* Returns 0 if nobody listens there; the socket of one that is gone is removed, but no other file. */
static int ctlsock_take_place(const struct sockaddr_un *at)
{
	int err = localsock_is_other(at) ? -EEXIST : localsock_is_free(at);

	if (err)
		return err;
	return unlink(at->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

static int ctlsock_listen(struct ctlsock *s)
{
	int err = ctlsock_take_place(&s->at);

	if (err)
		return err;
	s->listen_fd = localsock_listen(&s->at, CTLSOCK_BACKLOG);
	return s->listen_fd < 0 ? s->listen_fd : 0;
}

int ctlsock_open(struct ctlsock **out, const char *run_dir, const char *program, ctlsock_answer *answer, const void *arg)
{
	struct ctlsock *s = calloc(1, sizeof(*s));
	int err = 0;

	if (!s)
		return -ENOMEM;
	*s = (struct ctlsock){ .epoll_fd = -1, .listen_fd = -1, .timer_fd = -1, .answer = answer, .arg = arg, .at.sun_family = AF_UNIX };
	for (unsigned int i = 0; i < CTLSOCK_PLACES; i++)
		s->client[i].fd = -1;
	if (snprintf(s->at.sun_path, sizeof(s->at.sun_path), "%s/%s.sock", run_dir, program) >= (int)sizeof(s->at.sun_path))
		err = -ENAMETOOLONG;
	if (!err && ((s->epoll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0 ||
		     (s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) < 0))
		err = -errno;
	if (!err)
		err = ctlsock_wait_for(s, EPOLL_CTL_ADD, s->timer_fd, EPOLLIN, &s->timer_fd);
	if (!err)
		err = ctlsock_listen(s);
	if (!err)
		err = ctlsock_wait_for(s, EPOLL_CTL_ADD, s->listen_fd, EPOLLIN, &s->listen_fd);
	if (err == -EBUSY || err == -EEXIST || err == -ENAMETOOLONG)
		s->at.sun_path[0] = '\0';	/* not ours to remove */
	if (!err)
		*out = s;
	else
		ctlsock_close(s);
	return err;
}

int ctlsock_fd(const struct ctlsock *s)
{
	return s->epoll_fd;
}

/* --- clients ----------------------------------------------------------------- */

/* Sets the timer to the first client's end, or stops it. */
static void ctlsock_set_timer(const struct ctlsock *s)
{
	struct itimerspec when = { { 0, 0 }, { 0, 0 } };
	uint64_t first = UINT64_MAX;

	for (unsigned int i = 0; i < CTLSOCK_PLACES; i++)
		if (s->client[i].fd >= 0 && !s->client[i].hold.id && s->client[i].deadline < first)
			first = s->client[i].deadline;
	if (first != UINT64_MAX) {
		when.it_value.tv_sec = (time_t)(first / 1000000);
		when.it_value.tv_nsec = (long)(first % 1000000 * 1000);
	}
	timerfd_settime(s->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void ctlsock_close_fds(struct ctlsock_client *c)
{
	while (c->hold.nfds)
		close(c->hold.fd[--c->hold.nfds]);
}

static void ctlsock_disconnect(struct ctlsock *s, struct ctlsock_client *c)
{
	ctlsock_close_fds(c);
	close(c->fd);
	free(c->answer);
	*c = (struct ctlsock_client){ .fd = -1 };
	if (s->full && !ctlsock_wait_for(s, EPOLL_CTL_MOD, s->listen_fd, EPOLLIN, &s->listen_fd))
		s->full = false;
}

static bool ctlsock_may_ask(int fd, struct ucred *cred)
{
	socklen_t len = sizeof(*cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, cred, &len) == 0 && (cred->uid == 0 || cred->uid == geteuid());
}

/* Returns a free place, unless CTLSOCK_CLIENTS that are not held are connected: then NULL. */
static struct ctlsock_client *ctlsock_place(struct ctlsock *s)
{
	struct ctlsock_client *place = NULL;
	unsigned int n = 0;

	for (unsigned int i = 0; i < CTLSOCK_PLACES; i++) {
		struct ctlsock_client *c = &s->client[i];

		if (c->fd < 0)
			place = c;
		else if (!c->hold.id)
			n++;
	}
	return n < CTLSOCK_CLIENTS ? place : NULL;
}

static void ctlsock_accept(struct ctlsock *s)
{
	struct ctlsock_client *c = ctlsock_place(s);
	struct ucred cred;
	int fd;

	if (!c) {
		s->full = !ctlsock_wait_for(s, EPOLL_CTL_MOD, s->listen_fd, 0, &s->listen_fd);
		return;
	}
	fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	if (!ctlsock_may_ask(fd, &cred) || ctlsock_wait_for(s, EPOLL_CTL_ADD, fd, EPOLLIN, c)) {
		close(fd);
		return;
	}
	*c = (struct ctlsock_client){ .fd = fd, .deadline = now_us() + CTLSOCK_SECONDS * 1000000u, .uid = cred.uid, .pid = cred.pid };
}

/* Splits line, which is changed. Returns false if it has no word, or too many. */
static bool ctlsock_split(struct ctlsock_request *request, char *line)
{
	char *rest = NULL;

	*request = (struct ctlsock_request){ 0 };
	for (unsigned int i = 0; i < CTLSOCK_WORDS_MAX; i++)
		request->word[i] = "";
	for (char *w = strtok_r(line, " \t\r\n", &rest); w; w = strtok_r(NULL, " \t\r\n", &rest)) {
		if (request->n == CTLSOCK_WORDS_MAX)
			return false;
		request->word[request->n++] = w;
	}
	return request->n > 0;
}

/* Reads the request and has it answered. Returns false if the client is to be disconnected. */
static bool ctlsock_receive(const struct ctlsock *s, struct ctlsock_client *c)
{
	char line[CTLSOCK_LINE_MAX + 1];
	struct ctlsock_request request;
	ssize_t n = recv(c->fd, line, CTLSOCK_LINE_MAX, MSG_TRUNC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0 || (size_t)n > CTLSOCK_LINE_MAX || memchr(line, '\0', (size_t)n))
		return false;
	line[n] = '\0';
	if (!ctlsock_split(&request, line))
		return false;
	request.uid = c->uid;
	request.pid = c->pid;
	request.hold = &c->hold;
	c->answer = s->answer(s->arg, &request);
	if (!c->answer)
		return false;
	c->length = strlen(c->answer);
	return ctlsock_wait_for(s, EPOLL_CTL_MOD, c->fd, EPOLLOUT, c) == 0;
}

/* Sends a packet, with the descriptors if there are some. */
static ssize_t ctlsock_send_packet(struct ctlsock_client *c, size_t len)
{
	union { struct cmsghdr align; char buf[CMSG_SPACE(CTLSOCK_FDS_MAX * sizeof(int))]; } control;
	struct iovec iov = { c->answer + c->sent, len };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	size_t bytes = c->hold.nfds * sizeof(int);
	struct cmsghdr *m;
	ssize_t n;

	if (!c->hold.nfds)
		return send(c->fd, iov.iov_base, len, MSG_NOSIGNAL);
	memset(&control, 0, sizeof(control));
	h.msg_control = control.buf;
	h.msg_controllen = CMSG_SPACE(bytes);
	m = CMSG_FIRSTHDR(&h);
	m->cmsg_level = SOL_SOCKET;
	m->cmsg_type = SCM_RIGHTS;
	m->cmsg_len = CMSG_LEN(bytes);
	memcpy(CMSG_DATA(m), c->hold.fd, bytes);
	n = sendmsg(c->fd, &h, MSG_NOSIGNAL);
	if (n >= 0)
		ctlsock_close_fds(c);
	return n;
}

/* Sends what the client takes. Returns false once it is to be disconnected: all is sent and it is not held, or it is gone. */
static bool ctlsock_send(const struct ctlsock *s, struct ctlsock_client *c)
{
	while (c->sent < c->length) {
		ssize_t n = ctlsock_send_packet(c, min_size(c->length - c->sent, CTLSOCK_PACKET_MAX));

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->sent += (size_t)n;
	}
	return c->hold.id && ctlsock_wait_for(s, EPOLL_CTL_MOD, c->fd, EPOLLIN, c) == 0;
}

/* Serves a client that has an event. Returns false if it is to be disconnected: a held one, whatever it sends. */
static bool ctlsock_serve(const struct ctlsock *s, struct ctlsock_client *c)
{
	if (!c->answer)
		return ctlsock_receive(s, c);
	return c->sent < c->length && ctlsock_send(s, c);
}

static void ctlsock_client_event(struct ctlsock *s, struct ctlsock_client *c)
{
	uint32_t held;

	if (ctlsock_serve(s, c))
		return;
	held = c->hold.id;
	ctlsock_disconnect(s, c);
	if (held && s->gone)
		s->gone(s->arg, held);
}

void ctlsock_on_gone(struct ctlsock *s, ctlsock_gone *gone)
{
	s->gone = gone;
}

bool ctlsock_may_hold(const struct ctlsock *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < CTLSOCK_PLACES; i++)
		n += s->client[i].fd >= 0 && s->client[i].hold.id;
	return n < CTLSOCK_HELD_MAX;
}

void ctlsock_drop(struct ctlsock *s, uint32_t id, const char *text)
{
	for (unsigned int i = 0; i < CTLSOCK_PLACES; i++) {
		struct ctlsock_client *c = &s->client[i];

		if (c->fd < 0 || c->hold.id != id)
			continue;
		/* Behind a part of its answer it would be no document. */
		if (text && c->sent == c->length)
			(void)!send(c->fd, text, strlen(text), MSG_NOSIGNAL);
		ctlsock_disconnect(s, c);
	}
	ctlsock_set_timer(s);
}

static void ctlsock_end_late(struct ctlsock *s)
{
	uint64_t now = now_us(), count;

	if (read(s->timer_fd, &count, sizeof(count)) < 0)
		return;
	for (unsigned int i = 0; i < CTLSOCK_PLACES; i++)
		if (s->client[i].fd >= 0 && !s->client[i].hold.id && now >= s->client[i].deadline)
			ctlsock_disconnect(s, &s->client[i]);
}

void ctlsock_events(struct ctlsock *s)
{
	struct epoll_event ev;

	/* One at a time, and no more than there are clients: other sources wait meanwhile. */
	for (unsigned int i = 0; i < CTLSOCK_CLIENTS && epoll_wait(s->epoll_fd, &ev, 1, 0) == 1; i++) {
		struct ctlsock_client *c = ev.data.ptr;

		if (ev.data.ptr == &s->listen_fd)
			ctlsock_accept(s);
		else if (ev.data.ptr == &s->timer_fd)
			ctlsock_end_late(s);
		else
			ctlsock_client_event(s, c);
	}
	ctlsock_set_timer(s);
}

void ctlsock_close(struct ctlsock *s)
{
	if (!s)
		return;
	for (unsigned int i = 0; i < CTLSOCK_PLACES; i++)
		if (s->client[i].fd >= 0)
			ctlsock_disconnect(s, &s->client[i]);
	if (s->listen_fd >= 0)
		close(s->listen_fd);
	if (s->timer_fd >= 0)
		close(s->timer_fd);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	if (s->at.sun_path[0])
		unlink(s->at.sun_path);
	free(s);
}
