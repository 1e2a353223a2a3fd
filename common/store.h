/* SPDX-License-Identifier: MIT */
/* store.h - xenstore: bounded, typed reads and writes, transactions, watches
 *
 * What a peer can write is any bytes of any length, gone or changed at the next
 * look: so a value is read once, into a caller's buffer or as a number that was
 * checked whole ("2x", "-1" and "" are no numbers).
 *
 * Not thread safe: the control thread alone owns it. Each request may take as
 * long as xenstored likes. Once the connection is lost everything returns
 * -ENOTCONN at once, which says nothing about any node, until store_reopen()
 * has made another.
 */
#ifndef NETPAIR_STORE_H
#define NETPAIR_STORE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util.h"

/* xenstore's own limit for an absolute path, and room for one value of ours. */
#define STORE_PATH_MAX 3072
#define STORE_VALUE_MAX 256

struct store;

/* Connects to xenstored by its socket or /dev/xen/xenbus. mark is the path of a
 * node that is written then (if by a socket), so that store_reopen() can tell
 * whether a new xenstored has what the old one had; NULL: none. Returns 0;
 * -ECONNREFUSED: neither is there; other -errno. */
MUST_CHECK int store_open(struct store **out, const char *mark);
void store_close(struct store *s);

/* Returns a descriptor that is readable while a watch has fired; it changes
 * with store_reopen(). */
int store_fd(struct store *s);

/* Returns a descriptor that hangs up when xenstored dies, then store_lose() is
 * due; it changes with store_reopen(). -1: /dev/xen/xenbus tells nothing. */
int store_hangup_fd(const struct store *s);
void store_lose(struct store *s);

/* Returns whether the connection is lost. */
MUST_CHECK bool store_lost(const struct store *s);

/* Closes a lost connection, makes another and sets all watches again, each of
 * which fires once. Returns 0; STORE_EMPTIED: the same, but what the old
 * xenstored held is not there; -ECONNREFUSED: xenstored does not run; other
 * -errno. After an error it is still lost. */
enum { STORE_EMPTIED = 1 };
MUST_CHECK int store_reopen(struct store *s);

/* Returns a number for the request that waits for xenstored at this moment, or
 * 0. Another request has another number. For every thread. */
unsigned int store_request(void);

/* Whether xenstored still answers; one small request. False: it is lost. */
bool store_alive(struct store *s);

/* Until store_commit() or store_abort() everything below is in a transaction. */
MUST_CHECK int store_begin(struct store *s);

/* -EAGAIN: somebody else was there; begin again. */
MUST_CHECK int store_commit(struct store *s);
void store_abort(struct store *s);

/* Reads dir/key as a string of less than len bytes. -ENOENT: no such key;
 * -EINVAL: longer, or a NUL byte in it; other -errno. */
MUST_CHECK int store_read(struct store *s, char *buf, size_t len, const char *dir, const char *key);

/* Returns true if the error of a read says nothing about the node: xenstored
 * failed, and what is there is not known. That a node is gone or forbidden, or
 * that its value or its path makes no sense, is an answer. */
static inline bool store_is_unknown(int err)
{
	return err && err != -ENOENT && err != -EACCES && err != -EINVAL && err != -ENAMETOOLONG;
}

/* Reads dir/key as an unsigned decimal number. -EINVAL: not one, or past 2^32 - 1. */
MUST_CHECK int store_read_u32(struct store *s, uint32_t *out, const char *dir, const char *key);

/* The same; absent is the default. */
MUST_CHECK int store_read_u32_or(struct store *s, uint32_t *out, const char *dir, const char *key, uint32_t def);

MUST_CHECK int store_write(struct store *s, const char *dir, const char *key, const char *value);
MUST_CHECK int store_write_u32(struct store *s, const char *dir, const char *key, uint32_t value);

/* Writes dir/key only while dir has a state: else a directory that somebody
 * removes at this moment would come to life again with one key in it.
 * -ENOENT: it is gone. Not within a transaction. */
MUST_CHECK int store_write_live(struct store *s, const char *dir, const char *key, const char *value);

/* Removes dir/key; gone already is fine. */
MUST_CHECK int store_remove(struct store *s, const char *dir, const char *key);

/* Calls each(arg, name) for the entries of dir; 0 if there is no dir. */
MUST_CHECK int store_list(struct store *s, const char *dir, void (*each)(void *arg, const char *name), void *arg);

/* Sets a watch, also for all later connections; where there is none now, for
 * the next one. -errno. */
MUST_CHECK int store_watch(struct store *s, const char *path, const char *token);
void store_unwatch(struct store *s, const char *path, const char *token);

/* The next event: its path (cut off at len) and token; false: none now. */
MUST_CHECK bool store_next_event(struct store *s, char *path, size_t len, char *token, size_t token_len);

/* Parses a whole string as an unsigned decimal number. Pure. */
MUST_CHECK bool parse_u32(uint32_t *out, const char *text);

/* Parses aa:bb:cc:dd:ee:ff, six bytes; parse_mac() only as a station's address,
 * which no group's is. Pure. */
MUST_CHECK bool parse_ether(uint8_t *addr, const char *text);
MUST_CHECK bool parse_mac(uint8_t *mac, const char *text);

#endif
