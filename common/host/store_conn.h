/* SPDX-License-Identifier: MIT */
/* store_conn.h - the connection to xenstored, and the watches, which outlive one
 *
 * store.h includes this file; the requests are there.
 */
#ifndef NETPAIR_STORE_CONN_H
#define NETPAIR_STORE_CONN_H

#include <stdbool.h>

#include "common/base/util.h"

struct store;

/* Connects to xenstored by its socket or /dev/xen/xenbus. With a socket it writes
 * a node at the path mark, so that store_reopen() can detect whether a new
 * xenstored has the nodes of the old one; NULL: no mark. Returns 0;
 * -ECONNREFUSED: there is neither socket nor device; other -errno. */
MUST_CHECK int store_open(struct store **out, const char *mark);

/* Tries to connect, and closes the connection. Returns as store_open(). */
MUST_CHECK int store_try(void);

/* Closes the connection and frees s. */
void store_close(struct store *s);

/* Returns a descriptor that is readable while a watch has fired; it changes
 * with store_reopen(). */
int store_fd(struct store *s);

/* Returns a descriptor that hangs up when xenstored dies; the caller then calls
 * store_lose(). It changes with store_reopen(). -1: there is none, as
 * /dev/xen/xenbus does not hang up. */
int store_hangup_fd(const struct store *s);

/* Marks the connection as lost. */
void store_lose(struct store *s);

/* Returns whether the connection is lost. */
MUST_CHECK bool store_lost(const struct store *s);

/* Closes a lost connection, makes another and sets all watches again, each of
 * which fires once. Returns 0; STORE_EMPTIED: as 0, but the nodes of the old
 * xenstored are not there; -ECONNREFUSED: xenstored does not run; other -errno.
 * After an error the connection is still lost. */
enum { STORE_EMPTIED = 1 };
MUST_CHECK int store_reopen(struct store *s);

/* Returns a number for the request that waits for xenstored at this moment, or
 * 0. Another request has another number. Safe from every thread. */
unsigned int store_request(void);

/* Sends one small request. Returns whether xenstored answers; false: the connection
 * is lost. */
bool store_alive(struct store *s);

/* Sets a watch, on this connection and all later ones. Returns 0 or -errno; 0 too
 * if the connection is lost, as the next one sets the watch. */
MUST_CHECK int store_watch(struct store *s, const char *path, const char *token);

/* Removes a watch. */
void store_unwatch(struct store *s, const char *path, const char *token);

#endif
