/* SPDX-License-Identifier: MIT */
/* fakexs.h - libxenstore over a small tree in this process
 *
 * - fakexs_start() says where relative paths begin: at domain 0 for netbackd, at the guest for netfrontd.
 * - fakexs_fault is called before each request. It may change the tree, as other clients do between
 *   two reads, and it may make the request fail.
 * - A transaction sees the tree of its start. It fails with EAGAIN if the tree was changed meanwhile.
 */
#ifndef NETPAIR_FAKEXS_H
#define NETPAIR_FAKEXS_H

#include <stdbool.h>
#include <stddef.h>

/* The longest path and value of a key, in bytes. */
#define FAKEXS_PATH 112u
#define FAKEXS_VALUE 300u

/* Starts with an empty tree and no watches; home is where relative paths begin ("/local/domain/0"). */
void fakexs_start(const char *home);

/* Change the tree as other clients do; watches fire. Removing a node removes the nodes below it. A key
 * for which there is no room, or that is too long, is not written. */
void fakexs_set(const char *path, const void *value, size_t len);
void fakexs_put(const char *dir, const char *key, const char *value);
void fakexs_remove(const char *path);

/* Returns the text of a key, or NULL. It is valid until the tree changes. */
const char *fakexs_get(const char *dir, const char *key);

/* Returns what the last read of dir/key returned; "" if it failed, or if there was none. */
const char *fakexs_told(const char *dir, const char *key);

/* Is called before each request, with its path ("" for a transaction). Returns 0, or the errno with
 * which the request fails. */
extern int (*fakexs_fault)(const char *path);

/* Return the number of watches that are set, and of open connections. */
unsigned int fakexs_watches(void);
unsigned int fakexs_open(void);

/* Returns true if an event waits. */
bool fakexs_event(void);

#endif
