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

#include "common/base/util.h"
#include "common/wire/portname.h"
#include "vif_vhost.h"

struct reason;
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
	/* Returns the number of workers for the queues. */
	unsigned int (*workers)(const struct vif *v, const struct vif_conf *conf);
};

/* The port of a VIF. It is the TAP at first. */
struct vif_port {
	struct port_name name;
	struct vif_vhost vhost;		/* of a vhost-user port */
	char text[PORT_NAME_MAX];	/* for people: the key, or the word for its absence; "": it was not read yet */
};

/* Reads the key, and has the port that it names ready for a connection. Returns false if there is none to be had
 * now: then it has told why, and the VIF is looked at again. */
MUST_CHECK bool vif_port_choose(struct vif *v);

/* Does what struct vif_port_ops says, with the port of the VIF. */
MUST_CHECK int vif_port_fit(struct vif *v, const struct vif_conf *conf);
MUST_CHECK uint32_t vif_port_header(const struct vif *v);
unsigned int vif_port_flush(struct vif *v);
MUST_CHECK unsigned int vif_port_workers(const struct vif *v, const struct vif_conf *conf);

/* Sets the carrier: up while there is a connection that can deliver. */
void vif_port_carrier(struct vif *v);

/* Does the same for a connection that went on meanwhile, and logs that it recovered. */
void vif_port_look(struct vif *v);

#endif
