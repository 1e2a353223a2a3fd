/* SPDX-License-Identifier: MIT */
/* Requests on watches, transactions and domains, and their dispatch. */
#include "ops.h"

#include "../host/dom.h"
#include "../host/util.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUOTA_TXS 10u
#define NR_DOMS 65536u

static uint8_t introduced[NR_DOMS];

/* A watch's path as it is kept, and how much of it its events leave out. */
static char *watch_path(const struct conn *c, const char *s, uint32_t *skip)
{
	char *path;
	char *own;

	*skip = 0;
	if (*s == '@')
		return strlen(s) < XENSTORE_REL_PATH_MAX ? xprintf("%s", s) : NULL;
	path = ops_path(c, s);
	if (!path || *s == '/')
		return path;
	own = xprintf("/local/domain/%u", c->domid);
	*skip = (uint32_t)strlen(own);
	free(own);
	return path;
}

static int watch_op(struct conn *c, bool add)
{
	const char *vec[2];
	uint32_t skip;
	char *path;
	int err;

	if (ops_strings(c, vec, 2) != 2)
		return EINVAL;
	path = watch_path(c, vec[0], &skip);
	if (!path)
		return EINVAL;
	err = add ? watch_add(c, path, vec[1], skip) : watch_remove(c, path, vec[1]);
	if (!err && !add)
		conn_ack(c);
	free(path);
	return err;
}

static int op_watch(struct conn *c)
{
	return watch_op(c, true);
}

static int op_unwatch(struct conn *c)
{
	return watch_op(c, false);
}

static int op_reset_watches(struct conn *c)
{
	watch_remove_all(c);
	ops_end_all(c);
	conn_ack(c);
	return 0;
}

static struct tx *find_tx(const struct conn *c, uint32_t id)
{
	struct tx *tx;

	for (tx = c->txs; tx; tx = tx->next)
		if (tx->id == id)
			return tx;
	return NULL;
}

static int op_start(struct conn *c)
{
	const struct tx *tx;
	uint32_t nr = 0;
	char id[16];

	if (c->in.hdr.tx_id)
		return EBUSY;
	for (tx = c->txs; tx; tx = tx->next)
		nr++;
	if (c->domid && nr > QUOTA_TXS)
		return ENOSPC;
	do
		c->next_tx++;
	while (!c->next_tx || find_tx(c, c->next_tx));
	c->tx = tx_new(c->next_tx);
	c->tx->next = c->txs;
	c->txs = c->tx;
	snprintf(id, sizeof(id), "%u", c->next_tx);
	conn_reply(c, id, strlen(id) + 1);
	return 0;
}

static void take_out(struct conn *c, struct tx *tx)
{
	struct tx **p;

	for (p = &c->txs; *p != tx; p = &(*p)->next)
		;
	*p = tx->next;
	c->tx = NULL;
}

static int op_end(struct conn *c)
{
	const char *arg = ops_one(c);
	struct tx *tx = c->tx;
	int err = 0;

	if (!arg || (strcmp(arg, "T") && strcmp(arg, "F")))
		return EINVAL;
	if (!tx)
		return ENOENT;
	take_out(c, tx);
	if (*arg == 'T') {
		if (tx_unchanged(tx))
			tx_apply(tx);
		else
			err = EAGAIN;
	}
	if (!err) {
		conn_ack(c);
		if (*arg == 'T')
			watch_fire_kept(tx);
	}
	tx_free(tx);
	return err;
}

void ops_end_all(struct conn *c)
{
	struct tx *tx;

	while ((tx = c->txs)) {
		take_out(c, tx);
		tx_free(tx);
	}
}

static int domid_arg(const char *s, uint32_t *domid)
{
	char *end;
	unsigned long id = s ? strtoul(s, &end, 10) : NR_DOMS;

	if (!s || !*s || *end || id >= NR_DOMS)
		return EINVAL;
	*domid = (uint32_t)id;
	return 0;
}

static int op_get_domain_path(struct conn *c)
{
	uint32_t domid;
	char *path;

	if (domid_arg(ops_one(c), &domid))
		return EINVAL;
	path = xprintf("/local/domain/%u", domid);
	conn_reply(c, path, strlen(path) + 1);
	free(path);
	return 0;
}

static int op_is_introduced(struct conn *c)
{
	uint32_t domid;

	if (domid_arg(ops_one(c), &domid))
		return EINVAL;
	conn_reply(c, introduced[domid] ? "T" : "F", 2);
	return 0;
}

static int op_introduce(struct conn *c)
{
	const char *vec[3];
	uint32_t domid;

	if (c->domid)
		return EACCES;
	if (ops_strings(c, vec, 3) < 3 || domid_arg(vec[0], &domid))
		return EINVAL;
	if (!dom_find(domid))
		return EINVAL;
	store_introduce(domid);
	conn_ack(c);
	return 0;
}

static int release_or_resume(struct conn *c, bool release)
{
	uint32_t domid;

	if (c->domid)
		return EACCES;
	if (domid_arg(ops_one(c), &domid))
		return EINVAL;
	if (!introduced[domid])
		return ENOENT;
	if (release)
		store_release(domid);
	conn_ack(c);
	return 0;
}

static int op_release(struct conn *c)
{
	return release_or_resume(c, true);
}

static int op_resume(struct conn *c)
{
	return release_or_resume(c, false);
}

static int op_set_target(struct conn *c)
{
	const char *vec[2];
	uint32_t domid;
	uint32_t target;

	if (c->domid)
		return EACCES;
	if (ops_strings(c, vec, 2) < 2 || domid_arg(vec[0], &domid) || domid_arg(vec[1], &target))
		return EINVAL;
	if (!introduced[domid] || !introduced[target])
		return ENOENT;
	perm_set_target(domid, target);
	conn_ack(c);
	return 0;
}

#define F_NO_TX 1u

static const struct op {
	int (*fn)(struct conn *c);
	uint32_t flags;
} ops[XS_TYPE_COUNT] = {
	[XS_DIRECTORY] = { op_directory, 0 },
	[XS_READ] = { op_read, 0 },
	[XS_GET_PERMS] = { op_get_perms, 0 },
	[XS_WATCH] = { op_watch, F_NO_TX },
	[XS_UNWATCH] = { op_unwatch, F_NO_TX },
	[XS_TRANSACTION_START] = { op_start, F_NO_TX },
	[XS_TRANSACTION_END] = { op_end, 0 },
	[XS_INTRODUCE] = { op_introduce, F_NO_TX },
	[XS_RELEASE] = { op_release, F_NO_TX },
	[XS_GET_DOMAIN_PATH] = { op_get_domain_path, F_NO_TX },
	[XS_WRITE] = { op_write, 0 },
	[XS_MKDIR] = { op_mkdir, 0 },
	[XS_RM] = { op_rm, 0 },
	[XS_SET_PERMS] = { op_set_perms, 0 },
	[XS_IS_DOMAIN_INTRODUCED] = { op_is_introduced, F_NO_TX },
	[XS_RESUME] = { op_resume, F_NO_TX },
	[XS_SET_TARGET] = { op_set_target, F_NO_TX },
	[XS_RESET_WATCHES] = { op_reset_watches, F_NO_TX },
	[XS_DIRECTORY_PART] = { op_directory_part, 0 },
};

static void reply_error(struct conn *c, int err)
{
	const char *s = "EINVAL";
	size_t i;

	for (i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
		if (xsd_errors[i].errnum == err)
			s = xsd_errors[i].errstring;
	conn_send(c, XS_ERROR, c->in.hdr.req_id, c->in.hdr.tx_id, s, strlen(s) + 1);
}

void ops_serve(struct conn *c)
{
	uint32_t type = c->in.hdr.type;
	const struct op *op = type < XS_TYPE_COUNT ? &ops[type] : NULL;
	int err;

	if (!op || !op->fn) {
		reply_error(c, ENOSYS);
		return;
	}
	c->tx = NULL;
	if (c->in.hdr.tx_id && !(op->flags & F_NO_TX)) {
		c->tx = find_tx(c, c->in.hdr.tx_id);
		if (!c->tx) {
			reply_error(c, ENOENT);
			return;
		}
	}
	err = op->fn(c);
	c->tx = NULL;
	if (err)
		reply_error(c, err);
}

void store_init(void)
{
	tree_init();
	store_put("/tool", "", 0, -1);
	store_put("/tool/xenstored", "", 0, -1);
}

void store_forget(void)
{
	const struct node *root;

	while ((root = tree_read(NULL, "/"))->nr_kids) {
		char *path = xprintf("/%s", root->kid[0]);

		ops_remove_tree(NULL, NULL, path, false);
		free(path);
	}
	store_put("/tool", "", 0, -1);
	store_put("/tool/xenstored", "", 0, -1);
}

static void put_parents(const char *path)
{
	char *up = path_parent(path);

	if (!tree_read(NULL, up)) {
		put_parents(up);
		tree_add(NULL, up, -1);
		watch_fire(NULL, up, NULL, 0, false);
	}
	free(up);
}

void store_put(const char *path, const char *value, uint32_t owner, int reader)
{
	struct perm perm[2] = { { .id = owner }, { .id = reader < 0 ? 0 : (uint32_t)reader, .bits = PERM_READ } };
	struct node *n;

	put_parents(path);
	n = tree_read(NULL, path) ? tree_edit(NULL, path) : tree_add(NULL, path, -1);
	node_set(n, value, (uint32_t)strlen(value));
	node_set_perms(NULL, n, perm, reader < 0 ? 1 : 2);
	watch_fire(NULL, path, NULL, 0, false);
}

void store_wipe(const char *path)
{
	if (tree_read(NULL, path))
		ops_remove_tree(NULL, NULL, path, false);
}

void store_introduce(uint32_t domid)
{
	introduced[domid % NR_DOMS] = 1;
	watch_special("@introduceDomain");
}

void store_release(uint32_t domid)
{
	introduced[domid % NR_DOMS] = 0;
	watch_special("@releaseDomain");
}
