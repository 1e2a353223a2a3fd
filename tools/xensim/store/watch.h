/* SPDX-License-Identifier: MIT */
/* watch.h - the watches of the xenstore's clients
 *
 * A change fires the watches on the path and on the paths above it, of those
 * clients that may read the node or its parent.  The removal of a subtree
 * fires the watches above it once, and each watch on a removed node once
 * (WATCH_EXACT).  How an event reaches its client is the client's function.
 */
#ifndef XENSIM_WATCH_H
#define XENSIM_WATCH_H

#include "tree.h"

#include <stddef.h>

struct watch;

/* A client of the xenstore that can have watches. */
struct watcher {
	struct watcher *next;
	uint32_t domid;
	struct watch *watches;
	/* Sends an event: the path and the token, each with its NUL. */
	void (*event)(struct watcher *w, const void *data, size_t len);
};

enum watch_scope {
	WATCH_BELOW, /* fires watches on the path and above it */
	WATCH_EXACT, /* fires only watches on the path itself */
};

/* Adds a client without watches; its domid and event are set. */
void watch_register(struct watcher *w);

/* Removes a client and its watches. */
void watch_unregister(struct watcher *w);

/* Fires the watches that path's change concerns; in a transaction, once that
 * commits.  perm (of nr, may be NULL) are the node's permissions before a
 * change that they do not survive. */
void watch_fire(struct tx *tx, const char *path, const struct perm *perm, uint32_t nr, enum watch_scope scope);

/* Fires what a committed transaction has kept. */
void watch_fire_kept(const struct tx *tx);

/* Fires the watches on introduceDomain or releaseDomain. */
void watch_fire_special(const char *name);

/* Adds a watch; events leave out the first skip bytes of a path. Returns 0 or an errno. */
int watch_add(struct watcher *w, const char *path, const char *token, uint32_t skip);

/* Fires the client's newest watch once, with its own path, as a new watch does. */
void watch_fire_new(struct watcher *w);

/* Removes a watch. Returns 0 or ENOENT. */
int watch_remove(struct watcher *w, const char *path, const char *token);

/* Removes all watches of a client. */
void watch_remove_all(struct watcher *w);

/* Sets the client's watches anew for its domain's new id; each fires once. */
void watch_renew(struct watcher *w);

/* Returns the number of watches that the clients of a domain have. */
uint32_t watch_count(uint32_t domid);

#endif
