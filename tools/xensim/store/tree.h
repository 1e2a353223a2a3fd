/* SPDX-License-Identifier: MIT */
/* tree.h - the tree of nodes, and transactions on it
 *
 * The C xenstored's scheme: every change of a node gives it a new generation.
 * A transaction keeps copies of the nodes that it has read, with the generation
 * that each had, and changes only the copies.  It commits if every node that it
 * has read still has that generation, else it fails with EAGAIN.  Making or
 * removing a child changes the parent, too.
 */
#ifndef XENSIM_TREE_H
#define XENSIM_TREE_H

#include <stdbool.h>
#include <stdint.h>

#define PERM_READ 1u
#define PERM_WRITE 2u
#define PERM_OWNER 16u

struct perm {
	uint32_t id;
	uint32_t bits;
};

/* A node: its value, its permissions (the owner's first), the names of its children. */
struct node {
	uint8_t *data;
	uint32_t len;
	uint32_t nr_perms;
	struct perm *perm;
	char **kid;
	uint32_t nr_kids;
	uint64_t gen;
};

struct entry;

/* An event that waits for its transaction's commit. */
struct pending_fire {
	struct pending_fire *next;
	char *path;
	bool exact;
	uint32_t nr_perms;
	struct perm *perm;
};

/* A transaction. */
struct tx {
	struct tx *next;
	uint32_t id;
	int delta; /* nodes that it adds to its domain's */
	struct entry **bucket;
	struct pending_fire *fires;
	struct pending_fire **fires_end;
};

/* Makes the root. */
void tree_init(void);

/* Returns the node at path as tx, or without a transaction (NULL) everybody, sees it; NULL if there is none. */
const struct node *tree_read(struct tx *tx, const char *path);

/* Returns the existing node at path, to be changed; gives it a new generation. */
struct node *tree_edit(struct tx *tx, const char *path);

/* Makes path, whose parent exists: an empty node with the parent's permissions, owned by owner (-1: the parent's owner). */
struct node *tree_add(struct tx *tx, const char *path, int owner);

/* Removes path, which has no children, also from its parent. */
void tree_remove(struct tx *tx, const char *path);

/* Replaces a node's value. */
void node_set(struct node *n, const void *data, uint32_t len);

/* Replaces a node's permissions; without tx the new owner's node is counted. */
void node_set_perms(struct tx *tx, struct node *n, const struct perm *perm, uint32_t nr);

/* Returns the path of path's parent, to be freed; the root's is the root. */
char *path_parent(const char *path);

/* Returns a new transaction. */
struct tx *tx_new(uint32_t id);

/* Returns whether no node that tx has read has changed since. */
bool tx_unchanged(const struct tx *tx);

/* Makes the changes of tx in the tree. */
void tx_apply(struct tx *tx);

/* Frees a transaction with its events, committed or not. */
void tx_free(struct tx *tx);

/* Returns the number of nodes that a domain owns, without its transactions'. */
uint32_t tree_owned(uint32_t domid);

#endif
