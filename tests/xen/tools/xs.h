/* SPDX-License-Identifier: MIT */
/* xs.h - xenstore by its wire protocol (xen/io/xs_wire.h), for programs without a library
 *
 * One connection, one request at a time. Watch events that come in between are kept.
 */
#ifndef LABTOOL_XS_H
#define LABTOOL_XS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <xen/io/xs_wire.h>

struct xs {
	int fd;
	size_t events;		/* bytes of event[]: paths, each with its NUL byte */
	char event[1 << 16];
};

/* Opens xenstored's socket, or the kernel's device where there is none. Returns 0 or -errno. */
int xs_open(struct xs *s);

/* Reads the node into buf, at most size - 1 bytes and a NUL byte. Returns its
 * length, or -errno: -ENOENT where there is none. */
ssize_t xs_read(struct xs *s, const char *path, char *buf, size_t size);

/* As xs_read(): the names of a node's children, a NUL byte behind each. */
ssize_t xs_list(struct xs *s, const char *path, char *buf, size_t size);

/* Writes len bytes. Returns 0 or -errno. */
int xs_write(struct xs *s, const char *path, const void *value, size_t len);

/* Return 0 or -errno. */
int xs_remove(struct xs *s, const char *path);
int xs_watch(struct xs *s, const char *path);

/* Waits for an event so many milliseconds (-1: for ever) and forgets all that have
 * come. Returns 1, 0 if none came, or -errno. */
int xs_wait(struct xs *s, int timeout_ms);

#endif
