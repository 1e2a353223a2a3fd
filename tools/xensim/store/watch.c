/* SPDX-License-Identifier: MIT */
/*
 * Watches.  A change is told to whoever watches the path or one above it and
 * may read the node or its parent.  Removing a subtree tells those above once
 * and those on the removed nodes each (exact).
 */
#include "conn.h"

#include "../host/util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define QUOTA_WATCHES 128u

static void send_event(struct conn *c, const struct watch *w, const char *path)
{
	size_t token = strlen(w->token) + 1;
	size_t len;
	char *buf;

	path += w->skip;
	if (w->skip && *path == '/')
		path++;
	len = strlen(path) + 1;
	buf = xalloc(len + token);
	memcpy(buf, path, len);
	memcpy(buf + len, w->token, token);
	conn_send(c, XS_WATCH_EVENT, 0, 0, buf, len + token);
	free(buf);
}

static bool is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (!strcmp(top, "/"))
		return *path == '/';
	return !strncmp(path, top, len) && (path[len] == '/' || !path[len]);
}

static bool may_see(const struct conn *c, const char *path, const struct perm *perm, uint32_t nr)
{
	const struct node *n;
	char *up;

	if (c->domid == 0 || (perm && (perm_bits(c->domid, perm, nr) & PERM_READ)))
		return true;
	n = tree_read(NULL, path);
	if (n && (perm_bits(c->domid, n->perm, n->nr_perms) & PERM_READ))
		return true;
	up = path_parent(path);
	n = tree_read(NULL, up);
	free(up);
	return n && (perm_bits(c->domid, n->perm, n->nr_perms) & PERM_READ);
}

static void fire_now(const char *path, const struct perm *perm, uint32_t nr, bool exact)
{
	struct conn *c;
	struct watch *w;

	for (c = conns; c; c = c->next) {
		if (!c->watches || !may_see(c, path, perm, nr))
			continue;
		for (w = c->watches; w; w = w->next)
			if (exact ? !strcmp(path, w->path) : is_below(path, w->path))
				send_event(c, w, path);
	}
}

void watch_fire(struct conn *c, const char *path, const struct perm *perm, uint32_t nr, bool exact)
{
	struct pending_fire *f;

	if (!c || !c->tx) {
		fire_now(path, perm, nr, exact);
		return;
	}
	f = xalloc(sizeof(*f));
	f->path = xprintf("%s", path);
	f->exact = exact;
	f->nr_perms = nr;
	if (perm) {
		f->perm = xalloc(nr * sizeof(*perm));
		memcpy(f->perm, perm, nr * sizeof(*perm));
	}
	*c->tx->fires_end = f;
	c->tx->fires_end = &f->next;
}

void watch_fire_kept(struct tx *tx)
{
	struct pending_fire *f;

	for (f = tx->fires; f; f = f->next)
		fire_now(f->path, f->perm, f->nr_perms, f->exact);
}

void watch_special(const char *name)
{
	struct conn *c;
	struct watch *w;

	for (c = conns; c; c = c->next) {
		if (c->domid != 0)
			continue; /* nobody else has been allowed */
		for (w = c->watches; w; w = w->next)
			if (!strcmp(w->path, name))
				send_event(c, w, name);
	}
}

static uint32_t watches_of(uint32_t domid)
{
	uint32_t nodes;
	uint32_t watches;
	uint32_t n;

	store_count(domid, &nodes, &watches, &n);
	return watches;
}

int watch_add(struct conn *c, const char *path, const char *token, uint32_t skip)
{
	struct watch **p;
	struct watch *w;

	for (p = &c->watches; *p; p = &(*p)->next)
		if (!strcmp((*p)->path, path) && !strcmp((*p)->token, token))
			return EEXIST;
	if (c->domid != 0 && watches_of(c->domid) >= QUOTA_WATCHES)
		return E2BIG;
	w = xalloc(sizeof(*w));
	w->path = xprintf("%s", path);
	w->token = xprintf("%s", token);
	w->skip = skip;
	*p = w;
	conn_ack(c);
	send_event(c, w, w->path);
	return 0;
}

void watch_renew(struct conn *c)
{
	struct watch *w;

	for (w = c->watches; w; w = w->next) {
		if (w->skip) {
			char *own = xprintf("/local/domain/%u", c->domid);
			char *path = xprintf("%s%s", own, w->path + w->skip);

			free(w->path);
			w->path = path;
			w->skip = (uint32_t)strlen(own);
			free(own);
		}
		send_event(c, w, w->path);
	}
}

static void watch_free(struct watch *w)
{
	free(w->path);
	free(w->token);
	free(w);
}

int watch_remove(struct conn *c, const char *path, const char *token)
{
	struct watch **p;

	for (p = &c->watches; *p; p = &(*p)->next) {
		struct watch *w = *p;

		if (strcmp(w->path, path) || strcmp(w->token, token))
			continue;
		*p = w->next;
		watch_free(w);
		return 0;
	}
	return ENOENT;
}

void watch_remove_all(struct conn *c)
{
	struct watch *w;

	while ((w = c->watches)) {
		c->watches = w->next;
		watch_free(w);
	}
}
