/* SPDX-License-Identifier: MIT */
/* vif_vhost.h - the vhost-user port of a VIF, as control has it
 *
 * Theory of operation. Control listens at the socket that the key names, and hands each switch that connects to the guest's data
 * process, with memory of its own. It neither sends nor receives a byte itself. It keeps a descriptor of the switch's socket only to
 * hear of its end, whoever ends it. A switch is accepted while the VIF is connected and has none, and once a second at most, so
 * that one which lies and comes back costs little. Others wait in the socket's queue.
 */
#ifndef NETPAIR_BACKEND_VIF_VHOST_H
#define NETPAIR_BACKEND_VIF_VHOST_H

#include <stdbool.h>

#include "common/base/util.h"
#include "common/wire/portname.h"

struct reason;
struct vif;

/* The members are vif_vhost.c's. vif_vhost_init() makes it empty. */
struct vif_vhost {
	char path[PORT_NAME_MAX];	/* where listen_fd listens */
	int listen_fd;			/* -1: nowhere */
	int switch_fd;			/* the switch's socket; -1: there is none */
	bool listens;			/* listen_fd is waited for */
	bool may_accept;		/* none was accepted since the last tick */
};

void vif_vhost_init(struct vif_vhost *p);

/* Listens at a path. Returns 0, or -errno with the reason in why. */
MUST_CHECK int vif_vhost_open(struct vif *v, const char *path, struct reason *why);

/* Ends to listen, and lets go of the switch. */
void vif_vhost_close(struct vif *v);

/* Follows the VIF's connection: after it was looked at. */
void vif_vhost_settle(struct vif *v);

/* Takes what has news: a switch that connected, or has gone. */
void vif_vhost_events(struct vif *v);

/* Each second. */
void vif_vhost_tick(struct vif *v);

#endif
