/* SPDX-License-Identifier: MIT */
/* kept.c - the tables of kept.h: stored, and believed again after a check */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "../common/errtext.h"
#include "../common/log.h"
#include "../common/statemap.h"
#include "kept.h"

void vif_kept_path(char *path, size_t len, const char *run_dir, const char *name)
{
	snprintf(path, len, "%s/%s.tables", run_dir, name);
}

/* --- guarded copies ------------------------------------------------------ */

/* Between the two a daemon that is killed leaves an odd number. Only the order
 * of our own stores counts: nobody reads while we live. */
static void kept_begin(_Atomic uint32_t *seq)
{
	atomic_store_explicit(seq, atomic_load_explicit(seq, memory_order_relaxed) | 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static void kept_end(_Atomic uint32_t *seq)
{
	atomic_store_explicit(seq, atomic_load_explicit(seq, memory_order_relaxed) + 1, memory_order_release);
}

void vif_kept_hash(struct vif_link *l)
{
	kept_begin(&l->kept->hash_seq);
	hash_print(&l->hash, l->kept->hash, sizeof(l->kept->hash));
	kept_end(&l->kept->hash_seq);
}

void vif_kept_grants(struct vif_link *l)
{
	kept_begin(&l->kept->grants_seq);
	l->kept->ngrants = statics_list(l->statics, l->kept->grant);
	kept_end(&l->kept->grants_seq);
}

/* --- what an earlier daemon left ----------------------------------------- */

static void lost(const struct vif_link *l, const char *what)
{
	log_warn_in(&l->live->log, "a table of the earlier daemon's is damaged vif=%s lost=\"%s\"", l->name, what);
}

static void take_hash(struct vif_link *l)
{
	struct vif_kept *k = l->kept;
	bool whole = !(atomic_load(&k->hash_seq) & 1);

	k->hash[sizeof(k->hash) - 1] = '\0';
	if (whole && (k->hash[0] == '\0' || hash_parse(&l->hash, k->hash, l->conf.queues)))
		return;
	lost(l, "hash: nothing is hashed until the frontend connects anew");
	vif_kept_hash(l);
}

static void take_grants(struct vif_link *l)
{
	struct vif_kept *k = l->kept;
	bool whole = !(atomic_load(&k->grants_seq) & 1) && k->ngrants <= STATICS_MAX;

	if (!whole)
		lost(l, "static grants: frames are copied until the frontend connects anew");
	else if (l->conf.ctrl)
		statics_restore(l->statics, k->grant, k->ngrants);
	/* Without those that could not be mapped any more. */
	if (!whole || statics_count(l->statics) != k->ngrants)
		vif_kept_grants(l);
}

/* Whether the mapped file is of this very connection. */
static bool is_same(const struct vif_link *l)
{
	const struct vif_kept *k = l->kept;

	return memcmp(k->magic, KEPT_MAGIC, sizeof(KEPT_MAGIC)) == 0 &&
	       memchr(k->connection, '\0', sizeof(k->connection)) && strcmp(k->connection, l->connection) == 0;
}

/* --- birth and end ------------------------------------------------------- */

static void map_anew(struct vif_link *l, const char *path)
{
	void *map;
	int err = statemap_create(&map, path, sizeof(*l->kept));

	if (err) {
		log_warn_in(&l->live->log, "cannot keep the guest's tables for a restart vif=%s file=%s error=\"%s\"", l->name, path,
			 errtext(ERRTEXT_FILE, -err));
		map = mmap(NULL, sizeof(*l->kept), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	l->kept = map == MAP_FAILED ? NULL : map;
}

static void take_over(struct vif_link *l)
{
	unsigned int bad = mcast_check(&l->kept->mcast);

	if (bad || atomic_load(&l->kept->mcast_unknown)) {
		lost(l, "multicast addresses: all multicast is delivered until the frontend connects anew");
		atomic_store(&l->kept->mcast_unknown, 1);
	}
	take_hash(l);
	take_grants(l);
}

static void start_empty(struct vif_link *l, const struct vif_place *place, const char *path)
{
	map_anew(l, path);
	if (!l->kept)
		return;
	snprintf(l->kept->connection, sizeof(l->kept->connection), "%s", l->connection);
	if (place->resume) {
		log_warn("the backend before us left no usable tables: until the frontend connects anew all multicast is "
			 "delivered, frames are copied and not hashed vif=%s", l->name);
		atomic_store(&l->kept->mcast_unknown, 1);
	}
	/* The last: what is half made is nobody's. */
	atomic_thread_fence(memory_order_release);
	memcpy(l->kept->magic, KEPT_MAGIC, sizeof(KEPT_MAGIC));
}

int vif_kept_open(struct vif_link *l, const struct vif_place *place)
{
	void *map = NULL;
	char path[256];

	vif_kept_path(path, sizeof(path), place->run_dir, place->name);
	hash_init(&l->hash);
	if (place->resume && statemap_open(&map, path, sizeof(*l->kept)) == 0) {
		l->kept = map;
		if (is_same(l)) {
			take_over(l);
		} else {
			statemap_close(map, sizeof(*l->kept));
			l->kept = NULL;
		}
	}
	if (!l->kept)
		start_empty(l, place, path);
	if (!l->kept)
		return -ENOMEM;
	l->live->mcast = &l->kept->mcast;
	atomic_store(&l->live->all_multicast, atomic_load(&l->kept->mcast_unknown) != 0);
	return 0;
}

void vif_kept_close(struct vif_link *l)
{
	l->live->mcast = NULL;
	statemap_close(l->kept, sizeof(*l->kept));
	l->kept = NULL;
}
