/* SPDX-License-Identifier: MIT */
/* store_conn.c - makes the connection to xenstored, and makes it again with its watches after a loss
 *
 * If xenstored does not answer, libxenstore waits for ever, in a condition variable
 * or in the kernel, and so does the control thread; store_request() shows that to
 * other threads. If xenstored dies, its socket closes: every request fails then,
 * with errors that do not say so (EINVAL, EBADF, EPIPE).
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "store_internal.h"

/* #syscalls-control access close connect socket stat */

/* Odd while a request is in progress. A process has one connection. */
static atomic_uint store_requests;

unsigned int store_request(void)
{
	unsigned int n = atomic_load(&store_requests);

	return n & 1 ? n : 0;
}

void store_enter(void)
{
	atomic_fetch_add(&store_requests, 1);
}

void store_leave(void)
{
	atomic_fetch_add(&store_requests, 1);
}

int store_failed(struct store *s)
{
	int err = errno;

	switch (err) {
	/* Only xenstored returns these errors. */
	case ENOENT: case EACCES: case EEXIST: case EISDIR: case ENOSPC: case ENOTEMPTY: case ENOSYS: case EROFS:
	case EBUSY: case EAGAIN: case EISCONN: case E2BIG: case EPERM: case EDQUOT: case ENOMEM:
		return -err;
	}
	if (!store_alive(s))
		return -ENOTCONN;
	/* The library's own EINVAL (a truncated reply) is not about the value. */
	return err == EINVAL || err == 0 ? -EIO : -err;
}

/* Connects to xenstored's socket: the descriptor hangs up at once when xenstored dies. Returns the descriptor; -ENOENT: there is no socket; other
 * -errno. */
static int store_conn_hangup_open(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = xs_daemon_socket();
	struct stat st;
	int fd, err;

	if (stat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return -ENOENT;
	if (snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path) >= (int)sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	store_enter();
	err = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
	store_leave();
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int store_conn_handle_open(struct store *s)
{
	errno = 0;
	store_enter();
	s->handle = xs_open(0);
	store_leave();
	s->transaction = XBT_NULL;
	s->ahead.broken = false;
	s->ahead.n = 0;
	s->ahead.used = 0;
	if (s->handle)
		return 0;
	/* There is no socket and no device; ENOENT would mean a missing node. */
	return errno && errno != ENOENT ? -errno : -ECONNREFUSED;
}

/* Writes the mark. If it cannot be written, the loss of xenstored's nodes is not detected. */
static void store_conn_write_mark(struct store *s)
{
	bool ok;

	store_enter();
	ok = xs_write(s->handle, XBT_NULL, s->mark, NETPAIR_VERSION, (unsigned int)strlen(NETPAIR_VERSION));
	store_leave();
	/* A lost connection says nothing about the mark: a xenstored that ends still accepts some. */
	if (ok || store_failed(s) != -ENOTCONN)
		s->marked = ok;
}

/* Checks whether this xenstored has the nodes of the earlier one. It does so once only, as the mark of a
 * later connection may be one that this connection wrote. */
static void store_conn_look_for_mark(struct store *s)
{
	unsigned int len;
	void *v;
	int err;

	errno = 0;
	store_enter();
	v = xs_read(s->handle, XBT_NULL, s->mark, &len);
	store_leave();
	err = v ? 0 : store_failed(s);
	free(v);
	if (err != -ENOENT && err != -EACCES)
		return;
	s->emptied = true;
	store_conn_write_mark(s);
}

int store_try(void)
{
	int fd = store_conn_hangup_open();
	struct store s = { .handle = NULL };
	int err;

	if (fd >= 0)
		close(fd);
	if (fd != -ENOENT)
		return fd < 0 ? fd : 0;
	err = store_conn_handle_open(&s);
	if (!err)
		xs_close(s.handle);
	/* The library tells only of the last place that it tried. */
	return err && access("/dev/xen/xenbus", F_OK) == 0 && access("/dev/xen/xenbus", R_OK | W_OK) < 0 ? -errno : err;
}

int store_open(struct store **out, const char *mark)
{
	struct store *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->mark = mark;
	s->hangup_fd = store_conn_hangup_open();
	err = store_conn_handle_open(s);
	if (err) {
		store_close(s);
		return err;
	}
	if (s->mark && s->hangup_fd >= 0)
		store_conn_write_mark(s);
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	struct watched *w;

	if (!s)
		return;
	xs_close(s->handle);
	if (s->hangup_fd >= 0)
		close(s->hangup_fd);
	while ((w = s->watches)) {
		s->watches = w->next;
		free(w->path);
		free(w->token);
		free(w);
	}
	free(s);
}

int store_fd(struct store *s)
{
	return xs_fileno(s->handle);
}

int store_hangup_fd(const struct store *s)
{
	return s->hangup_fd;
}

bool store_lost(const struct store *s)
{
	return s->lost;
}

void store_lose(struct store *s)
{
	s->lost = true;
}

bool store_alive(struct store *s)
{
	unsigned int len;
	void *v;

	if (s->lost)
		return false;
	errno = 0;
	store_enter();
	v = xs_read(s->handle, XBT_NULL, "domid", &len);
	store_leave();
	/* Any reply will do; a dead xenstored sends none. */
	s->lost = !v && errno != ENOENT && errno != EACCES;
	free(v);
	return !s->lost;
}

/* --- watches, which outlive a connection ------------------------------------ */

static int store_conn_set_watches(struct store *s)
{
	for (const struct watched *w = s->watches; w; w = w->next) {
		bool ok;

		store_enter();
		ok = xs_watch(s->handle, w->path, w->token);
		store_leave();
		if (!ok)
			return store_failed(s);
	}
	return 0;
}

static void store_conn_forget_watch(struct store *s, const char *path, const char *token)
{
	for (struct watched **at = &s->watches; *at; at = &(*at)->next) {
		struct watched *w = *at;

		if (strcmp(w->path, path) != 0 || strcmp(w->token, token) != 0)
			continue;
		*at = w->next;
		free(w->path);
		free(w->token);
		free(w);
		return;
	}
}

int store_watch(struct store *s, const char *path, const char *token)
{
	struct watched *w = calloc(1, sizeof(*w));
	bool ok;
	int err;

	if (!w)
		return -ENOMEM;
	w->path = strdup(path);
	w->token = strdup(token);
	w->next = s->watches;
	s->watches = w;
	if (!w->path || !w->token) {
		s->watches = w->next;
		free(w->path);
		free(w->token);
		free(w);
		return -ENOMEM;
	}
	if (s->lost)
		return 0;
	store_enter();
	ok = xs_watch(s->handle, path, token);
	store_leave();
	err = ok ? 0 : store_failed(s);
	if (err && !s->lost)
		store_conn_forget_watch(s, path, token);
	return s->lost ? 0 : err;
}

void store_unwatch(struct store *s, const char *path, const char *token)
{
	store_conn_forget_watch(s, path, token);
	if (s->lost)
		return;
	store_enter();
	xs_unwatch(s->handle, path, token);
	store_leave();
}

/* --- another connection ------------------------------------------------------ */

int store_reopen(struct store *s)
{
	bool by_socket = s->hangup_fd >= 0, emptied;
	int err;

	xs_close(s->handle);
	s->handle = NULL;
	s->lost = true;
	if (by_socket) {
		int fd = store_conn_hangup_open();

		/* With the device it is not checked: the device reaches only the same xenstored. */
		if (fd < 0)
			return fd == -ENOENT ? -ECONNREFUSED : fd;
		close(s->hangup_fd);
		s->hangup_fd = fd;
	}
	err = store_conn_handle_open(s);
	if (err)
		return err;
	s->lost = false;
	if (s->marked)
		store_conn_look_for_mark(s);
	err = s->lost ? -ENOTCONN : store_conn_set_watches(s);
	if (err) {
		s->lost = true;
		return err;
	}
	emptied = s->emptied;
	s->emptied = false;
	return emptied ? STORE_EMPTIED : 0;
}
