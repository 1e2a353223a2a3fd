/* SPDX-License-Identifier: MIT */
/* perm.c - checks and parses permissions */
#include "perm.h"

#include "tools/xensim/base/util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NO_TARGET UINT32_MAX

static struct perm_target {
	struct perm_target *next;
	uint32_t domid;
	uint32_t target;
} *perm_targets;

static uint32_t perm_target_of(uint32_t domid)
{
	struct perm_target *t;

	for (t = perm_targets; t; t = t->next)
		if (t->domid == domid)
			return t->target;
	return NO_TARGET;
}

void perm_forget(uint32_t domid)
{
	struct perm_target **p = &perm_targets;

	while (*p) {
		struct perm_target *t = *p;

		if (t->domid != domid && t->target != domid) {
			p = &t->next;
			continue;
		}
		*p = t->next;
		free(t);
	}
}

void perm_set_target(uint32_t domid, uint32_t target)
{
	struct perm_target *t;

	perm_forget(domid);
	t = xalloc(sizeof(*t));
	t->domid = domid;
	t->target = target;
	t->next = perm_targets;
	perm_targets = t;
}

uint32_t perm_bits(uint32_t domid, const struct perm *perm, uint32_t nr)
{
	uint32_t target = perm_target_of(domid);
	uint32_t i;

	if (domid == 0 || perm[0].id == domid || perm[0].id == target)
		return PERM_READ | PERM_WRITE | PERM_OWNER;
	for (i = 1; i < nr; i++)
		if (perm[i].id == domid || perm[i].id == target)
			return perm[i].bits;
	return perm[0].bits;
}

static bool perm_parent_grants(struct tx *tx, uint32_t domid, const char *path, uint32_t need)
{
	char *at = xprintf("%s", path);
	const struct node *n = NULL;

	while (!n) {
		char *up = path_parent(at);

		free(at);
		at = up;
		n = tree_read(tx, at);
	}
	free(at);
	return perm_bits(domid, n->perm, n->nr_perms) & need;
}

const struct node *perm_read(struct tx *tx, uint32_t domid, const char *path, uint32_t need)
{
	const struct node *n = tree_read(tx, path);

	if (n && (perm_bits(domid, n->perm, n->nr_perms) & need) == need)
		return n;
	errno = n ? EACCES : ENOENT;
	if (domid != 0 && !perm_parent_grants(tx, domid, path, need))
		errno = EACCES;
	return NULL;
}

char perm_letter(uint32_t bits)
{
	return "nrwb"[bits & (PERM_READ | PERM_WRITE)];
}

uint32_t perm_parse(const char *s, size_t len, struct perm *perm, uint32_t max)
{
	const char *end = s + len;
	uint32_t n = 0;

	for (; s < end && n < max; n++) {
		static const char letters[] = "nrwb";
		const char *l = *s ? strchr(letters, *s) : NULL;
		char *stop;
		unsigned long id;

		if (!l || s[1] < '0' || s[1] > '9')
			return 0;
		id = strtoul(s + 1, &stop, 10);
		if (*stop || id > 0x7ff3u)
			return 0;
		perm[n].id = (uint32_t)id;
		perm[n].bits = (uint32_t)(l - letters);
		s = stop + 1;
	}
	return s < end ? 0 : n;
}
