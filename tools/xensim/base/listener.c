/* SPDX-License-Identifier: MIT */
/* listener.c - accepts connections, and hands each to its owner */
#include "listener.h"

#include "loop.h"
#include "util.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct listener {
	struct source src;
	void (*accepted)(int fd, void *arg);
	void *arg;
};

static void listener_ready(struct source *s, uint32_t events)
{
	struct listener *l = (struct listener *)s;
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0)
		l->accepted(fd, l->arg);
}

struct listener *listener_open(const char *path, int type, void (*accepted)(int fd, void *arg), void *arg)
{
	struct listener *l = xalloc(sizeof(*l));
	int err;

	l->accepted = accepted;
	l->arg = arg;
	l->src.ready = listener_ready;
	l->src.fd = listen_at(path, type);
	if (l->src.fd >= 0 && loop_add(&l->src, EPOLLIN) == 0)
		return l;
	err = errno;
	if (l->src.fd >= 0)
		close(l->src.fd);
	free(l);
	errno = err;
	return NULL;
}

void listener_pause(struct listener *l)
{
	loop_pause(&l->src);
}

void listener_resume(struct listener *l)
{
	loop_add(&l->src, EPOLLIN);
}

void listener_close(struct listener *l)
{
	if (l)
		loop_drop(&l->src);
}
