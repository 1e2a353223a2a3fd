/* SPDX-License-Identifier: MIT */
/* vif.h - one virtual interface of one guest, as the backend sees it
 *
 * The control thread owns it all: xenstore, the TAP, the xenbus state, and the
 * birth and end of the connection (link.h), which belongs to its workers
 * while they run.
 */
#ifndef NETPAIR_VIF_H
#define NETPAIR_VIF_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/abi.h"
#include "../common/store.h"
#include "../common/util.h"
#include "link.h"
#include "live.h"

struct backend;

struct vif {
	struct vif *next;
	struct backend *daemon;
	struct domid peer;
	uint32_t devid;
	char name[16];			/* vifD.H: what the TAP was born as */
	char domain[40];		/* UUID of the guest; "": not known */
	char be_path[128];
	char fe_path[STORE_PATH_MAX];	/* "" until known */
	char token[32];			/* of the watch on the frontend's state */
	enum xenbus_state state;	/* as published */
	enum xenbus_state seen;		/* the frontend's, at the last look */
	bool dirty;
	bool begun;			/* vif_life_begin() was done */
	bool new_life;			/* no device that is there already is ours */
	bool strange;			/* what was agreed with this frontend is not known to us */
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
	const char *broken;		/* why the toolstack's own keys rule it out; static */
	int tap_fd;			/* -1: none yet */
	unsigned int ifindex;		/* of that device; 0: it is in another namespace, or not known */
	char ifname[16];		/* its name then */
	bool no_queue;			/* its queue takes no frame: said once */
	bool carrier;			/* the TAP's */
	char rate[STORE_VALUE_MAX];	/* the backend key, as last read */
	struct vif_live live;		/* its workers look at it too */
	bool reconfiguring;		/* xdp-headroom is watched */
	struct vif_link *link;		/* NULL unless connected */
};

/* Makes a VIF for backend directory D/devid and picks up what an earlier
 * daemon left; NULL without memory, where the directory tells nothing to do, or
 * where it could not be read: then d->look_again is set. */
MUST_CHECK struct vif *vif_new(struct backend *d, struct domid peer, uint32_t devid);
void vif_free(struct vif *v);

/* Reads the xenbus state in a directory; Unknown: it is gone, forbidden or
 * nonsense. Returns 0, or -errno if xenstored failed; *state is Unknown then, too. */
MUST_CHECK int vif_state_in(struct store *s, const char *dir, enum xenbus_state *state);

/* Reads what the next step depends on. Returns 0; -ENOENT: the backend directory
 * is gone; -ESTALE: it was made anew; other -errno: nothing can be told. */
struct hs_back_view;
MUST_CHECK int vif_look(struct vif *v, struct hs_back_view *view);

/* Returns the other VIF of the guest that has the same handle and so the device
 * of that name, or NULL. */
const struct vif *vif_rival(const struct vif *v);

/* Before anything else is done with a VIF that was found: removes the device,
 * the stored descriptor and the tables that another VIF or guest left under its
 * name. A directory in Initialising is a new life: then all goes. */
void vif_life_begin(struct vif *v);

/* Saves whose device it is, once it is open. */
void vif_life_save(const struct vif *v);

/* Has the VIF looked at again at the next tick, as xenstored failed. A connection
 * that is lost is told of once for all VIFs (loop.c), and all are looked at
 * once there is another. */
void vif_look_again(struct vif *v, int err);

/* Turns the frontend down until its state changes, and says why where the
 * toolstack's user can find it: in the log and the key error. */
void vif_refuse(struct vif *v, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Removes the key error, as all is well; but that a deleted device was made
 * anew stands there until the VIF is attached again. Returns 0; -ENOENT: the
 * directory is gone; other -errno. */
MUST_CHECK int vif_error_settle(struct vif *v);

/* Opens or makes the TAP. -errno. */
MUST_CHECK int vif_device_open(struct vif *v);

/* Gives the TAP the offloads and the MTU that this frontend takes. -errno. */
MUST_CHECK int vif_device_fit(struct vif *v, const struct vif_conf *conf);

/* Workers for the queues: one each, as far as they are independent and each
 * has an end of the TAP to read from. What all queues share is one worker's. */
MUST_CHECK unsigned int vif_device_workers(const struct vif *v, const struct vif_conf *conf);

/* The carrier is up while there is a connection that can deliver. */
void vif_device_carrier(struct vif *v);

/* The same for a connection that went on meanwhile: says that it recovered. */
void vif_device_look(struct vif *v);

void vif_device_remove(struct vif *v);

/* Has us told of what is done to the device, once it is open. */
void vif_links_watch(struct vif *v);

/* Takes one event for the VIFs of a struct backend, which is arg; marks those
 * dirty whose device may have gone. */
struct link_event;
void vif_links_event(void *arg, const struct link_event *ev);

/* Saves where the device is now, after it was renamed or moved. */
void vif_device_moved(struct vif *v);

/* Tells people that the device is not the one that the hotplug script knew. */
void vif_device_tell_remade(struct vif *v);

/* Returns true if somebody deleted the device that we hold. */
MUST_CHECK bool vif_device_is_lost(const struct vif *v);

/* Lets go of such a device, which no connection may use any more. The next one
 * is opened in its place. */
void vif_device_forget(struct vif *v);

/* Reads the keys that may change while connected, and asks to be told. -errno. */
void vif_live_read(struct vif *v);
MUST_CHECK int vif_live_watch(struct vif *v);
void vif_live_unwatch(struct vif *v);

/* The headroom that the frontend wants; it gets at most PKT_HEADROOM_MAX. */
void vif_headroom_set(struct vif *v, uint32_t wanted);

/* Reads it while the frontend reconfigures itself, and asks to be told of a
 * change until it has settled. -EINVAL: not a number; other -errno. */
MUST_CHECK int vif_headroom_read(struct vif *v);
void vif_headroom_settle(struct vif *v);

/* Goes on with what was put off because there was too much of it. */
void vif_tick(struct vif *v);

/* Looks at both directories afresh and does what the handshake asks for. */
void vif_run(struct vif *v);

#endif
