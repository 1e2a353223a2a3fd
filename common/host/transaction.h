/* SPDX-License-Identifier: MIT */
/* transaction.h - xenstore: requests that take effect together, or not at all */
#ifndef NETPAIR_TRANSACTION_H
#define NETPAIR_TRANSACTION_H

#include "common/base/util.h"

struct store;

/* Calls body(s, arg) within a transaction, and again while the transaction
 * conflicts with others, but not for ever. body returns 0, or -errno, which ends
 * the transaction without its changes. Returns 0; -EAGAIN: it conflicted each time;
 * other -errno: of body, or xenstored failed. Must not be called within a transaction. */
MUST_CHECK int store_transact(struct store *s, int (*body)(struct store *s, const void *arg), const void *arg);

/* Writes dir/key only while dir has a key "state". Else a write would make a
 * directory again that the toolstack removes at this moment. Returns 0; -ENOENT: dir
 * is gone; other -errno. Must not be called within a transaction. */
MUST_CHECK int store_write_live(struct store *s, const char *dir, const char *key, const char *value);

#endif
