/* SPDX-License-Identifier: MIT */
/* fakexs.h - libxenstore over a small tree in this process, whose other clients are the target's
 *
 * Relative paths are those of domain 0 for netbackd, of the guest for netfrontd: fakexs_start()
 * says whose. Before each request fakexs_fault is asked: it may change the tree, as others would
 * between two reads, and make the request fail. Transactions see the tree of their start, and lose
 * with EAGAIN if anybody else wrote meanwhile.
 */
#ifndef NETPAIR_FAKEXS_H
#define NETPAIR_FAKEXS_H

#include <stdbool.h>
#include <stddef.h>

/* The longest path and value of a key, in bytes. */
#define FAKEXS_PATH 112u
#define FAKEXS_VALUE 300u

/* An empty tree, no watches; home is where relative paths begin ("/local/domain/0"). */
void fakexs_start(const char *home);

/* What others do. Watches fire. Removing takes what is below along; full or too long: nothing is done. */
void fakexs_set(const char *path, const void *value, size_t len);
void fakexs_put(const char *dir, const char *key, const char *value);
void fakexs_remove(const char *path);

/* The text of a key, or NULL. Valid until the tree changes. */
const char *fakexs_get(const char *dir, const char *key);

/* What a read of dir/key gave last: the text; "" if it failed, or nobody has asked. */
const char *fakexs_told(const char *dir, const char *key);

/* Asked before each request, with the path that is meant ("" for a transaction): 0 or an errno. */
extern int (*fakexs_fault)(const char *path);

/* Watches that are set, connections that are open. */
unsigned int fakexs_watches(void);
unsigned int fakexs_open(void);

/* Whether an event waits to be taken. */
bool fakexs_event(void);

#endif
