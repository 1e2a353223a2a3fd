/* SPDX-License-Identifier: MIT */
/* saved.h - the tables that a guest set and only netbackd knows, saved for the next daemon
 *
 * Theory of operation. The multicast list, the hash and the static grants are in a mapped
 * file of the run directory (statemap.h). Control opens the file; the worker changes it by
 * plain stores, without a system call and without waking the control thread. The list is
 * used in the file itself. The others are copies, each guarded by a sequence number that is
 * odd while the copy is written.
 *
 * Everything is stored before the guest gets its response. So once a response says OK, the
 * next daemon has the tables, however this one ends.
 *
 * If a table cannot be used (no file, another version, an odd sequence number), it is
 * replaced so that no frame is lost: all multicast is delivered, nothing is hashed, frames
 * are copied.
 */
#ifndef NETPAIR_BACKEND_SAVED_H
#define NETPAIR_BACKEND_SAVED_H

#include <stdatomic.h>
#include <stdint.h>

#include "common/base/abi.h"
#include "common/wire/hash.h"
#include "common/wire/mcast.h"
#include "conn.h"
#include "conn_internal.h"
#include "gref_map.h"

#define SAVED_MAGIC "netpair tables 1"

/* The contents of the file. For a new connection all but the first two members are zero. */
struct vif_saved {
	char magic[24];
	char connection[VIF_CONNECTION_MAX];	/* the file of another connection is not used */
	struct mcast mcast;
	_Atomic uint32_t mcast_unknown;		/* not 0: the list lost some addresses */
	_Atomic uint32_t hash_seq;
	char hash[HASH_TEXT_MAX];		/* hash_print(); "": no hash */
	_Atomic uint32_t grants_seq;
	uint32_t ngrants;
	struct xen_netif_gref grant[GREF_MAP_MAX];
};

/* Makes the tables of a new connection in the file of params. If params->adopt is set and the file
 * is of this connection, adopts the tables in it instead, and maps the static grants again.
 * Without a file the tables are in private memory, and the next daemon has none. Returns 0 or
 * -ENOMEM. */
MUST_CHECK int vif_saved_open(struct vif_conn *conn, const struct vif_conn_params *params);

/* Unmaps the file, which stays. */
void vif_saved_close(struct vif_conn *conn);

/* Save the hash, or the static grants. Called on the only worker's thread, before the message that
 * changed them is answered. */
void vif_saved_hash(struct vif_conn *conn);
void vif_saved_grants(struct vif_conn *conn);

#endif
