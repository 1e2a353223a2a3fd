/* SPDX-License-Identifier: MIT */
/* watch.c - finds the watches that a change concerns, and fires them */
#include "watch.h"

#include "perm.h"
#include "tools/xensim/base/util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define QUOTA_WATCHES 128u

struct watch {
	struct watch *next;
	char *path;
	char *token;
	uint32_t skip; /* length of the domain's own path, if the client's path was relative */
};

static struct watcher *watchers;

void watch_register(struct watcher *w)
{
	w->watches = NULL;
	w->next = watchers;
	watchers = w;
}

void watch_unregister(struct watcher *w)
{
	struct watcher **p;

	for (p = &watchers; *p != w; p = &(*p)->next)
		;
	*p = w->next;
	watch_remove_all(w);
}

static void watch_send(struct watcher *w, const struct watch *wa, const char *path)
{
	size_t token = strlen(wa->token) + 1;
	size_t len;
	char *buf;

	path += wa->skip;
	if (wa->skip && *path == '/')
		path++;
	len = strlen(path) + 1;
	buf = xalloc(len + token);
	memcpy(buf, path, len);
	memcpy(buf + len, wa->token, token);
	w->event(w, buf, len + token);
	free(buf);
}

static bool watch_is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (!strcmp(top, "/"))
		return *path == '/';
	return !strncmp(path, top, len) && (path[len] == '/' || !path[len]);
}

static bool watch_may_see(uint32_t domid, const char *path, const struct perm *perm, uint32_t nr)
{
	const struct node *n;
	char *up;

	if (domid == 0 || (perm && (perm_bits(domid, perm, nr) & PERM_READ)))
		return true;
	n = tree_read(NULL, path);
	if (n && (perm_bits(domid, n->perm, n->nr_perms) & PERM_READ))
		return true;
	up = path_parent(path);
	n = tree_read(NULL, up);
	free(up);
	return n && (perm_bits(domid, n->perm, n->nr_perms) & PERM_READ);
}

static void watch_fire_now(const char *path, const struct perm *perm, uint32_t nr, enum watch_scope scope)
{
	const struct watch *wa;
	struct watcher *w;

	for (w = watchers; w; w = w->next) {
		if (!w->watches || !watch_may_see(w->domid, path, perm, nr))
			continue;
		for (wa = w->watches; wa; wa = wa->next)
			if (scope == WATCH_EXACT ? !strcmp(path, wa->path) : watch_is_below(path, wa->path))
				watch_send(w, wa, path);
	}
}

void watch_fire(struct tx *tx, const char *path, const struct perm *perm, uint32_t nr, enum watch_scope scope)
{
	struct pending_fire *f;

	if (!tx) {
		watch_fire_now(path, perm, nr, scope);
		return;
	}
	f = xalloc(sizeof(*f));
	f->path = xprintf("%s", path);
	f->exact = scope == WATCH_EXACT;
	f->nr_perms = nr;
	if (perm) {
		f->perm = xalloc(nr * sizeof(*perm));
		memcpy(f->perm, perm, nr * sizeof(*perm));
	}
	*tx->fires_end = f;
	tx->fires_end = &f->next;
}

void watch_fire_kept(const struct tx *tx)
{
	const struct pending_fire *f;

	for (f = tx->fires; f; f = f->next)
		watch_fire_now(f->path, f->perm, f->nr_perms, f->exact ? WATCH_EXACT : WATCH_BELOW);
}

void watch_fire_special(const char *name)
{
	const struct watch *wa;
	struct watcher *w;

	for (w = watchers; w; w = w->next) {
		if (w->domid != 0)
			continue; /* as xenstored: only dom0 may see these by default */
		for (wa = w->watches; wa; wa = wa->next)
			if (!strcmp(wa->path, name))
				watch_send(w, wa, name);
	}
}

uint32_t watch_count(uint32_t domid)
{
	const struct watch *wa;
	const struct watcher *w;
	uint32_t n = 0;

	for (w = watchers; w; w = w->next)
		for (wa = w->domid == domid ? w->watches : NULL; wa; wa = wa->next)
			n++;
	return n;
}

int watch_add(struct watcher *w, const char *path, const char *token, uint32_t skip)
{
	struct watch **p;
	struct watch *wa;

	for (p = &w->watches; *p; p = &(*p)->next)
		if (!strcmp((*p)->path, path) && !strcmp((*p)->token, token))
			return EEXIST;
	if (w->domid != 0 && watch_count(w->domid) >= QUOTA_WATCHES)
		return E2BIG;
	wa = xalloc(sizeof(*wa));
	wa->path = xprintf("%s", path);
	wa->token = xprintf("%s", token);
	wa->skip = skip;
	*p = wa;
	return 0;
}

void watch_fire_new(struct watcher *w)
{
	const struct watch *wa = w->watches;

	while (wa && wa->next)
		wa = wa->next;
	if (wa)
		watch_send(w, wa, wa->path);
}

void watch_renew(struct watcher *w)
{
	struct watch *wa;

	for (wa = w->watches; wa; wa = wa->next) {
		if (wa->skip) {
			char *own = xprintf("/local/domain/%u", w->domid);
			char *path = xprintf("%s%s", own, wa->path + wa->skip);

			free(wa->path);
			wa->path = path;
			wa->skip = (uint32_t)strlen(own);
			free(own);
		}
		watch_send(w, wa, wa->path);
	}
}

static void watch_free(struct watch *wa)
{
	free(wa->path);
	free(wa->token);
	free(wa);
}

int watch_remove(struct watcher *w, const char *path, const char *token)
{
	struct watch **p;

	for (p = &w->watches; *p; p = &(*p)->next) {
		struct watch *wa = *p;

		if (strcmp(wa->path, path) || strcmp(wa->token, token))
			continue;
		*p = wa->next;
		watch_free(wa);
		return 0;
	}
	return ENOENT;
}

void watch_remove_all(struct watcher *w)
{
	struct watch *wa;

	while ((wa = w->watches)) {
		w->watches = wa->next;
		watch_free(wa);
	}
}
