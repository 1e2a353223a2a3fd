/* SPDX-License-Identifier: MIT */
/* vif_port.h - the port of a VIF: what is on its other side, as control has it
 *
 * Theory of operation. The backend key `port` names it; a key that is absent means the VIF's own TAP. It is read
 * when a connection is made, and then stays until that ends. A port that cannot be had is no fault of the frontend,
 * which waits: the key error and the log say why, and the VIF is looked at again when the key changes and
 * each second. Control opens the port and sets what it has; the data side reads and writes frames (port.h).
 *
 * The TAP vifD.H is there whatever the port is, so that hotplug scripts and the toolstack find it. It has a carrier
 * only while it is the port.
 */
#ifndef NETPAIR_BACKEND_VIF_PORT_H
#define NETPAIR_BACKEND_VIF_PORT_H

#include <stdbool.h>

#include "common/base/reason.h"
#include "common/base/util.h"
#include "common/wire/portname.h"
#include "vif_macvtap.h"
#include "vif_vhost.h"

struct link_event;
struct vif;
struct vif_conf;

/* What control does with a port of one kind. All are called on the control thread. */
struct vif_port_ops {
	/* Has the port ready for a connection; it may be already. Returns 0, or -errno with the reason in why. */
	int (*open)(struct vif *v, struct reason *why);
	/* Gives it the offloads and the MTU that this frontend takes. Returns 0 or -errno. */
	int (*fit)(struct vif *v, const struct vif_conf *conf);
	/* Returns the mask of what it takes in an offload header (docs/vnet-header.md). Frames of other kinds, which an
	 * earlier netbackd agreed to or another port takes, are segmented for it. */
	uint32_t (*header)(const struct vif *v);
	/* Drops the frames that wait in it. Returns their number. */
	unsigned int (*flush)(struct vif *v);
	/* Has the carrier follow v->carrier. */
	void (*carrier)(struct vif *v);
	/* Returns whether it has one queue only, and so one worker. NULL: it has one for each. */
	bool (*is_single)(const struct vif *v);
	/* Returns the descriptor for the first worker, which stays the port's. */
	int (*fd)(const struct vif *v);
	/* Opens one more, for another worker; the caller owns *fd. Returns 0, with -1 if the worker needs none; or -errno. */
	int (*another)(const struct vif *v, int *fd);
	/* Looks at it while it is served, at each look at the VIF. May be NULL. */
	void (*look)(struct vif *v);
};

/* The port of a VIF. It is the TAP at first. */
struct vif_port {
	struct port_name name;
	struct vif_vhost vhost;		/* of a vhost-user port */
	const struct vif_port_ops *ops;	/* of the port that was chosen: for vif_fds.c, which vif_tap.c needs, and so vif_port.c */
	bool unread;			/* the key could not be read the last time */
	struct vif_macvtap macvtap;	/* of a macvtap port */
	bool tap_served;		/* an earlier control's data process serves the TAP, or a switch */
	char odd[REASON_TEXT_MAX];	/* what is wrong with it while it is served, for people; "": nothing */
	char text[PORT_NAME_MAX];	/* for people: the key, or the word for its absence; "": it was not read yet */
};

/* Reads the key, and has the port that it names ready for a connection. Returns false if there is none to be had
 * now: then it has told why, and the VIF is looked at again. */
MUST_CHECK bool vif_port_choose(struct vif *v);

/* Does what struct vif_port_ops says, with the port of the VIF. */
MUST_CHECK int vif_port_fit(struct vif *v, const struct vif_conf *conf);
MUST_CHECK uint32_t vif_port_header(const struct vif *v);
unsigned int vif_port_flush(struct vif *v);

/* Returns the number of workers for the queues: one each, if the queues share nothing and each can have an end of
 * the port to read from; else one. */
MUST_CHECK unsigned int vif_port_workers(const struct vif *v, const struct vif_conf *conf);

/* Offers the descriptor that a data process says it serves. Takes fd. The port that is chosen uses it if it is its own. */
void vif_port_offer(struct vif *v, int fd);

/* Handles an event of rtnetlink. Returns true if the VIF must be looked at. */
MUST_CHECK bool vif_port_event(struct vif *v, const struct link_event *ev);

/* Returns true if somebody deleted the device of the port, which is not the TAP: no connection can go on with it. */
MUST_CHECK bool vif_port_is_lost(const struct vif *v);

/* Lets go of the port, as there is no connection any more. */
void vif_port_close(struct vif *v);

/* Returns true if vif_port_choose() chose, or tried, another port than what was offered: what a data process serves must be
 * made anew then. Forgets what was offered, unless the key could not be read. */
MUST_CHECK bool vif_port_was_other(struct vif *v);

/* Sets the carrier: up while there is a connection that can deliver. */
void vif_port_carrier(struct vif *v);

/* Does the same for a connection that went on meanwhile, and logs that it recovered. */
void vif_port_look(struct vif *v);

#endif
