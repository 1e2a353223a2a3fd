/* SPDX-License-Identifier: MIT */
/* kept.h - the tables that a guest set and that only we know, for a daemon after us
 *
 * Theory of operation. The multicast list, the hash and the static grants are
 * in a mapped file of the run directory (statemap.h), which the worker changes
 * by plain stores: the list in place, the others as a copy, guarded by a
 * sequence number that is odd while it is written. All is stored before the
 * guest gets its answer, so a guest that was told OK finds its tables with the
 * next daemon, however this one ended, and no message of a guest's costs a
 * system call or wakes the control thread.
 *
 * A table that cannot be believed (no file, another version's, a sequence
 * number that is odd) is replaced by what loses nothing: all multicast is
 * delivered, nothing is hashed, frames are copied.
 */
#ifndef NETPAIR_KEPT_H
#define NETPAIR_KEPT_H

#include <stdatomic.h>
#include <stdint.h>

#include "../common/abi.h"
#include "../common/hash.h"
#include "../common/mcast.h"
#include "link.h"
#include "queue.h"
#include "statics.h"

#define KEPT_MAGIC "netpair tables 1"

/* What is in the file. All zero but for the first two is a connection as it starts. */
struct vif_kept {
	char magic[24];
	char connection[VIF_CONNECTION_MAX];	/* of another: not for us */
	struct mcast mcast;
	_Atomic uint32_t mcast_unknown;		/* not 0: there were others that were lost */
	_Atomic uint32_t hash_seq;
	char hash[HASH_TEXT_MAX];		/* "": as it starts */
	_Atomic uint32_t grants_seq;
	uint32_t ngrants;
	struct xen_netif_gref grant[STATICS_MAX];
};

/* Makes the tables of a connection that starts, or takes those of the daemon
 * before us, if it served this one, and maps its static grants again. A file
 * that cannot be made is logged: then a daemon after us finds nothing. Returns
 * 0 or -ENOMEM. */
MUST_CHECK int vif_kept_open(struct vif_link *l, const struct vif_place *place);

/* Lets go of them; the file stays. */
void vif_kept_close(struct vif_link *l);

/* On the only worker's thread, before what changed them is answered. */
void vif_kept_hash(struct vif_link *l);
void vif_kept_grants(struct vif_link *l);

/* The file's name, to path. */
void vif_kept_path(char *path, size_t len, const char *run_dir, const char *name);

#endif
