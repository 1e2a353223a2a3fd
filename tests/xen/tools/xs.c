/* SPDX-License-Identifier: MIT */
/* xs.c - for xs.h */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "xs.h"

/* The errors that xenstored names, by xs_wire.h. */
static int xs_error(const char *name)
{
	for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
		if (strcmp(name, xsd_errors[i].errstring) == 0)
			return -xsd_errors[i].errnum;
	return -EIO;
}

int xs_open(struct xs *s)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "/run/xenstored/socket" };

	s->events = 0;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd >= 0 && connect(s->fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return 0;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);
	return s->fd < 0 ? -errno : 0;
}

static bool xs_read_all(int fd, void *buf, size_t len)
{
	for (char *p = buf; len;) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static bool xs_write_all(int fd, const void *buf, size_t len)
{
	for (const char *p = buf; len;) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* Reads one message, an event into event[] and anything else into buf. Returns its
 * type, or -errno; *len is the body's length. */
static int xs_message(struct xs *s, char *buf, size_t size, size_t *len)
{
	struct xsd_sockmsg m;
	char body[XENSTORE_PAYLOAD_MAX + 1];

	if (!xs_read_all(s->fd, &m, sizeof(m)) || m.len > XENSTORE_PAYLOAD_MAX || !xs_read_all(s->fd, body, m.len))
		return -EIO;
	body[m.len] = '\0';
	*len = m.len;
	if (m.type == XS_WATCH_EVENT) {
		size_t n = strlen(body) + 1;

		/* One of many will do: what counts is what is read afterwards. */
		if (s->events + n <= sizeof(s->event)) {
			memcpy(s->event + s->events, body, n);
			s->events += n;
		}
	} else if (m.type == XS_ERROR) {
		return xs_error(body);
	} else {
		if (*len >= size)
			*len = size - 1;
		memcpy(buf, body, *len);
		buf[*len] = '\0';
	}
	return (int)m.type;
}

/* Sends path, its NUL byte and value, and takes the answer. */
static ssize_t xs_ask(struct xs *s, enum xsd_sockmsg_type type, const char *path, const void *value, size_t value_len,
		      char *buf, size_t size)
{
	size_t n = strlen(path) + 1, len;
	struct xsd_sockmsg m = { .type = type, .len = (uint32_t)(n + value_len) };
	char msg[sizeof(m) + XENSTORE_PAYLOAD_MAX];
	int got;

	if (m.len > XENSTORE_PAYLOAD_MAX)
		return -E2BIG;
	memcpy(msg, &m, sizeof(m));
	memcpy(msg + sizeof(m), path, n);
	if (value_len)
		memcpy(msg + sizeof(m) + n, value, value_len);
	if (!xs_write_all(s->fd, msg, sizeof(m) + m.len))
		return -EIO;
	while ((got = xs_message(s, buf, size, &len)) == XS_WATCH_EVENT)
		;
	return got < 0 ? got : (ssize_t)len;
}

ssize_t xs_read(struct xs *s, const char *path, char *buf, size_t size)
{
	return xs_ask(s, XS_READ, path, NULL, 0, buf, size);
}

ssize_t xs_list(struct xs *s, const char *path, char *buf, size_t size)
{
	return xs_ask(s, XS_DIRECTORY, path, NULL, 0, buf, size);
}

/* Asks for what has no answer but OK. */
static int xs_do(struct xs *s, enum xsd_sockmsg_type type, const char *path, const void *value, size_t len)
{
	char ok[8];
	ssize_t n = xs_ask(s, type, path, value, len, ok, sizeof(ok));

	return n < 0 ? (int)n : 0;
}

int xs_write(struct xs *s, const char *path, const void *value, size_t len)
{
	return xs_do(s, XS_WRITE, path, value, len);
}

int xs_remove(struct xs *s, const char *path)
{
	return xs_do(s, XS_RM, path, NULL, 0);
}

int xs_watch(struct xs *s, const char *path)
{
	return xs_do(s, XS_WATCH, path, "t", 2);
}

int xs_wait(struct xs *s, int timeout_ms)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	bool any = s->events > 0;
	int n;

	s->events = 0;
	while ((n = poll(&p, 1, any ? 0 : timeout_ms)) > 0) {
		char buf[1];
		size_t len;
		int type = xs_message(s, buf, sizeof(buf), &len);

		if (type != XS_WATCH_EVENT)
			return type < 0 ? type : -EPROTO;
		any = true;
	}
	s->events = 0;
	return n < 0 && errno != EINTR ? -errno : any;
}
