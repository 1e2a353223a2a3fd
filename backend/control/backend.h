/* SPDX-License-Identifier: MIT */
/* backend.h - the daemon's control side: all VIFs, and the thread that owns them */
#ifndef NETPAIR_BACKEND_BACKEND_H
#define NETPAIR_BACKEND_BACKEND_H

#include <stdbool.h>

#include "common/wire/handshake.h"
#include "vif.h"
#include "vif_conf.h"

struct backend {
	struct store *store;
	struct vif *vifs;
	const char *run_dir;	/* where the state for the next daemon is saved */
	struct vif_policy policy;
	struct mapquota *quota;	/* of static grants, over all VIFs */
	struct processes *processes;	/* data processes; NULL: connections are served by threads of this one */
	int control_fd;		/* eventfd: some worker has a fault, or stalled */
	int ports_fd;		/* epoll instance with the sockets of vhost-user ports */
	int link_fd;		/* linkwatch.h; -1: no events of devices */
	struct hotplug *hotplug;	/* runs hotplug scripts; NULL: the toolstack does */
	bool take_over;		/* unbind the kernel's netback, device by device */
	bool drain;		/* the control socket asked for it */
	bool closing;		/* every VIF is to be closed */
	bool stale_taps;		/* an event was for a directory that is not served */
	bool look_again;	/* xenstored failed at the last look at some VIF */
};

/* Watches our own backend/vif and serves the VIFs that are there. Returns 0 or -errno. */
MUST_CHECK int backend_start(struct backend *d);

/* Drains the watch events, then looks at each VIF that they touched. */
void backend_events(struct backend *d);

/* Each second or so: looks again where xenstored failed at the last look, and
 * goes on with VIFs that took too many steps. */
void backend_tick(struct backend *d);

/* Looks at everything, as there is another connection to xenstored; how is what
 * store_reopen() returned. */
void backend_reconnected(struct backend *d, int how);

/* Takes the events of devices, and looks at the VIFs that have these devices. */
void backend_links(struct backend *d);

/* Looks at the VIFs whose worker has a fault, stalled, or recovered, and takes switches that connected to vhost-user ports or
 * have gone. */
void backend_faults(struct backend *d);

/* Opens ports_fd. Returns it, or -errno. backend_faults() is due while it is readable. */
MUST_CHECK int backend_ports_fd(struct backend *d);

/* Takes what data processes say, and their ends, and looks at the VIFs that are concerned. */
void backend_processes(struct backend *d);

/* Takes the ends of hotplug scripts, and looks at the VIFs that wait for one. */
void backend_scripts(struct backend *d);

/* Closes every VIF in order; backend_empty() tells when all are. */
void backend_close(struct backend *d);
MUST_CHECK bool backend_empty(const struct backend *d);

/* Ends the workers and frees all VIFs; xenstore and the TAPs stay as they are. */
void backend_stop(struct backend *d);

/* Logs the counters of each VIF. */
void backend_log_stats(const struct backend *d);

#endif
