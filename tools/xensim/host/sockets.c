/* SPDX-License-Identifier: MIT */
/* sockets.c - makes the two sockets of a domain */
#include "sockets.h"

#include "handle.h"
#include "tools/xensim/base/listener.h"
#include "tools/xensim/base/util.h"
#include "tools/xensim/store/conn.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void sockets_xen_accepted(int fd, void *arg)
{
	handle_new(arg, fd);
}

static void sockets_store_accepted(int fd, void *arg)
{
	const struct dom *d = arg;

	conn_accept(fd, d->id);
}

int sockets_open(struct dom *d)
{
	char *path = xprintf("%s/xen.sock", d->dir);

	d->xen_listener = listener_open(path, SOCK_SEQPACKET, sockets_xen_accepted, d);
	free(path);
	return d->xen_listener ? sockets_store_open(d) : -1;
}

void sockets_close(struct dom *d)
{
	listener_close(d->xen_listener);
	d->xen_listener = NULL;
	sockets_store_close(d);
}

int sockets_store_open(struct dom *d)
{
	char *path = xprintf("%s/xenstored.sock", d->dir);

	unlink(path); /* of a xenstore that was killed */
	d->store_listener = listener_open(path, SOCK_STREAM, sockets_store_accepted, d);
	free(path);
	return d->store_listener ? 0 : -1;
}

void sockets_store_close(struct dom *d)
{
	listener_close(d->store_listener);
	d->store_listener = NULL;
}

void sockets_store_pause(struct dom *d)
{
	listener_pause(d->store_listener);
}

void sockets_store_resume(struct dom *d)
{
	listener_resume(d->store_listener);
}
