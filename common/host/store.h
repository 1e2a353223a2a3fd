/* SPDX-License-Identifier: MIT */
/* store.h - xenstore: bounded, typed reads and writes, transactions, watches
 *
 * A peer can write any bytes of any length, and can change or remove them at any
 * time. So a value is read once, into the caller's buffer or as a number that is
 * checked to its end ("2x", "-1" and "" are no numbers).
 *
 * Not thread safe: only the control thread uses it. A request blocks until
 * xenstored answers, however long that takes. Once the connection is lost every
 * function returns -ENOTCONN at once, which says nothing about any node, until
 * store_reopen() has made another connection.
 *
 * Unless a function says otherwise it returns 0 or -errno.
 */
#ifndef NETPAIR_STORE_H
#define NETPAIR_STORE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/util.h"
#include "store_conn.h"

/* Bytes of the longest absolute path that xenstored takes, and of the longest value of ours. */
#define STORE_PATH_MAX 3072
#define STORE_VALUE_MAX 256

/* Begins a transaction, which all requests are part of until store_commit() or
 * store_abort(). For store_transact() (transaction.h), which begins again. */
MUST_CHECK int store_begin(struct store *s);

/* Ends the transaction. -EAGAIN: it conflicts with another one; begin again. */
MUST_CHECK int store_commit(struct store *s);

/* Ends the transaction without its changes. */
void store_abort(struct store *s);

/* Reads dir/key as a string of less than len bytes. Returns 0; -ENOENT: there is no
 * such key; -EINVAL: it is longer, or has a NUL byte; other -errno. */
MUST_CHECK int store_read(struct store *s, char *buf, size_t len, const char *dir, const char *key);

/* Returns true if the error of a read says nothing about the node: xenstored
 * failed, and the value is not known. Errors that are answers are: there is no
 * such node, we may not read it, its value or its path is not valid. */
static inline bool store_is_unknown(int err)
{
	return err && err != -ENOENT && err != -EACCES && err != -EINVAL && err != -ENAMETOOLONG;
}

/* Reads dir/key as an unsigned decimal number. -EINVAL: it is no number, or above 2^32 - 1. */
MUST_CHECK int store_read_u32(struct store *s, uint32_t *out, const char *dir, const char *key);

/* Reads dir/key as store_read_u32() does; *out is def if there is no such key. */
MUST_CHECK int store_read_u32_or(struct store *s, uint32_t *out, const char *dir, const char *key, uint32_t def);

/* Writes dir/key. */
MUST_CHECK int store_write(struct store *s, const char *dir, const char *key, const char *value);
MUST_CHECK int store_write_u32(struct store *s, const char *dir, const char *key, uint32_t value);

/* Removes dir/key, if it is there. */
MUST_CHECK int store_remove(struct store *s, const char *dir, const char *key);

/* Calls each(arg, name) for the entries of dir. Returns 0, also if there is no dir, or -errno. */
MUST_CHECK int store_list(struct store *s, const char *dir, void (*each)(void *arg, const char *name), void *arg);

/* Gets the next event of a watch: its path, truncated to len bytes, and its token.
 * Returns false if there is none now. */
MUST_CHECK bool store_next_event(struct store *s, char *path, size_t len, char *token, size_t token_len);

#endif
