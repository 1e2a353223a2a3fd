/* SPDX-License-Identifier: MIT */
/* vhost_hub.h - a vhost-user port: switches that come and go, and the workers that use them
 *
 * Theory of operation. The owner, a thread that is no worker, gives the hub each switch that connects, and calls
 * vhost_hub_run() when there is news. A worker has one end of the hub, its struct net_port (port.h). It frees nothing: when
 * the session changes it lets go of the one it used and says so. The owner frees a session once no end uses it.
 *
 * An end takes a session so: it notes it in `uses`, then looks again whether it still counts. The owner takes it away so: it
 * changes `now`, then looks at `uses`. All four are sequentially consistent, so at least one of the two sees the other's word.
 *
 * A switch that lies is disconnected, counted by the first worker (port_resets) and logged once. While there is no switch, frames for
 * it are dropped (DROP_PORT), and there are none from it.
 */
#ifndef NETPAIR_VHOST_HUB_H
#define NETPAIR_VHOST_HUB_H

#include <stdatomic.h>

#include "vhost_port.h"
#include "vhost_session.h"

struct log_bucket;
struct worker;

/* What a hub is made of. All is borrowed. */
struct vhost_hub_params {
	const char *name;		/* the VIF's, for the log */
	struct log_bucket *log;
	int owner_fd;			/* eventfd: a worker has news, and the owner is to call vhost_hub_run() */
	int epoll_fd;			/* has the socket of the present switch: the owner calls vhost_hub_run() when it is readable */
	unsigned int offloads;		/* TUN_F_* that the guest takes */
	unsigned int ends;
};

/* The members are vhost_hub.c's. */
struct vhost_hub {
	struct vhost_hub_params p;
	_Atomic(struct vhost_session *) now;	/* that the ends are to use; NULL: none */
	struct vhost_session *session;		/* of the present switch; NULL: none */
	struct vhost_session *old;		/* ended, and some end may still use it */
	atomic_uint resets;			/* sessions that ended because of a lie */
	struct vhost_hub_end {
		struct vhost_end end;
		int epoll_fd;			/* the port's descriptor */
		struct worker *worker;		/* borrowed; to be kicked */
	} end[];
};

/* Makes a hub without a switch. Returns 0 or -errno. */
MUST_CHECK int vhost_hub_new(struct vhost_hub **out, const struct vhost_hub_params *p);

/* Initialises the port of worker w as end i of the hub. w is to be initialised next, with this port. stats gets what all ends
 * count; NULL for all but one. */
void vhost_hub_port(struct vhost_hub *h, unsigned int i, struct net_port *net, struct worker *w, struct stats *stats);

/* Gives the hub a switch that connected: its socket, and memory of vhost_memory_new(). Owns both, also if it cannot take them:
 * then, or while there is a switch, the socket is closed. */
void vhost_hub_switch(struct vhost_hub *h, int sock, int memory_fd);

/* Goes on with what has news. Returns true if it must be called again within a second, as a switch has a time limit. */
bool vhost_hub_run(struct vhost_hub *h);

/* Returns the socket of the present switch, which is borrowed; -1: there is none. */
int vhost_hub_socket(const struct vhost_hub *h);

/* Frees it. No worker may run. NULL is allowed. */
void vhost_hub_free(struct vhost_hub *h);

#endif
