/* SPDX-License-Identifier: MIT */
/* node_ops.c - serves the requests on nodes */
#include "node_ops.h"

#include "hooks.h"
#include "nodes.h"
#include "perm.h"
#include "tools/xensim/base/util.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUOTA_NODES 1000u
#define QUOTA_NODE_SIZE 2048u
#define QUOTA_PERMS 5u
#define NODE_HEADER 24u /* the C xenstored counts it into a node's size */

static uint32_t node_ops_names_len(const struct node *n)
{
	uint32_t len = 0;
	uint32_t i;

	for (i = 0; i < n->nr_kids; i++)
		len += (uint32_t)strlen(n->kid[i]) + 1;
	return len;
}

static char *node_ops_names(const struct node *n)
{
	char *list = xalloc(node_ops_names_len(n) + 1);
	char *p = list;
	uint32_t i;

	for (i = 0; i < n->nr_kids; i++)
		p = stpcpy(p, n->kid[i]) + 1;
	return list;
}

int op_directory(struct request *req)
{
	const char *arg = request_one(req);
	const struct node *n;
	char *path;
	char *list;
	int err = 0;

	if (!arg)
		return EINVAL;
	n = request_node(req, arg, PERM_READ, &path);
	if (!n) {
		err = errno;
	} else if (node_ops_names_len(n) > XENSTORE_PAYLOAD_MAX) {
		err = E2BIG;
	} else {
		list = node_ops_names(n);
		request_reply(req, list, node_ops_names_len(n));
		free(list);
	}
	free(path);
	return err;
}

/* Answers with the generation and as many names as fit; an empty name ends the list. */
static void node_ops_part(struct request *req, const struct node *n, uint32_t off)
{
	char buf[XENSTORE_PAYLOAD_MAX];
	char *list = node_ops_names(n);
	uint32_t total = node_ops_names_len(n);
	uint32_t used = (uint32_t)snprintf(buf, sizeof(buf), "%" PRIu64, n->gen) + 1;

	while (off < total) {
		uint32_t len = (uint32_t)strlen(list + off) + 1;

		if (used + len >= sizeof(buf))
			break;
		memcpy(buf + used, list + off, len);
		used += len;
		off += len;
	}
	if (off >= total)
		buf[used++] = '\0';
	request_reply(req, buf, used);
	free(list);
}

int op_directory_part(struct request *req)
{
	const struct node *n;
	const char *vec[2];
	char *path;
	int err = 0;

	if (request_strings(req, vec, 2) != 2)
		return EINVAL;
	n = request_node(req, vec[0], PERM_READ, &path);
	if (n)
		node_ops_part(req, n, (uint32_t)strtoul(vec[1], NULL, 10));
	else
		err = errno;
	free(path);
	return err;
}

int op_read(struct request *req)
{
	const char *arg = request_one(req);
	const struct node *n;
	char *path;
	int err = 0;

	if (!arg)
		return EINVAL;
	n = request_node(req, arg, PERM_READ, &path);
	if (!n)
		err = errno;
	if (path && !err)
		err = store_hooks_get()->on_read(request_domid(req), path);
	if (!err)
		request_reply(req, n->data, n->len);
	free(path);
	return err;
}

/* Returns ENOSPC if a node with len bytes of data and children's names is too large for a guest. */
static int node_ops_quota(const struct request *req, uint32_t nr_perms, uint32_t len)
{
	return request_domid(req) && NODE_HEADER + nr_perms * 8u + len >= QUOTA_NODE_SIZE ? ENOSPC : 0;
}

/* Makes path and the parents that it lacks. The client's permission has been checked. */
static int node_ops_create(struct request *req, const char *path, const void *data, uint32_t len)
{
	int owner = request_domid(req) ? (int)request_domid(req) : -1;
	const struct node *n;
	char *up = path_parent(path);
	int err = 0;

	if (!tree_read(req->tx, up))
		err = node_ops_create(req, up, "", 0);
	if (!err && request_domid(req) && (int)tree_owned(request_domid(req)) + (req->tx ? req->tx->delta : 0) >= (int)QUOTA_NODES)
		err = ENOSPC;
	n = err ? NULL : tree_read(req->tx, up);
	/* The parent grows by a name; the new node inherits its permissions. */
	if (n)
		err = node_ops_quota(req, n->nr_perms, n->len + node_ops_names_len(n) + (uint32_t)strlen(strrchr(path, '/')));
	if (n && !err)
		err = node_ops_quota(req, n->nr_perms, len);
	if (!err)
		node_set(tree_add(req->tx, path, owner), data, len);
	free(up);
	return err;
}

static void node_ops_fire(struct request *req, const char *path)
{
	const struct node *n = tree_read(req->tx, path);

	watch_fire(req->tx, path, n ? n->perm : NULL, n ? n->nr_perms : 0, WATCH_BELOW);
}

int op_write(struct request *req)
{
	const struct node *n;
	const char *vec[1];
	const char *data;
	uint32_t len;
	char *path;
	int err = 0;

	if (!request_strings(req, vec, 1))
		return EINVAL;
	data = vec[0] + strlen(vec[0]) + 1;
	len = req->len - (uint32_t)(data - req->data);
	n = request_node(req, vec[0], PERM_WRITE, &path);
	if (n) {
		err = node_ops_quota(req, n->nr_perms, len + node_ops_names_len(n));
		if (!err)
			node_set(tree_edit(req->tx, path), data, len);
	} else {
		err = errno == ENOENT ? node_ops_create(req, path, data, len) : errno;
	}
	if (!err) {
		node_ops_fire(req, path);
		store_hooks_get()->on_write(request_domid(req), path, data, len);
		request_ack(req);
	}
	free(path);
	return err;
}

int op_mkdir(struct request *req)
{
	const char *arg = request_one(req);
	char *path;
	int err = 0;

	if (!arg)
		return EINVAL;
	if (!request_node(req, arg, PERM_WRITE, &path)) {
		err = errno == ENOENT ? node_ops_create(req, path, "", 0) : errno;
		if (!err)
			node_ops_fire(req, path);
	}
	if (!err)
		request_ack(req);
	free(path);
	return err;
}

int op_rm(struct request *req)
{
	const char *arg = request_one(req);
	char *path;
	char *up;
	int err = 0;

	if (!arg)
		return EINVAL;
	if (request_node(req, arg, PERM_WRITE, &path)) {
		if (!strcmp(path, "/"))
			err = EINVAL;
		else
			nodes_remove(req->tx, path);
	} else {
		err = errno;
		up = err == ENOENT ? path_parent(path) : NULL;
		if (up && tree_read(req->tx, up))
			err = 0; /* success without a node, if its parent exists */
		free(up);
	}
	if (!err)
		request_ack(req);
	free(path);
	return err;
}

int op_get_perms(struct request *req)
{
	const char *arg = request_one(req);
	const struct node *n;
	char buf[NODES_MAX_PERMS * 16];
	size_t used = 0;
	char *path;
	uint32_t i;
	int err = 0;

	if (!arg)
		return EINVAL;
	n = request_node(req, arg, PERM_READ, &path);
	if (!n)
		err = errno;
	for (i = 0; n && i < n->nr_perms; i++)
		used += (size_t)snprintf(buf + used, sizeof(buf) - used, "%c%u", perm_letter(n->perm[i].bits), n->perm[i].id) + 1;
	if (!err)
		request_reply(req, buf, used);
	free(path);
	return err;
}

int op_set_perms(struct request *req)
{
	struct perm perm[NODES_MAX_PERMS];
	struct perm old[NODES_MAX_PERMS];
	const struct node *n;
	const char *vec[2];
	uint32_t nr_old;
	char *path;
	uint32_t nr;
	int err = 0;

	if (request_strings(req, vec, 2) != 2)
		return EINVAL;
	nr = perm_parse(vec[1], req->len - (size_t)(vec[1] - req->data), perm, NODES_MAX_PERMS);
	n = request_node(req, vec[0], PERM_WRITE | PERM_OWNER, &path);
	if (!n)
		err = errno;
	else if (!nr)
		err = EINVAL;
	else if (request_domid(req) && nr > QUOTA_PERMS)
		err = ENOSPC;
	else if (request_domid(req) && perm[0].id != n->perm[0].id)
		err = EPERM;
	if (!err) {
		nr_old = n->nr_perms;
		memcpy(old, n->perm, nr_old * sizeof(*old));
		node_set_perms(req->tx, tree_edit(req->tx, path), perm, nr);
		watch_fire(req->tx, path, old, nr_old, WATCH_BELOW);
		request_ack(req);
	}
	free(path);
	return err;
}
