/* SPDX-License-Identifier: MIT */
/* vif.h - one virtual interface of one guest, as the backend sees it
 *
 * The control thread owns all of it: xenstore, the TAP, the xenbus state, and
 * the start and stop of the connection (attach.h), which belongs to its workers
 * while they run, in the guest's data process.
 */
#ifndef NETPAIR_BACKEND_VIF_H
#define NETPAIR_BACKEND_VIF_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/abi.h"
#include "common/base/reason.h"
#include "common/base/util.h"
#include "common/host/store.h"
#include "common/host/taplink.h"
#include "attach.h"
#include "backend/data/conn.h"
#include "vif_hotplug.h"
#include "vif_port.h"

struct backend;

struct vif {
	struct vif *next;
	struct backend *daemon;
	struct domid peer;
	uint32_t devid;
	char name[16];			/* vifD.H: what the TAP was born as */
	char domain[40];		/* UUID of the guest; "": not known */
	char guest[80];			/* the guest's name; "": not known */
	char mac[18];			/* the guest's address, as in the key mac; "": not known */
	char be_path[128];
	char fe_path[STORE_PATH_MAX];	/* "" until known */
	char token[32];			/* of the watch on the frontend's state */
	enum xenbus_state state;	/* as published */
	enum xenbus_state seen;		/* the frontend's, at the last look */
	bool dirty;
	bool looked;			/* whether an earlier control's data process serves it is known */
	bool begun;			/* vif_life_begin() was done */
	bool new_life;			/* no device that is there already is ours */
	bool tables_lost;		/* what was agreed with this frontend is not known to us */
	bool waits;			/* another VIF has the device of that name */
	bool device_remade;		/* it was deleted, and no hotplug script has seen the new one */
	bool look_again;		/* xenstored failed at the last look */
	bool unlisted;			/* xenstored lost what it knew, and so the directory */
	bool untold;			/* the state could not be published */
	bool error_due;			/* the key error could not be written yet */
	unsigned int moves;		/* steps since the last tick */
	unsigned int errors;		/* writes of the key error that are not yet forgiven */
	char error[STORE_VALUE_MAX];	/* what the key error says, or is to say; "": nothing of ours */
	bool gone;			/* to be freed */
	bool remade;			/* and to be found again at once */
	bool refused;
	struct reason broken;		/* why the toolstack's own keys rule it out; .what NULL: they do not */
	struct vif_hotplug hotplug;	/* with --hotplug */
	int tap_fd;			/* -1: none yet */
	struct taplink link;		/* where that device is */
	struct vif_port port;		/* what is on its other side */
	bool carrier;			/* of the port: a connection can deliver */
	char rate[STORE_VALUE_MAX];	/* the backend key, as last read */
	struct vif_settings settings;		/* its workers look at it too */
	bool reconfiguring;		/* xdp-headroom is watched */
	struct vif_counters counters;	/* of the VIF's life, as the connection, or the last one, goes on with them */
	struct stats counted_before;	/* their sum when this daemon made the connection */
	struct attach attach;		/* the connection */
	struct stuck stuck[VIF_QUEUES_MAX];	/* what is known of its workers */
	bool serving;			/* it is up, and the frontend was told so */
	uint64_t serving_since;		/* when that began, seconds since 1970 */
	bool taken;			/* from the kernel, and the connection of before is not yet at its end */
};

/* Reads both directories afresh and takes the steps that the handshake asks for. */
void vif_run(struct vif *v);

#endif
