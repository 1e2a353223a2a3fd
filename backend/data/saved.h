/* SPDX-License-Identifier: MIT */
/* saved.h - the tables that a guest set and only netbackd knows, saved for the next daemon
 *
 * Theory of operation. The multicast list, the hash and the static grants are
 * in a mapped file of the run directory (statemap.h), which control opens and the worker
 * changes by plain stores: the list in params, the others as a copy, guarded by a
 * sequence number that is odd while it is written. All is stored before the
 * guest gets its response, so a guest that was told OK finds its tables with the
 * next daemon, however this one ended, and no message of a guest's costs a
 * system call or wakes the control thread.
 *
 * A table that cannot be believed (no file, another version's, a sequence
 * number that is odd) is replaced by what loses nothing: all multicast is
 * delivered, nothing is hashed, frames are copied.
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

/* What is in the file. In a connection that starts, all but the first two are zero. */
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

/* Makes the tables of a connection that starts, in the file that params has; or adopts
 * those that an earlier daemon left there, if it served this connection, and maps its
 * static grants again. Without a file the tables are in private memory, and the next
 * daemon finds nothing. Returns 0 or -ENOMEM. */
MUST_CHECK int vif_saved_open(struct vif_conn *conn, const struct vif_conn_params *params);

/* Unmaps the file, which stays. */
void vif_saved_close(struct vif_conn *conn);

/* Save the hash or the static grants. On the only worker's thread, before the
 * message that changed them is answered. */
void vif_saved_hash(struct vif_conn *conn);
void vif_saved_grants(struct vif_conn *conn);

#endif
