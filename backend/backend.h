/* SPDX-License-Identifier: MIT */
/* backend.h - the daemon's control side: all VIFs, and the thread that owns them */
#ifndef NETPAIR_BACKEND_H
#define NETPAIR_BACKEND_H

#include <stdbool.h>

#include "../common/handshake.h"
#include "vif.h"

struct backend {
	struct store *store;
	struct vif *vifs;
	const char *run_dir;	/* what a successor needs is kept there */
	struct vif_policy policy;
	struct mapquota *quota;	/* of static grants, over all VIFs */
	int wake_fd;		/* eventfd: some worker has a fault to tell */
	int link_fd;		/* linkwatch.h; -1: nobody tells of devices */
	bool take_over;		/* unbind the kernel's netback, device by device */
	bool draining;		/* every VIF is to be closed */
	bool orphans;		/* an event was for a directory that is not served */
	bool look_again;	/* xenstored failed at the last look at some VIF */
};

/* Sets the watch on our own backend/vif and looks at what is there. -errno. */
MUST_CHECK int backend_start(struct backend *d);

/* Removes the devices of VIFs that went while no daemon was there. */
void backend_sweep(struct backend *d);

/* Drains the watch events, then looks at each VIF that they touched. */
void backend_events(struct backend *d);

/* A second or so has gone by: looks again where xenstored failed at the last
 * look, and goes on with VIFs that were moved too often. */
void backend_tick(struct backend *d);

/* There is another connection to xenstored: looks at everything. how as of
 * store_reopen(). */
void backend_reconnected(struct backend *d, int how);

/* Takes what is told of devices, and looks at the VIFs whose device it was. */
void backend_links(struct backend *d);

/* Workers told of faults: closes their VIFs. */
void backend_faults(struct backend *d);

/* Closes every VIF in order; backend_empty() tells when all are. */
void backend_drain(struct backend *d);
MUST_CHECK bool backend_empty(const struct backend *d);

/* Ends the workers and lets go, leaving xenstore and the TAPs as they are. */
void backend_stop(struct backend *d);

/* One log line of counters a VIF. */
void backend_log_stats(const struct backend *d);

#endif
