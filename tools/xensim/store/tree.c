/* SPDX-License-Identifier: MIT */
/* tree.c - the tree is a hash table by path; a transaction is a second, smaller one of copies */
#include "tree.h"

#include "tools/xensim/base/util.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096u
#define TX_BUCKETS 256u
#define NR_DOMS 65536u

struct entry {
	struct entry *next;
	char *path;
	struct node *node; /* in a transaction NULL: no such node */
	uint64_t base;     /* in a transaction: generation seen, 0 = none */
	bool changed;
};

static struct entry *tree_bucket[BUCKETS];
static uint64_t tree_last_gen;
static uint32_t tree_nodes_of[NR_DOMS];

static uint32_t tree_hash(const char *path)
{
	uint32_t h = 2166136261u;

	for (; *path; path++)
		h = (h ^ (uint8_t)*path) * 16777619u;
	return h;
}

static struct entry **tree_find(struct entry **bucket, uint32_t size, const char *path)
{
	struct entry **p = &bucket[tree_hash(path) % size];

	while (*p && strcmp((*p)->path, path))
		p = &(*p)->next;
	return p;
}

static struct entry *tree_insert(struct entry **bucket, uint32_t size, const char *path, struct node *n)
{
	struct entry *e = xalloc(sizeof(*e));
	struct entry **p = &bucket[tree_hash(path) % size];

	e->path = xprintf("%s", path);
	e->node = n;
	e->next = *p;
	*p = e;
	return e;
}

static void node_free(struct node *n)
{
	uint32_t i;

	if (!n)
		return;
	for (i = 0; i < n->nr_kids; i++)
		free(n->kid[i]);
	free(n->kid);
	free(n->data);
	free(n->perm);
	free(n);
}

static void *tree_copy(const void *p, size_t len)
{
	void *q = xalloc(len);

	if (len)
		memcpy(q, p, len);
	return q;
}

static struct node *node_copy(const struct node *n)
{
	struct node *c = tree_copy(n, sizeof(*n));
	uint32_t i;

	c->data = tree_copy(n->data, n->len);
	c->perm = tree_copy(n->perm, n->nr_perms * sizeof(*n->perm));
	c->kid = xalloc(n->nr_kids * sizeof(*n->kid));
	for (i = 0; i < n->nr_kids; i++)
		c->kid[i] = xprintf("%s", n->kid[i]);
	return c;
}

char *path_parent(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return xprintf("/");
	return xprintf("%.*s", (int)(slash - path), path);
}

void tree_init(void)
{
	struct node *n = xalloc(sizeof(*n));

	n->perm = xalloc(sizeof(*n->perm));
	n->nr_perms = 1;
	n->gen = ++tree_last_gen;
	tree_nodes_of[0]++;
	tree_insert(tree_bucket, BUCKETS, "/", n);
}

uint32_t tree_owned(uint32_t domid)
{
	return tree_nodes_of[domid % NR_DOMS];
}

/* Returns the transaction's entry for path; the first read makes a copy of the node. */
static struct entry *tx_entry(struct tx *tx, const char *path)
{
	struct entry *e = *tree_find(tx->bucket, TX_BUCKETS, path);
	struct entry *m;

	if (e)
		return e;
	m = *tree_find(tree_bucket, BUCKETS, path);
	e = tree_insert(tx->bucket, TX_BUCKETS, path, m ? node_copy(m->node) : NULL);
	e->base = m ? m->node->gen : 0;
	return e;
}

const struct node *tree_read(struct tx *tx, const char *path)
{
	struct entry *e = tx ? tx_entry(tx, path) : *tree_find(tree_bucket, BUCKETS, path);

	return e ? e->node : NULL;
}

struct node *tree_edit(struct tx *tx, const char *path)
{
	struct entry *e = tx ? tx_entry(tx, path) : *tree_find(tree_bucket, BUCKETS, path);

	e->changed = true;
	e->node->gen = ++tree_last_gen;
	return e->node;
}

static const char *path_base(const char *path)
{
	return strrchr(path, '/') + 1;
}

struct node *tree_add(struct tx *tx, const char *path, int owner)
{
	struct node *n = xalloc(sizeof(*n));
	char *up = path_parent(path);
	struct node *parent = tree_edit(tx, up);
	struct entry *e;

	free(up);
	parent->kid = xrealloc(parent->kid, (parent->nr_kids + 1) * sizeof(*parent->kid));
	parent->kid[parent->nr_kids++] = xprintf("%s", path_base(path));
	n->perm = tree_copy(parent->perm, parent->nr_perms * sizeof(*n->perm));
	n->nr_perms = parent->nr_perms;
	n->gen = ++tree_last_gen;
	if (owner >= 0)
		n->perm[0].id = (uint32_t)owner;
	if (tx) {
		e = tx_entry(tx, path);
		e->node = n;
		e->changed = true;
		tx->delta++;
	} else {
		tree_insert(tree_bucket, BUCKETS, path, n);
		tree_nodes_of[n->perm[0].id % NR_DOMS]++;
	}
	return n;
}

static void node_drop_kid(struct node *parent, const char *name)
{
	uint32_t i;

	for (i = 0; i < parent->nr_kids; i++) {
		if (strcmp(parent->kid[i], name))
			continue;
		free(parent->kid[i]);
		memmove(&parent->kid[i], &parent->kid[i + 1], (parent->nr_kids - i - 1) * sizeof(*parent->kid));
		parent->nr_kids--;
		return;
	}
}

static void tree_remove_entry(const char *path)
{
	struct entry **p = tree_find(tree_bucket, BUCKETS, path);
	struct entry *e = *p;

	*p = e->next;
	tree_nodes_of[e->node->perm[0].id % NR_DOMS]--;
	node_free(e->node);
	free(e->path);
	free(e);
}

void tree_remove(struct tx *tx, const char *path)
{
	char *up = path_parent(path);
	struct entry *e;

	node_drop_kid(tree_edit(tx, up), path_base(path));
	free(up);
	if (!tx) {
		tree_remove_entry(path);
		return;
	}
	e = tx_entry(tx, path);
	node_free(e->node);
	e->node = NULL;
	e->changed = true;
	tx->delta--;
}

void node_set(struct node *n, const void *data, uint32_t len)
{
	free(n->data);
	n->data = tree_copy(data, len);
	n->len = len;
}

void node_set_perms(struct tx *tx, struct node *n, const struct perm *perm, uint32_t nr)
{
	if (!tx) {
		tree_nodes_of[n->perm[0].id % NR_DOMS]--;
		tree_nodes_of[perm[0].id % NR_DOMS]++;
	}
	free(n->perm);
	n->perm = tree_copy(perm, nr * sizeof(*perm));
	n->nr_perms = nr;
}

struct tx *tx_new(uint32_t id)
{
	struct tx *tx = xalloc(sizeof(*tx));

	tx->id = id;
	tx->bucket = xalloc(TX_BUCKETS * sizeof(*tx->bucket));
	tx->fires_end = &tx->fires;
	return tx;
}

bool tx_unchanged(const struct tx *tx)
{
	const struct entry *e;
	uint32_t i;

	for (i = 0; i < TX_BUCKETS; i++) {
		for (e = tx->bucket[i]; e; e = e->next) {
			const struct entry *m = *tree_find(tree_bucket, BUCKETS, e->path);

			if ((m ? m->node->gen : 0) != e->base)
				return false;
		}
	}
	return true;
}

static void tx_apply_entry(struct entry *e)
{
	struct entry *m = *tree_find(tree_bucket, BUCKETS, e->path);

	if (m && !e->node) {
		tree_remove_entry(e->path);
		return;
	}
	if (!e->node)
		return;
	if (m) {
		tree_nodes_of[m->node->perm[0].id % NR_DOMS]--;
		node_free(m->node);
		m->node = e->node;
	} else {
		tree_insert(tree_bucket, BUCKETS, e->path, e->node);
	}
	tree_nodes_of[e->node->perm[0].id % NR_DOMS]++;
	e->node->gen = ++tree_last_gen;
	e->node = NULL;
}

void tx_apply(struct tx *tx)
{
	struct entry *e;
	uint32_t i;

	for (i = 0; i < TX_BUCKETS; i++)
		for (e = tx->bucket[i]; e; e = e->next)
			if (e->changed)
				tx_apply_entry(e);
}

void tx_free(struct tx *tx)
{
	struct pending_fire *f;
	struct entry *e;
	uint32_t i;

	for (i = 0; i < TX_BUCKETS; i++) {
		while ((e = tx->bucket[i])) {
			tx->bucket[i] = e->next;
			node_free(e->node);
			free(e->path);
			free(e);
		}
	}
	while ((f = tx->fires)) {
		tx->fires = f->next;
		free(f->path);
		free(f->perm);
		free(f);
	}
	free(tx->bucket);
	free(tx);
}
