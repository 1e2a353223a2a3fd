/* SPDX-License-Identifier: MIT */
/*
 * The tree of nodes, and transactions on it.
 *
 * As the C xenstored does it: every change of a node gives it a new
 * generation.  A transaction keeps copies of the nodes that it has looked at,
 * with the generation that each had, and changes only the copies.  It commits
 * if every node it looked at still has that generation, else EAGAIN.  Making
 * or removing a child changes the parent, too.
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

/** A node: value, permissions (the owner's first), names of its children. */
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

/** An event that waits for its transaction's commit. */
struct pending_fire {
	struct pending_fire *next;
	char *path;
	bool exact;
	uint32_t nr_perms;
	struct perm *perm;
};

/** A transaction. */
struct tx {
	struct tx *next;
	uint32_t id;
	int delta; /* nodes that its domain will have more */
	struct entry **bucket;
	struct pending_fire *fires;
	struct pending_fire **fires_end;
};

/** Make the root. */
void tree_init(void);

/** The node at @path as @tx (or, NULL, everybody) sees it; NULL if none. */
const struct node *tree_read(struct tx *tx, const char *path);

/** The existing node at @path, to be changed. */
struct node *tree_edit(struct tx *tx, const char *path);

/** Make @path, whose parent exists: empty, the parent's permissions, but of @owner (or -1: the parent's). */
struct node *tree_add(struct tx *tx, const char *path, int owner);

/** Remove @path alone, which has no children any more, also from its parent. */
void tree_remove(struct tx *tx, const char *path);

/** Replace a node's value. */
void node_set(struct node *n, const void *data, uint32_t len);

/** Replace a node's permissions; accounts for a changed owner outside of @tx. */
void node_set_perms(struct tx *tx, struct node *n, const struct perm *perm, uint32_t nr);

/** A parent's path in new memory. */
char *path_parent(const char *path);

struct tx *tx_new(uint32_t id);

/** Whether everything that @tx looked at is unchanged. */
bool tx_unchanged(const struct tx *tx);

/** Make the changes of @tx everybody's. */
void tx_apply(struct tx *tx);

void tx_free(struct tx *tx);

/** Nodes that a domain owns (outside of transactions). */
uint32_t tree_owned(uint32_t domid);

#endif
