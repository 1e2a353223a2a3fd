/* SPDX-License-Identifier: MIT */
/* ctlcmd.h - the commands of the control socket, and what a daemon does for them
 *
 * Both daemons have the same commands and documents (docs/control-socket.md). For the control thread.
 */
#ifndef NETPAIR_CTLCMD_H
#define NETPAIR_CTLCMD_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/abi.h"
#include "common/base/log.h"
#include "common/base/positions.h"
#include "common/base/stats.h"
#include "common/base/util.h"
#include "common/wire/offload.h"
#include "ctlcapture.h"

/* What both daemons know of a VIF. */
struct ctlcmd_vif {
	const char *name;
	uint32_t domid, devid;
	int tap_fd;			/* -1: it has no device */
	enum xenbus_state ours, theirs;
	bool connected;
	const char *channels;		/* NULL: there is no connection, and the next two are not set */
	unsigned int queues;
	const struct vnet_peer *peer;
	struct stats sum;		/* of all that it counts */
};

/* Functions of a daemon; one that is NULL it does not have. vif is one of those that next() returned. */
struct ctlcmd_ops {
	const char *program;
	/* Returns the VIF after vif, or the first one for NULL; NULL: there are no more. */
	void *(*next)(void *daemon, const void *vif);
	void (*describe)(const void *vif, struct ctlcmd_vif *out);
	/* Add what only this daemon knows: of the guest, of the state, of the features of a connection, of the settings,
	 * and of the process that moves the packets. */
	void (*add_guest)(json_t *o, const void *vif);
	void (*add_state)(json_t *o, const void *vif);
	void (*add_features)(json_t *o, const void *vif);
	void (*add_settings)(json_t *o, const void *vif);
	void (*add_process)(json_t *o, const void *vif);
	/* Get where queue i is, and what it counted where there is more than one. Return false if there is no such queue. */
	bool (*positions)(const void *vif, unsigned int i, struct positions *out);
	bool (*queue_stats)(const void *vif, unsigned int i, struct stats *out);
	/* Sets the rate of a VIF; text is "BYTES,USECS", or "" for no limit. Returns 0; -EINVAL: text has another form;
	 * other -errno of xenstored. */
	int (*set_rate)(void *vif, const char *text);
	/* Sets the level of the log. */
	void (*set_level)(void *daemon, enum log_level level);
	/* Begins to close every VIF, and to end then. */
	void (*drain)(void *daemon);
	/* find is ctlcmd.c's. */
	struct ctlcapture_ops capture;
};

/* A daemon's end of the commands. */
struct ctlcmd {
	const struct ctlcmd_ops *ops;
	void *daemon;
	struct ctlsock *sock;		/* NULL: there is none */
	struct ctlcapture_ops capture;	/* those of ops, with find */
	struct ctlcaptures captures;
};

/* Makes the daemon's control socket in run_dir, c->sock; c has ops and daemon, and stays valid. Without a socket the
 * daemon works, and a log line says so. The caller owes ctlsock_close(). */
void ctlcmd_open(struct ctlcmd *c, const char *run_dir);

/* Ends what a VIF's end ends. Called each second. */
void ctlcmd_tick(struct ctlcmd *c);

#endif
