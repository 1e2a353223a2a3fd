/* SPDX-License-Identifier: MIT */
/* nic.h - one network interface of this guest, as the frontend sees it
 *
 * The control thread owns it; the connection (conn.h) belongs to its worker
 * while that runs.
 */
#ifndef NETPAIR_FRONTEND_NIC_H
#define NETPAIR_FRONTEND_NIC_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/abi.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "common/host/store.h"
#include "common/host/taplink.h"
#include "frontend/data/conn.h"

/* What all NICs of the daemon share. */
struct nic_daemon {
	struct store *store;
	const char *run_dir;
	const char *ifname;		/* of a new TAP, may hold %d */
	int control_fd;			/* eventfd: some worker has a fault to tell */
	int link_fd;			/* linkwatch.h; -1: nothing tells of devices */
	unsigned int queues;		/* wanted of each NIC */
	bool take_over;
	bool one_channel;		/* do not split even if the backend could */
	bool no_event_mask;		/* a channel each, as every backend knows them */
	bool no_static_grants;
	bool rss;			/* have backends spread what we receive by a hash of ours */
	bool multicast_control;		/* have backends filter multicast as the TAPs do */
	uint32_t without;		/* OFFER_* that no backend is to know of */
	bool stopping;			/* every NIC is to be closed */
};

struct nic {
	struct nic *next;
	const struct nic_daemon *daemon;
	uint32_t devid;
	char name[16];			/* nicN, in logs and saved states */
	char fe_path[64];
	char be_path[STORE_PATH_MAX];	/* "" while unknown; watched if not */
	char token[16];
	struct domid peer;
	enum xenbus_state state;	/* as published, or as found */
	enum xenbus_state seen;		/* the backend's, at the last look */
	bool dirty;
	bool gone;			/* to be freed */
	bool unlisted;			/* xenstored lost what it knew, and so the directory */
	bool attached;
	bool carrier;			/* the TAP's */
	bool restored;			/* what is shared is of a life before a restore */
	bool filtering;			/* the backend is asked to filter multicast */
	bool filter_short;		/* and it does so more than we want */
	bool filter_unseen;		/* what the TAP is to receive cannot be read; logged once */
	int tap_fd;			/* -1: none yet */
	struct log_bucket log;		/* of the lines that the backend can provoke */
	struct taplink link;		/* where that device is */
	bool replaced;			/* the connection is with a device that was deleted, or its worker was stuck */
	struct stuck watch;		/* what is known of the worker */
	bool stuck;			/* the worker does not come back */
	struct nic_conn *conn;		/* NULL unless rings are shared */
	unsigned int attempts;		/* connections that came to nothing, in a row */
	uint64_t not_before;		/* for the next one; microseconds */
	uint64_t retry_at;		/* nic_run() wants to be called again then, microseconds; 0: it does not */
};

/* Makes a NIC for device/vif/devid. Returns NULL without memory, or if it is not there. */
MUST_CHECK struct nic *nic_new(const struct nic_daemon *d, uint32_t devid);
void nic_free(struct nic *n);

/* Reads both directories afresh and does what the handshake asks for. */
void nic_run(struct nic *n);

#endif
