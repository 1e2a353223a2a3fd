/* SPDX-License-Identifier: MIT */
/* nodes.c - changes nodes and fires watches */
#include "nodes.h"

#include "tools/xensim/base/util.h"
#include "watch.h"

#include <stdlib.h>
#include <string.h>

static void nodes_put_own(void)
{
	nodes_put("/tool", "", 0, NODES_NO_READER);
	nodes_put("/tool/xenstored", "", 0, NODES_NO_READER);
}

void nodes_init(void)
{
	tree_init();
	nodes_put_own();
}

void nodes_forget(void)
{
	const struct node *root;

	while ((root = tree_read(NULL, "/"))->nr_kids) {
		char *path = xprintf("/%s", root->kid[0]);

		nodes_remove(NULL, path);
		free(path);
	}
	nodes_put_own();
}

static void nodes_put_parents(const char *path)
{
	char *up = path_parent(path);

	if (!tree_read(NULL, up)) {
		nodes_put_parents(up);
		tree_add(NULL, up, -1);
		watch_fire(NULL, up, NULL, 0, WATCH_BELOW);
	}
	free(up);
}

void nodes_put(const char *path, const char *value, uint32_t owner, int reader)
{
	struct perm perm[2] = { { .id = owner }, { .id = reader < 0 ? 0 : (uint32_t)reader, .bits = PERM_READ } };
	struct node *n;

	nodes_put_parents(path);
	n = tree_read(NULL, path) ? tree_edit(NULL, path) : tree_add(NULL, path, -1);
	node_set(n, value, (uint32_t)strlen(value));
	node_set_perms(NULL, n, perm, reader < 0 ? 1 : 2);
	watch_fire(NULL, path, NULL, 0, WATCH_BELOW);
}

void nodes_wipe(const char *path)
{
	if (tree_read(NULL, path))
		nodes_remove(NULL, path);
}

static void nodes_remove_tree(struct tx *tx, const char *path, enum watch_scope scope)
{
	const struct node *n;
	struct perm perm[NODES_MAX_PERMS];
	uint32_t nr;

	while ((n = tree_read(tx, path)) && n->nr_kids) {
		char *kid = xprintf("%s/%s", strcmp(path, "/") ? path : "", n->kid[0]);

		nodes_remove_tree(tx, kid, WATCH_EXACT);
		free(kid);
	}
	nr = n->nr_perms < NODES_MAX_PERMS ? n->nr_perms : NODES_MAX_PERMS;
	memcpy(perm, n->perm, nr * sizeof(*perm));
	tree_remove(tx, path);
	watch_fire(tx, path, perm, nr, scope);
}

void nodes_remove(struct tx *tx, const char *path)
{
	nodes_remove_tree(tx, path, WATCH_BELOW);
}
