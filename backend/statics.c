/* SPDX-License-Identifier: MIT */
/* statics.c - the table of statics.h */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/errtext.h"
#include "../common/log.h"
#include "statics.h"

/* Twice the entries, so that a probe is short. A power of two. */
#define HASH_SIZE (2 * STATICS_MAX)

static_assert(sizeof(struct xen_netif_gref) == 8, "list entry");
static_assert((HASH_SIZE & (HASH_SIZE - 1)) == 0, "hash mask");

/* Pages mapped by one call. */
struct run {
	uint8_t *base;
	unsigned int pages;	/* 0: not in use */
	enum grant_access access;
};

struct entry {
	struct gref gref;
	uint8_t *page;
	uint16_t run;
	bool doomed;		/* by the DEL under way */
};

struct statics {
	struct statics_use use;
	unsigned int count;
	struct entry entry[STATICS_MAX];
	uint16_t hash[HASH_SIZE];	/* entry + 1; 0: empty */
	struct run run[STATICS_MAX];	/* no more than there are entries */
};

/* Knuth's multiplicative hash: refs come in sequences. */
static uint32_t slot_of(struct gref gref)
{
	return (gref.raw * 2654435761u) >> 16 & (HASH_SIZE - 1);
}

static struct entry *find(struct statics *s, struct gref gref)
{
	for (uint32_t at = slot_of(gref); s->hash[at]; at = (at + 1) & (HASH_SIZE - 1)) {
		struct entry *e = &s->entry[s->hash[at] - 1];

		if (e->gref.raw == gref.raw)
			return e;
	}
	return NULL;
}

static const struct entry *look_up(const struct statics *s, struct gref gref)
{
	for (uint32_t at = slot_of(gref); s->hash[at]; at = (at + 1) & (HASH_SIZE - 1)) {
		const struct entry *e = &s->entry[s->hash[at] - 1];

		if (e->gref.raw == gref.raw)
			return e;
	}
	return NULL;
}

static void rehash(struct statics *s)
{
	memset(s->hash, 0, sizeof(s->hash));
	for (unsigned int i = 0; i < s->count; i++) {
		uint32_t at = slot_of(s->entry[i].gref);

		while (s->hash[at])
			at = (at + 1) & (HASH_SIZE - 1);
		s->hash[at] = (uint16_t)(i + 1);
	}
}

int statics_new(struct statics **out, const struct statics_use *use)
{
	struct statics *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->use = *use;
	*out = s;
	return 0;
}

static void unmap_run(struct statics *s, uint16_t run)
{
	grant_unmap_run(s->use.grant, s->run[run].base, s->run[run].pages);
	mapquota_release(s->use.quota, s->use.guest, s->run[run].pages);
	s->run[run].pages = 0;
}

void statics_free(struct statics *s)
{
	if (!s)
		return;
	for (uint16_t i = 0; i < STATICS_MAX; i++)
		if (s->run[i].pages)
			unmap_run(s, i);
	free(s);
}

unsigned int statics_count(const struct statics *s)
{
	return s->count;
}

const uint8_t *statics_read(const struct statics *s, struct gref gref, uint16_t offset)
{
	const struct entry *e = look_up(s, gref);

	return e ? e->page + offset : NULL;
}

uint8_t *statics_write(const struct statics *s, struct gref gref)
{
	const struct entry *e = look_up(s, gref);

	return e && s->run[e->run].access == GRANT_READ_WRITE ? e->page : NULL;
}

/* Maps n refs as a run and enters them; the hash is the caller's to renew. */
static int map_run(struct statics *s, const struct gref *grefs, unsigned int n, enum grant_access access)
{
	uint16_t run = 0;
	int err = 0;

	if (n == 0)
		return 0;
	if (!mapquota_charge(s->use.quota, s->use.guest, n))
		return -EDQUOT;
	while (s->run[run].pages)
		run++;
	s->run[run].base = grant_map_run(s->use.grant, grefs, n, access, &err);
	if (!s->run[run].base) {
		mapquota_release(s->use.quota, s->use.guest, n);
		return err;
	}
	s->run[run].pages = n;
	s->run[run].access = access;
	for (unsigned int i = 0; i < n; i++)
		s->entry[s->count++] = (struct entry){ .gref = grefs[i], .run = run,
						       .page = s->run[run].base + (size_t)i * XEN_PAGE };
	return 0;
}

/* Refs of a list with that access; -EINVAL: what may not be in a list. */
static int collect(struct statics *s, struct gref *grefs, const struct xen_netif_gref *list, unsigned int n,
		   enum grant_access access)
{
	int got = 0;

	for (unsigned int i = 0; i < n; i++) {
		bool readonly = list[i].flags & XEN_NETIF_CTRLF_GREF_readonly;

		if (list[i].flags & ~XEN_NETIF_CTRLF_GREF_readonly || find(s, gref_of(list[i].ref)))
			return -EINVAL;
		for (unsigned int j = 0; j < i; j++)
			if (list[j].ref == list[i].ref)
				return -EINVAL;
		if (readonly == (access == GRANT_READ))
			grefs[got++] = gref_of(list[i].ref);
	}
	return got;
}

int statics_add(struct statics *s, const struct xen_netif_gref *list, unsigned int n)
{
	struct gref grefs[STATICS_LIST_MAX];
	unsigned int before = s->count;
	int got, err;

	if (n == 0 || n > STATICS_LIST_MAX || n > STATICS_MAX - s->count)
		return -EINVAL;
	got = collect(s, grefs, list, n, GRANT_READ);
	if (got < 0)
		return got;
	err = map_run(s, grefs, (unsigned int)got, GRANT_READ);
	if (err)
		return err;
	/* The hash does not know the first half yet, so it is no duplicate. */
	got = collect(s, grefs, list, n, GRANT_READ_WRITE);
	err = got < 0 ? got : map_run(s, grefs, (unsigned int)got, GRANT_READ_WRITE);
	if (err && s->count > before) {
		unmap_run(s, s->entry[before].run);
		s->count = before;
	}
	rehash(s);
	return err;
}

static bool is_busy(struct gref gref, const struct gref *busy, unsigned int nbusy)
{
	for (unsigned int i = 0; i < nbusy; i++)
		if (busy[i].raw == gref.raw)
			return true;
	return false;
}

/* Drops the doomed of one run: unmaps all of it and maps the others again. */
static void shrink_run(struct statics *s, uint16_t run)
{
	enum grant_access access = s->run[run].access;
	struct gref keep[STATICS_LIST_MAX];
	unsigned int kept = 0, left = 0;
	int err;

	for (unsigned int i = 0; i < s->count; i++) {
		if (s->entry[i].run != run)
			s->entry[left++] = s->entry[i];
		else if (!s->entry[i].doomed)
			keep[kept++] = s->entry[i].gref;
	}
	s->count = left;
	unmap_run(s, run);
	/* Those that do not map again are copied from now on: slower, not wrong. */
	err = map_run(s, keep, kept, access);
	if (err)
		log_warn_in(s->use.log, "static grants lost refs=%u error=\"%s\"", kept, errtext(ERRTEXT_XEN, -err));
}

unsigned int statics_del(struct statics *s, struct xen_netif_gref *list, unsigned int n,
			 const struct gref *busy, unsigned int nbusy)
{
	unsigned int deleted = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct entry *e = find(s, gref_of(list[i].ref));
		bool ok = e && !e->doomed && !is_busy(e->gref, busy, nbusy);

		list[i].status = ok ? XEN_NETIF_CTRL_STATUS_SUCCESS : XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
		if (ok)
			e->doomed = true;
		deleted += ok;
	}
	for (unsigned int i = 0; i < s->count;) {
		if (s->entry[i].doomed) {
			shrink_run(s, s->entry[i].run);
			i = 0;	/* the entries have moved */
		} else {
			i++;
		}
	}
	rehash(s);
	return deleted;
}

unsigned int statics_list(const struct statics *s, struct xen_netif_gref *list)
{
	for (unsigned int i = 0; i < s->count; i++) {
		const struct entry *e = &s->entry[i];
		bool readonly = s->run[e->run].access == GRANT_READ;

		list[i] = (struct xen_netif_gref){ .ref = e->gref.raw,
						   .flags = readonly ? XEN_NETIF_CTRLF_GREF_readonly : 0 };
	}
	return s->count;
}

void statics_restore(struct statics *s, const struct xen_netif_gref *list, unsigned int n)
{
	for (unsigned int at = 0, part; at < n; at += part) {
		part = (unsigned int)min_size(n - at, STATICS_LIST_MAX);
		if (statics_add(s, list + at, part) < 0)
			log_warn_in(s->use.log, "static grants of an earlier daemon cannot be mapped refs=%u", part);
	}
}
