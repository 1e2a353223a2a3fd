/* SPDX-License-Identifier: MIT */
/* The requests of the wire protocol on nodes; those on domains are in control.c. */
#include "ops.h"

#include "../host/host.h"
#include "../host/util.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUOTA_NODES 1000u
#define QUOTA_NODE_SIZE 2048u
#define QUOTA_PERMS 5u
#define MAX_PERMS 64u
#define NODE_HEADER 24u /* what the C xenstored counts besides */

static bool valid_path(const char *path)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/_@";
	size_t len = strlen(path);
	unsigned int domid;
	int skip = 0;

	if (*path != '/' || (len > 1 && path[len - 1] == '/') || strstr(path, "//"))
		return false;
	if (len >= XENSTORE_ABS_PATH_MAX)
		return false;
	if (sscanf(path, "/local/domain/%5u/%n", &domid, &skip) != 1)
		skip = 0;
	if (len - (size_t)skip > XENSTORE_REL_PATH_MAX)
		return false;
	return strspn(path, allowed) == len;
}

char *ops_path(const struct conn *c, const char *s)
{
	char *path;

	if (*s == '/' || *s == '@')
		path = xprintf("%s", s);
	else
		path = xprintf("/local/domain/%u/%s", c->domid, s);
	if (valid_path(path))
		return path;
	free(path);
	errno = EINVAL;
	return NULL;
}

const char *ops_one(const struct conn *c)
{
	if (!c->in.len || strlen(c->in.data) + 1 != c->in.len)
		return NULL;
	return c->in.data;
}

uint32_t ops_strings(struct conn *c, const char **vec, uint32_t max)
{
	uint32_t off = 0;
	uint32_t n = 0;

	while (off < c->in.len && n < max) {
		size_t len = strnlen(c->in.data + off, c->in.len - off);

		if (off + len == c->in.len)
			break; /* not terminated */
		vec[n++] = c->in.data + off;
		off += (uint32_t)len + 1;
	}
	return n;
}

/* The node that the request names first; *path is the caller's to free. */
static const struct node *named(struct conn *c, const char *s, uint32_t need, char **path)
{
	*path = ops_path(c, s);
	return *path ? perm_read(c, *path, need) : NULL;
}

static uint32_t kids_bytes(const struct node *n)
{
	uint32_t len = 0;
	uint32_t i;

	for (i = 0; i < n->nr_kids; i++)
		len += (uint32_t)strlen(n->kid[i]) + 1;
	return len;
}

static char *kids_list(const struct node *n)
{
	char *list = xalloc(kids_bytes(n) + 1);
	char *p = list;
	uint32_t i;

	for (i = 0; i < n->nr_kids; i++)
		p = stpcpy(p, n->kid[i]) + 1;
	return list;
}

int op_directory(struct conn *c)
{
	const char *arg = ops_one(c);
	const struct node *n;
	char *path;
	char *list;
	int err = 0;

	if (!arg)
		return EINVAL;
	n = named(c, arg, PERM_READ, &path);
	if (!n) {
		err = errno;
	} else if (kids_bytes(n) > XENSTORE_PAYLOAD_MAX) {
		err = E2BIG;
	} else {
		list = kids_list(n);
		conn_reply(c, list, kids_bytes(n));
		free(list);
	}
	free(path);
	return err;
}

/* As much of the list as fits, after the generation; an empty name ends it. */
static void reply_part(struct conn *c, const struct node *n, uint32_t off)
{
	char buf[XENSTORE_PAYLOAD_MAX];
	char *list = kids_list(n);
	uint32_t total = kids_bytes(n);
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
	conn_reply(c, buf, used);
	free(list);
}

int op_directory_part(struct conn *c)
{
	const struct node *n;
	const char *vec[2];
	char *path;
	int err = 0;

	if (ops_strings(c, vec, 2) != 2)
		return EINVAL;
	n = named(c, vec[0], PERM_READ, &path);
	if (n)
		reply_part(c, n, (uint32_t)strtoul(vec[1], NULL, 10));
	else
		err = errno;
	free(path);
	return err;
}

int op_read(struct conn *c)
{
	const char *arg = ops_one(c);
	const struct node *n;
	char *path;
	int err = 0;

	if (!arg)
		return EINVAL;
	n = named(c, arg, PERM_READ, &path);
	if (!n)
		err = errno;
	if (path && !err)
		err = fault_read(c->domid, path);
	if (!err)
		conn_reply(c, n->data, n->len);
	free(path);
	return err;
}

/* Of a node with @len bytes of data and names below it. */
static int quota_size(const struct conn *c, uint32_t nr_perms, uint32_t len)
{
	return c->domid && NODE_HEADER + nr_perms * 8u + len >= QUOTA_NODE_SIZE ? ENOSPC : 0;
}

/* Make @path and the parents it lacks; the caller may write there. */
static int create(struct conn *c, const char *path, const void *data, uint32_t len)
{
	int owner = c->domid ? (int)c->domid : -1;
	const struct node *n;
	char *up = path_parent(path);
	int err = 0;

	if (!tree_read(c->tx, up))
		err = create(c, up, "", 0);
	if (!err && c->domid && (int)tree_owned(c->domid) + (c->tx ? c->tx->delta : 0) >= (int)QUOTA_NODES)
		err = ENOSPC;
	n = err ? NULL : tree_read(c->tx, up);
	/* Both the parent with one name more and the new node, with the parent's permissions. */
	if (n)
		err = quota_size(c, n->nr_perms, n->len + kids_bytes(n) + (uint32_t)strlen(strrchr(path, '/')));
	if (n && !err)
		err = quota_size(c, n->nr_perms, len);
	if (!err)
		node_set(tree_add(c->tx, path, owner), data, len);
	free(up);
	return err;
}

static void fire(struct conn *c, const char *path)
{
	const struct node *n = tree_read(c->tx, path);

	watch_fire(c, path, n ? n->perm : NULL, n ? n->nr_perms : 0, false);
}

int op_write(struct conn *c)
{
	const struct node *n;
	const char *vec[1];
	const char *data;
	uint32_t len;
	char *path;
	int err = 0;

	if (!ops_strings(c, vec, 1))
		return EINVAL;
	data = vec[0] + strlen(vec[0]) + 1;
	len = c->in.len - (uint32_t)(data - c->in.data);
	n = named(c, vec[0], PERM_WRITE, &path);
	if (n) {
		err = quota_size(c, n->nr_perms, len + kids_bytes(n));
		if (!err)
			node_set(tree_edit(c->tx, path), data, len);
	} else {
		err = errno == ENOENT ? create(c, path, data, len) : errno;
	}
	if (!err) {
		fire(c, path);
		fault_store(c->domid, path, data, len);
		conn_ack(c);
	}
	free(path);
	return err;
}

int op_mkdir(struct conn *c)
{
	const char *arg = ops_one(c);
	char *path;
	int err = 0;

	if (!arg)
		return EINVAL;
	if (!named(c, arg, PERM_WRITE, &path)) {
		err = errno == ENOENT ? create(c, path, "", 0) : errno;
		if (!err)
			fire(c, path);
	}
	if (!err)
		conn_ack(c);
	free(path);
	return err;
}

void ops_remove_tree(struct conn *c, struct tx *tx, const char *path, bool exact)
{
	const struct node *n;
	struct perm perm[MAX_PERMS];
	uint32_t nr;

	while ((n = tree_read(tx, path)) && n->nr_kids) {
		char *kid = xprintf("%s/%s", strcmp(path, "/") ? path : "", n->kid[0]);

		ops_remove_tree(c, tx, kid, true);
		free(kid);
	}
	nr = n->nr_perms < MAX_PERMS ? n->nr_perms : MAX_PERMS;
	memcpy(perm, n->perm, nr * sizeof(*perm));
	tree_remove(tx, path);
	watch_fire(c, path, perm, nr, exact);
}

int op_rm(struct conn *c)
{
	const char *arg = ops_one(c);
	char *path;
	char *up;
	int err = 0;

	if (!arg)
		return EINVAL;
	if (named(c, arg, PERM_WRITE, &path)) {
		if (!strcmp(path, "/"))
			err = EINVAL;
		else
			ops_remove_tree(c, c->tx, path, false);
	} else {
		err = errno;
		up = err == ENOENT ? path_parent(path) : NULL;
		if (up && tree_read(c->tx, up))
			err = 0; /* nothing there already: fine, if the parent is */
		free(up);
	}
	if (!err)
		conn_ack(c);
	free(path);
	return err;
}

int op_get_perms(struct conn *c)
{
	const char *arg = ops_one(c);
	const struct node *n;
	char buf[MAX_PERMS * 16];
	size_t used = 0;
	char *path;
	uint32_t i;
	int err = 0;

	if (!arg)
		return EINVAL;
	n = named(c, arg, PERM_READ, &path);
	if (!n)
		err = errno;
	for (i = 0; n && i < n->nr_perms; i++)
		used += (size_t)snprintf(buf + used, sizeof(buf) - used, "%c%u", perm_letter(n->perm[i].bits), n->perm[i].id) + 1;
	if (!err)
		conn_reply(c, buf, used);
	free(path);
	return err;
}

int op_set_perms(struct conn *c)
{
	struct perm perm[MAX_PERMS];
	struct perm old[MAX_PERMS];
	const struct node *n;
	const char *vec[2];
	uint32_t nr_old;
	char *path;
	uint32_t nr;
	int err = 0;

	if (ops_strings(c, vec, 2) != 2)
		return EINVAL;
	nr = perm_parse(vec[1], c->in.len - (size_t)(vec[1] - c->in.data), perm, MAX_PERMS);
	n = named(c, vec[0], PERM_WRITE | PERM_OWNER, &path);
	if (!n)
		err = errno;
	else if (!nr)
		err = EINVAL;
	else if (c->domid && nr > QUOTA_PERMS)
		err = ENOSPC;
	else if (c->domid && perm[0].id != n->perm[0].id)
		err = EPERM;
	if (!err) {
		nr_old = n->nr_perms;
		memcpy(old, n->perm, nr_old * sizeof(*old));
		node_set_perms(c->tx, tree_edit(c->tx, path), perm, nr);
		watch_fire(c, path, old, nr_old, false);
		conn_ack(c);
	}
	free(path);
	return err;
}
