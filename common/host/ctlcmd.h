/* SPDX-License-Identifier: MIT */
/* ctlcmd.h - the commands of the control socket, and what a daemon does for them
 *
 * Both daemons have the same commands and documents (docs/control-socket.md). A daemon gives
 * the functions of struct ctlcmd_ops; one that is NULL it does not have. For the control thread.
 */
#ifndef NETPAIR_CTLCMD_H
#define NETPAIR_CTLCMD_H

#include <stdint.h>

#include <jansson.h>

#include "common/base/log.h"
#include "common/base/util.h"

struct ctlsock;

/* How much of a VIF a document has. */
enum ctlcmd_part {
	CTLCMD_LIST,	/* who and where it is, its state and totals */
	CTLCMD_SHOW,	/* also what was agreed, its settings and its process */
	CTLCMD_STATS,	/* who it is, and all counters */
	CTLCMD_DROPS,	/* who it is, and the reasons that have drops */
};

struct ctlcmd_ops {
	const char *program;
	/* Adds an object for the VIF called name, or for each VIF if name is "", to vifs. Returns how many. */
	unsigned int (*vifs)(void *daemon, const char *name, enum ctlcmd_part part, json_t *vifs);
	/* Sets the rate of the VIF called name; text is "BYTES,USECS", or "" for no limit. Returns 0; -ENOENT: there
	 * is no such VIF; -EINVAL: text has another form; other -errno of xenstored. */
	int (*set_rate)(void *daemon, const char *name, const char *text);
	/* Sets the level of the log. */
	void (*set_level)(void *daemon, enum log_level level);
	/* Begins to close every VIF, and to end then. */
	void (*drain)(void *daemon);
};

/* A daemon's end of the commands. */
struct ctlcmd {
	const struct ctlcmd_ops *ops;
	void *daemon;
};

/* Makes the daemon's control socket in run_dir; c stays valid. Returns NULL, after a log line, if there is
 * none: the daemon works without. The caller owes ctlsock_close(). */
struct ctlsock *ctlcmd_open(const struct ctlcmd *c, const char *run_dir);

#endif
