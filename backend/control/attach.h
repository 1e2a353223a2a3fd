/* SPDX-License-Identifier: MIT */
/* attach.h - a VIF's connection as control has it, wherever it is served
 *
 * The guest's data process serves it (process.h); with --isolation=none threads of this process
 * do. The calls are the same for both. In a data process a start and a stop take a while, and
 * control does not wait: `changed` is set where there is news, and the VIF is looked at then.
 */
#ifndef NETPAIR_BACKEND_ATTACH_H
#define NETPAIR_BACKEND_ATTACH_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/data/conn.h"
#include "backend/data/msg.h"
#include "process.h"
#include "vif_fds.h"

enum attach_state {
	ATTACH_NONE,
	ATTACH_FOUND,		/* an earlier control's data process serves it */
	ATTACH_STARTING,
	ATTACH_UP,
	ATTACH_STOPPING,
};

/* The zero value is no connection. The members but changed are attach.c's. */
struct attach {
	enum attach_state state;
	bool changed;			/* there is news; the caller clears it */
	bool lost;			/* the process that served it ended: it can be adopted */
	struct vif_conn *conn;		/* served here; NULL: in a data process */
	struct process *process;	/* the guest's; NULL: none was needed yet */
	struct attach *next;		/* of the process's list */
	uint32_t number;		/* of the VIF, in the process */
	bool asked;			/* CONNECT was sent */
	bool greeting;			/* it waits for what an earlier control's process says */
	struct served *served;	/* that is it */
	bool stalled;			/* as the process said */
	int switch_fd;			/* one more than the descriptor of what attach_take_switch() gives; 0: none */
	uint64_t since;			/* when the process was last asked, monotonic microseconds */
	bool failed;			/* it could not be started */
	struct reason why;		/* why not; or why it cannot go on */
	struct vif_conn_params params;	/* until CONNECT is sent */
	struct vif_fds fds;		/* likewise */
	struct vif_conf conf;
	bool captured;			/* attach_capture() began, and no start since; only in UP */
	struct msg_values sent;		/* the settings that were sent to the process */
	unsigned int unapplied;		/* messages with settings that it has not answered */
	struct domid peer;
	struct mapquota *quota;		/* borrowed */
	unsigned int mappings;		/* pages charged to it */
	bool adopted;			/* an earlier control connected it */
};

/* What data processes have news of goes to their attachments. */
extern const struct process_ops attach_process_ops;

/* Starts a connection that is not there. fds become the connection's, but for the first TAP;
 * params lack what is in fds. all: NULL: it is served here. Returns 0: it is up;
 * -EINPROGRESS: it is up, or has failed, later; other -errno, with the reason in why. */
MUST_CHECK int attach_start(struct attach *a, struct processes *all, const struct vif_conn_params *params,
			    struct vif_fds *fds, const struct vif_conf *conf, struct reason *why);

/* Returns true if the last start failed, with the reason in why, once. */
MUST_CHECK bool attach_failed(struct attach *a, struct reason *why);

/* Stops it. Returns true: there is no connection any more, and no page of the guest is mapped for
 * it; false: that follows. */
MUST_CHECK bool attach_stop(struct attach *a);

/* Stops it where it is served here; else the data process has ended already, or will do so. */
void attach_free(struct attach *a);

/* Tells the data process of settings that have changed. Returns true: all are in force; false: `changed`
 * is set once they are. */
bool attach_settings(struct attach *a);

/* Kills the data process if it has not answered in time. Called each second. */
void attach_tick(struct attach *a);

/* Returns true if a connection that is up cannot go on, with the reason in why. */
MUST_CHECK bool attach_faulted(const struct attach *a, struct reason *why);

/* Returns true if a queue has lacked slots for so long that the carrier is to be down. */
MUST_CHECK bool attach_stalled(const struct attach *a);

/* Returns true once after the process that served the connection ended. */
MUST_CHECK bool attach_lost(struct attach *a);

/* The frontend's state changed: forgets that a start failed, and, where it starts anew, that its
 * data process died too often. */
void attach_forget(struct attach *a, bool anew);

#endif
