/* SPDX-License-Identifier: MIT */
/* ctlcapture.h - the captures that clients of the control socket have
 *
 * Theory of operation. A capture belongs to a client's connection: it ends when that ends, when the connection
 * of its VIF does, or with the daemon. The answer to the request has two descriptors, the block and the doorbell
 * (capture.h); the daemon keeps none. What must hold:
 *
 * - A VIF has one capture at a time, and a daemon CTLCAPTURE_MAX.
 * - The log says who captures what: user and process, as the kernel tells.
 *
 * For the control thread.
 */
#ifndef NETPAIR_CTLCAPTURE_H
#define NETPAIR_CTLCAPTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "capture.h"
#include "ctlsock.h"

#define CTLCAPTURE_MAX CTLSOCK_HELD_MAX

/* What a daemon does for a capture. vif is one that find() returned. */
struct ctlcapture_ops {
	/* Returns the VIF of that name; NULL: there is none. */
	void *(*find)(void *daemon, const char *name);
	/* Returns the workers of its connection, each of which has a ring; 0: it is not connected. */
	unsigned int (*workers)(const void *vif);
	/* Begins; fds stay the caller's. Returns 0 or -errno. */
	int (*begin)(void *vif, const struct capring_wish *wish, const struct capture_fds *fds);
	/* Ends it, if the connection is still the one that is captured. */
	void (*end)(void *vif);
	/* Returns whether it is. */
	bool (*is_on)(const void *vif);
};

struct ctlcapture {
	uint32_t id;		/* of the held client; 0: the place is free */
	char vif[16];
	uid_t uid;
	pid_t pid;
};

struct ctlcaptures {
	const char *program;
	const struct ctlcapture_ops *ops;
	void *daemon;
	uint32_t last_id;
	struct ctlcapture one[CTLCAPTURE_MAX];
};

/* Answers the request "capture VIF DIRECTION FRAMES SNAP". Returns the document. */
json_t *ctlcapture_begin(struct ctlcaptures *all, const struct ctlsock_request *request);

/* A client has gone: its capture ends. */
void ctlcapture_gone(struct ctlcaptures *all, uint32_t id);

/* Lets clients go whose VIF is not connected any more, or anew. Called each second. */
void ctlcapture_tick(struct ctlcaptures *all, struct ctlsock *s);

#endif
