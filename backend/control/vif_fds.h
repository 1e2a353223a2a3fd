/* SPDX-License-Identifier: MIT */
/* vif_fds.h - the descriptors that a connection is made with
 *
 * Control opens what needs a name or a privilege. The data side gets descriptors, opens no
 * device of the host and loads nothing into the kernel.
 */
#ifndef NETPAIR_BACKEND_VIF_FDS_H
#define NETPAIR_BACKEND_VIF_FDS_H

#include "backend/data/conn.h"

struct vif;

struct vif_fds {
	int tap[VIF_QUEUES_MAX];	/* one for each worker; the first is the VIF's own; -1: the port is no device */
	unsigned int workers;
	int limit;			/* taplimit_attach()'s; -1: no limit in bytes */
	uint32_t limit_bytes;
	int tables;			/* what the guest set, for the next daemon; -1: cannot be saved */
};

/* Opens the descriptors of a connection with at most so many workers: fewer where the device
 * cannot be opened once more. The tables are what an earlier daemon left, if the VIF was
 * connected then, or made anew. Logs what is missing. The caller owes vif_fds_close(). */
void vif_fds_open(struct vif_fds *fds, struct vif *v, unsigned int workers);

/* Returns the limit in bytes of what waits in the VIF's port; 0: there is none. */
uint32_t vif_fds_limit_bytes(const struct vif *v);

/* Puts them into the parameters of a connection, to which vif_conn_start() then gives all
 * TAPs but the first. */
void vif_fds_put(const struct vif_fds *fds, struct vif_conn_params *params);

/* Closes those that a connection needs no longer once it was made. */
void vif_fds_close(struct vif_fds *fds);

/* Closes all but the VIF's own TAP, as no connection was made. */
void vif_fds_drop(struct vif_fds *fds);

/* Removes the tables that a VIF of that name left in the run directory. */
void vif_fds_forget_tables(const char *run_dir, const char *name);

#endif
