/* SPDX-License-Identifier: MIT */
/* saved.c - stores the tables of saved.h, and adopts them after a check */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/statemap.h"
#include "saved.h"

/* #syscalls-some mmap */

/* --- guarded copies ------------------------------------------------------ */

/* A daemon that is killed between begin and end leaves an odd number. Only the
 * order of our own stores matters: nothing reads the file while we run. */
static void saved_write_begin(_Atomic uint32_t *seq)
{
	atomic_store_explicit(seq, atomic_load_explicit(seq, memory_order_relaxed) | 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static void saved_write_end(_Atomic uint32_t *seq)
{
	atomic_store_explicit(seq, atomic_load_explicit(seq, memory_order_relaxed) + 1, memory_order_release);
}

void vif_saved_hash(struct vif_conn *conn)
{
	saved_write_begin(&conn->saved->hash_seq);
	hash_print(&conn->hash, conn->saved->hash, sizeof(conn->saved->hash));
	saved_write_end(&conn->saved->hash_seq);
}

void vif_saved_grants(struct vif_conn *conn)
{
	saved_write_begin(&conn->saved->grants_seq);
	conn->saved->ngrants = gref_map_list(conn->gref_map, conn->saved->grant);
	saved_write_end(&conn->saved->grants_seq);
}

/* --- what an earlier daemon left ----------------------------------------- */

static void saved_lost(const struct vif_conn *conn, const char *what)
{
	log_warn_in(&conn->settings->log, "a saved table is damaged and not used vif=%s lost=\"%s\"", conn->name, what);
}

static void saved_adopt_hash(struct vif_conn *conn)
{
	struct vif_saved *k = conn->saved;
	bool whole = !(atomic_load(&k->hash_seq) & 1);

	k->hash[sizeof(k->hash) - 1] = '\0';
	if (whole && (k->hash[0] == '\0' || hash_parse(&conn->hash, k->hash, conn->conf.queues)))
		return;
	saved_lost(conn, "hash: nothing is hashed until the frontend connects anew");
	vif_saved_hash(conn);
}

static void saved_adopt_grants(struct vif_conn *conn)
{
	struct vif_saved *k = conn->saved;
	bool whole = !(atomic_load(&k->grants_seq) & 1) && k->ngrants <= GREF_MAP_MAX;

	if (!whole)
		saved_lost(conn, "static grants: frames are copied until the frontend connects anew");
	else if (conn->conf.ctrl)
		gref_map_restore(conn->gref_map, k->grant, k->ngrants);
	/* Save the table without those that could not be mapped any more. */
	if (!whole || gref_map_count(conn->gref_map) != k->ngrants)
		vif_saved_grants(conn);
}

/* Returns true if the mapped file is of this connection. */
static bool saved_is_same(const struct vif_conn *conn)
{
	const struct vif_saved *k = conn->saved;

	return memcmp(k->magic, SAVED_MAGIC, sizeof(SAVED_MAGIC)) == 0 &&
	       memchr(k->connection, '\0', sizeof(k->connection)) && strcmp(k->connection, conn->connection) == 0;
}

/* --- open and close ------------------------------------------------------- */

/* Maps the file fd, or private memory if there is none. */
static void saved_map(struct vif_conn *conn, int fd)
{
	void *map = NULL;
	int err = fd < 0 ? 0 : statemap_map(&map, fd, sizeof(*conn->saved));

	if (err)
		log_warn_in(&conn->settings->log, "cannot save the guest's tables for a restart vif=%s error=\"%s\"", conn->name,
			    errtext(ERRTEXT_FILE, err));
	if (!map)
		map = mmap(NULL, sizeof(*conn->saved), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	conn->saved = map == MAP_FAILED ? NULL : map;
}

static void saved_adopt(struct vif_conn *conn)
{
	unsigned int bad = mcast_check(&conn->saved->mcast);

	/* What an earlier daemon lost it has told. */
	if (bad) {
		saved_lost(conn, "multicast addresses: all multicast is delivered until the frontend connects anew");
		atomic_store(&conn->saved->mcast_unknown, 1);
	}
	saved_adopt_hash(conn);
	saved_adopt_grants(conn);
}

/* Makes empty tables. The magic is cleared first and written last, so an unfinished file is not adopted. */
static void saved_start_empty(struct vif_conn *conn, const struct vif_conn_params *params)
{
	struct vif_saved *k = conn->saved;

	memset(k->magic, 0, sizeof(k->magic));
	atomic_thread_fence(memory_order_release);
	memset(k, 0, sizeof(*k));
	snprintf(k->connection, sizeof(k->connection), "%s", conn->connection);
	if (params->adopt) {
		log_warn("an earlier netbackd left no usable tables: until the frontend connects anew all multicast is "
			 "delivered, frames are copied and not hashed vif=%s", conn->name);
		atomic_store(&k->mcast_unknown, 1);
	}
	atomic_thread_fence(memory_order_release);
	memcpy(k->magic, SAVED_MAGIC, sizeof(SAVED_MAGIC));
}

int vif_saved_open(struct vif_conn *conn, const struct vif_conn_params *params)
{
	hash_init(&conn->hash);
	saved_map(conn, params->tables_fd);
	if (!conn->saved)
		return -ENOMEM;
	if (params->adopt && saved_is_same(conn))
		saved_adopt(conn);
	else
		saved_start_empty(conn, params);
	conn->settings->mcast = &conn->saved->mcast;
	atomic_store(&conn->settings->all_multicast, atomic_load(&conn->saved->mcast_unknown) != 0);
	return 0;
}

void vif_saved_close(struct vif_conn *conn)
{
	conn->settings->mcast = NULL;
	statemap_unmap(conn->saved, sizeof(*conn->saved));
	conn->saved = NULL;
}
