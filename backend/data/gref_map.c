/* SPDX-License-Identifier: MIT */
/* gref_map.c - the table of gref_map.h: entries, a hash over them, runs of mapped pages */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "gref_map.h"

/* A power of two, and twice the number of entries, so that a search is short. */
#define HASH_SIZE (2 * GREF_MAP_MAX)

static_assert(sizeof(struct xen_netif_gref) == 8, "list entry");
static_assert((HASH_SIZE & (HASH_SIZE - 1)) == 0, "hash mask");

/* A run of pages that one call has mapped. */
struct run {
	uint8_t *base;
	unsigned int pages;	/* 0: not in use */
	enum grant_access access;
};

struct entry {
	struct gref gref;
	uint8_t *page;
	uint16_t run;
	bool doomed;		/* to be deleted by the DEL that is handled now */
};

struct gref_map {
	struct gref_map_use use;
	unsigned int count;
	struct entry entry[GREF_MAP_MAX];
	uint16_t hash[HASH_SIZE];	/* entry + 1; 0: empty */
	struct run run[GREF_MAP_MAX];	/* each has at least one entry */
};

/* Returns Knuth's multiplicative hash, as grant references come in sequences. */
static uint32_t gref_map_slot_of(struct gref gref)
{
	return (gref.raw * 2654435761u) >> 16 & (HASH_SIZE - 1);
}

static struct entry *gref_map_find(struct gref_map *s, struct gref gref)
{
	for (uint32_t at = gref_map_slot_of(gref); s->hash[at]; at = (at + 1) & (HASH_SIZE - 1)) {
		struct entry *e = &s->entry[s->hash[at] - 1];

		if (e->gref.raw == gref.raw)
			return e;
	}
	return NULL;
}

static const struct entry *gref_map_look_up(const struct gref_map *s, struct gref gref)
{
	for (uint32_t at = gref_map_slot_of(gref); s->hash[at]; at = (at + 1) & (HASH_SIZE - 1)) {
		const struct entry *e = &s->entry[s->hash[at] - 1];

		if (e->gref.raw == gref.raw)
			return e;
	}
	return NULL;
}

static void gref_map_rehash(struct gref_map *s)
{
	memset(s->hash, 0, sizeof(s->hash));
	for (unsigned int i = 0; i < s->count; i++) {
		uint32_t at = gref_map_slot_of(s->entry[i].gref);

		while (s->hash[at])
			at = (at + 1) & (HASH_SIZE - 1);
		s->hash[at] = (uint16_t)(i + 1);
	}
}

int gref_map_new(struct gref_map **out, const struct gref_map_use *use)
{
	struct gref_map *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->use = *use;
	*out = s;
	return 0;
}

static void gref_map_unmap_run(struct gref_map *s, uint16_t run)
{
	grant_unmap_run(s->use.grant, s->run[run].base, s->run[run].pages);
	mapquota_release(s->use.quota, s->use.guest, s->run[run].pages);
	s->run[run].pages = 0;
}

void gref_map_free(struct gref_map *s)
{
	if (!s)
		return;
	for (uint16_t i = 0; i < GREF_MAP_MAX; i++)
		if (s->run[i].pages)
			gref_map_unmap_run(s, i);
	free(s);
}

unsigned int gref_map_count(const struct gref_map *s)
{
	return s->count;
}

const uint8_t *gref_map_read(const struct gref_map *s, struct gref gref, uint16_t offset)
{
	const struct entry *e = gref_map_look_up(s, gref);

	return e ? e->page + offset : NULL;
}

uint8_t *gref_map_write(const struct gref_map *s, struct gref gref)
{
	const struct entry *e = gref_map_look_up(s, gref);

	return e && s->run[e->run].access == GRANT_READ_WRITE ? e->page : NULL;
}

/* Maps n grant references as a run and adds them to the table. The caller makes the hash anew. */
static int gref_map_map_run(struct gref_map *s, const struct gref *grefs, unsigned int n, enum grant_access access)
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

/* Copies the grant references of a list that have that access. Returns their number;
 * -EINVAL: the list breaks a rule. */
static int gref_map_collect(struct gref_map *s, struct gref *grefs, const struct xen_netif_gref *list, unsigned int n,
			    enum grant_access access)
{
	int got = 0;

	for (unsigned int i = 0; i < n; i++) {
		bool readonly = list[i].flags & XEN_NETIF_CTRLF_GREF_readonly;

		if (list[i].flags & ~XEN_NETIF_CTRLF_GREF_readonly || gref_map_find(s, gref_of(list[i].ref)))
			return -EINVAL;
		for (unsigned int j = 0; j < i; j++)
			if (list[j].ref == list[i].ref)
				return -EINVAL;
		if (readonly == (access == GRANT_READ))
			grefs[got++] = gref_of(list[i].ref);
	}
	return got;
}

int gref_map_add(struct gref_map *s, const struct xen_netif_gref *list, unsigned int n)
{
	struct gref grefs[GREF_LIST_MAX];
	unsigned int before = s->count;
	int got, err;

	if (n == 0 || n > GREF_LIST_MAX || n > GREF_MAP_MAX - s->count)
		return -EINVAL;
	got = gref_map_collect(s, grefs, list, n, GRANT_READ);
	if (got < 0)
		return got;
	err = gref_map_map_run(s, grefs, (unsigned int)got, GRANT_READ);
	if (err)
		return err;
	/* The first half is not in the hash yet, so it cannot count as a duplicate. */
	got = gref_map_collect(s, grefs, list, n, GRANT_READ_WRITE);
	err = got < 0 ? got : gref_map_map_run(s, grefs, (unsigned int)got, GRANT_READ_WRITE);
	if (err && s->count > before) {
		gref_map_unmap_run(s, s->entry[before].run);
		s->count = before;
	}
	gref_map_rehash(s);
	return err;
}

static bool gref_map_is_busy(struct gref gref, const struct gref *busy, unsigned int nbusy)
{
	for (unsigned int i = 0; i < nbusy; i++)
		if (busy[i].raw == gref.raw)
			return true;
	return false;
}

/* Removes the deleted entries of one run: unmaps the run and maps the other entries again. */
static void gref_map_shrink_run(struct gref_map *s, uint16_t run)
{
	enum grant_access access = s->run[run].access;
	struct gref keep[GREF_LIST_MAX];
	unsigned int kept = 0, left = 0;
	int err;

	for (unsigned int i = 0; i < s->count; i++) {
		if (s->entry[i].run != run)
			s->entry[left++] = s->entry[i];
		else if (!s->entry[i].doomed)
			keep[kept++] = s->entry[i].gref;
	}
	s->count = left;
	gref_map_unmap_run(s, run);
	/* If that fails, their pages are copied from now on, which is only slower. */
	err = gref_map_map_run(s, keep, kept, access);
	if (err)
		log_warn_in(s->use.log, "static grants lost refs=%u error=\"%s\"", kept, errtext(ERRTEXT_XEN, err));
}

unsigned int gref_map_del(struct gref_map *s, struct xen_netif_gref *list, unsigned int n,
			  const struct gref *busy, unsigned int nbusy)
{
	unsigned int deleted = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct entry *e = gref_map_find(s, gref_of(list[i].ref));
		bool ok = e && !e->doomed && !gref_map_is_busy(e->gref, busy, nbusy);

		list[i].status = ok ? XEN_NETIF_CTRL_STATUS_SUCCESS : XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
		if (ok)
			e->doomed = true;
		deleted += ok;
	}
	for (unsigned int i = 0; i < s->count;) {
		if (s->entry[i].doomed) {
			gref_map_shrink_run(s, s->entry[i].run);
			i = 0;	/* the entries have moved */
		} else {
			i++;
		}
	}
	gref_map_rehash(s);
	return deleted;
}

unsigned int gref_map_list(const struct gref_map *s, struct xen_netif_gref *list)
{
	for (unsigned int i = 0; i < s->count; i++) {
		const struct entry *e = &s->entry[i];
		bool readonly = s->run[e->run].access == GRANT_READ;

		list[i] = (struct xen_netif_gref){ .ref = e->gref.raw,
						   .flags = readonly ? XEN_NETIF_CTRLF_GREF_readonly : 0 };
	}
	return s->count;
}

void gref_map_restore(struct gref_map *s, const struct xen_netif_gref *list, unsigned int n)
{
	for (unsigned int at = 0, part; at < n; at += part) {
		int err;

		part = (unsigned int)min_size(n - at, GREF_LIST_MAX);
		err = gref_map_add(s, list + at, part);
		if (err)
			log_warn_in(s->use.log, "static grants of an earlier daemon cannot be mapped, they are copied refs=%u error=\"%s\"",
				    part, errtext(ERRTEXT_XEN, err));
	}
}
