/* SPDX-License-Identifier: MIT */
/* conn.h - a connection to a frontend, as the control side sees it
 *
 * Control includes of data only this header, and what it includes.
 * From vif_conn_start() to vif_conn_stop() a connection belongs to its workers
 * (conn_internal.h). Control reads counters, faults and stalls, and changes
 * struct vif_settings; nothing else crosses threads.
 */
#ifndef NETPAIR_BACKEND_CONN_H
#define NETPAIR_BACKEND_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/abi.h"
#include "common/base/reason.h"
#include "common/base/stats.h"
#include "common/base/util.h"
#include "conf.h"
#include "conn_capture.h"
#include "conn_switch.h"
#include "counters.h"
#include "handles.h"
#include "mapquota.h"
#include "settings.h"

struct vif_conn;

/* What a connection needs besides its configuration (struct vif_conf). */
struct vif_conn_params {
	struct domid peer;
	const char *name;	/* borrowed */
	struct vif_settings *settings;	/* borrowed */
	const struct vif_counters *counters;	/* for this number of queues and workers; its block is borrowed */
	bool vhost;		/* the port is vhost-user: the workers have no TAP */
	int switch_fd;		/* with it: an epoll instance that has the socket of the switch; vif_conn_run_switch() is due once it is readable; borrowed */
	const int *tap_fds;	/* one for each worker; -1: none; all but the first become the connection's, also after an error */
	unsigned int workers;	/* above one only without control ring and mask, on a multi-queue TAP */
	int control_fd;		/* borrowed */
	uint32_t hold_ms, stall_ms;	/* of the policy */
	int limit_fd;		/* from taplimit_attach(), with limit_bytes; -1: no limit; borrowed during the call */
	uint32_t limit_bytes;	/* bytes that may wait in the device's queues */
	struct mapquota *quota;	/* borrowed; static grants are charged to it */
	bool adopt;		/* an earlier daemon served this connection */
	struct vif_handles *handles;	/* borrowed; the workers take their devices from it; NULL: they open them */
	int tables_fd;		/* a file of vif_conn_tables_size() bytes for the next daemon; -1: none; borrowed during the call */
};

/* Maps the rings, binds the channels and starts the workers. Returns 0, or -errno
 * with the reason in why, which is one of reason_list.h. */
MUST_CHECK int vif_conn_start(struct vif_conn **out, const struct vif_conn_params *params,
			      const struct vif_conf *conf, struct reason *why);

/* Returns the most pages that one connection keeps mapped as static grants. */
unsigned int vif_conn_mappings_max(void);

/* Returns the size of the file for a guest's saved tables, in bytes. */
size_t vif_conn_tables_size(void);

/* Returns true if a worker has stopped serving, with the reason in why, which is one of reason_list.h. */
MUST_CHECK bool vif_conn_faulted(const struct vif_conn *conn, struct reason *why);

/* Returns true if a queue has lacked slots for so long that the carrier must be down. */
MUST_CHECK bool vif_conn_stalled(const struct vif_conn *conn);

/* Sums the counters of the connection's workers and queues. */
void vif_conn_stats(const struct vif_conn *conn, struct stats *sum);

/* Asks the workers to stop, and does not wait. Returns true once all have; vif_conn_stop() does not wait then. */
MUST_CHECK bool vif_conn_try_stop(struct vif_conn *conn);

/* Stops the workers, which first answer the requests that they have taken, and frees the
 * connection. *sum gets the final counters. */
void vif_conn_stop(struct vif_conn *conn, struct stats *sum);

#endif
