/* SPDX-License-Identifier: MIT */
/* nic.h - one network interface of this guest, as the frontend sees it
 *
 * The control thread owns it; the connection (link.h) belongs to its worker
 * while that runs.
 */
#ifndef NETPAIR_NIC_H
#define NETPAIR_NIC_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/abi.h"
#include "../common/log.h"
#include "../common/store.h"
#include "../common/util.h"
#include "link.h"

struct frontend;

struct nic {
	struct nic *next;
	struct frontend *daemon;
	uint32_t devid;
	char name[16];			/* nicN, in logs and notes */
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
	bool filter_unseen;		/* what the TAP is to receive cannot be read; said once */
	int tap_fd;			/* -1: none yet */
	struct log_bucket log;		/* of the lines that the backend can provoke */
	unsigned int ifindex;		/* of that device; 0: it is in another namespace, or not known */
	char ifname[16];		/* its name then */
	bool no_queue;			/* its queue takes no frame: said once */
	bool replaced;			/* the connection is with a device that was deleted */
	struct nic_link *link;		/* NULL unless rings are shared */
	unsigned int attempts;		/* connections that came to nothing, in a row */
	uint64_t not_before;		/* for the next one; microseconds */
};

/* Reads and checks the backend's offer to who wants so many queues; why gets a text on failure. -errno. */
MUST_CHECK int nic_conf_read(struct nic_conf *conf, struct store *s, const char *be_path,
			     unsigned int queues, char *why, size_t why_len);

/* Leaves out of the offer what the command line does not want. */
void nic_conf_restrict(struct nic_conf *conf, const struct frontend *d);

/* Writes the rings, channels, features and the state Connected in one
 * transaction. -errno. */
MUST_CHECK int nic_conf_publish(struct store *s, const char *fe_path, const struct nic_link *l);

/* Opens or makes the TAP, if it is not open. -errno. */
MUST_CHECK int nic_tap_make(struct nic *n);
void nic_tap_remove(struct nic *n);

/* Makes a new device if somebody deleted the one that we hold, and ends the
 * worker that has it: the connection is to be made anew then. */
void nic_tap_replace(struct nic *n);

/* Has us told of what is done to the device, once it is open. */
void nic_links_watch(struct nic *n);

/* Takes one event for the NICs of a struct frontend, which is arg; marks those
 * dirty whose device may have gone. */
struct link_event;
void nic_links_event(void *arg, const struct link_event *ev);

/* Saves where the device is now, after it was renamed or moved. */
void nic_tap_moved(struct nic *n);

/* The carrier is up while we are attached, unless the backend's key says down. */
void nic_tap_carrier(struct nic *n);

/* Applies the toolstack's mac and mtu where they have changed; absent: left alone.
 * But the MTU is no more than the backend takes. */
void nic_tap_fit(struct nic *n, const struct nic_conf *conf);

/* Gives the TAP the offloads that the backend takes. -errno. */
MUST_CHECK int nic_tap_offloads(struct nic *n, const struct nic_conf *conf);

/* What becomes of the backend's offer to filter multicast, before we connect. */
void nic_filter_prepare(struct nic *n, struct nic_conf *conf);

/* Hands the TAP's filter on, while connected. */
void nic_filter_look(struct nic *n);

/* Makes a NIC for device/vif/devid; NULL without memory, or if it is not there. */
MUST_CHECK struct nic *nic_new(struct frontend *d, uint32_t devid);
void nic_free(struct nic *n);

/* Looks at both directories afresh and does what the handshake asks for. */
void nic_run(struct nic *n);

#endif
