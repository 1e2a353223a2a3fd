/* SPDX-License-Identifier: MIT */
/* vif_hotplug.h - a VIF and its hotplug script, if netbackd runs it (--hotplug)
 *
 * Without --hotplug all of these do nothing: the toolstack runs the script, and
 * only the key hotplug-status counts.
 */
#ifndef NETPAIR_BACKEND_VIF_HOTPLUG_H
#define NETPAIR_BACKEND_VIF_HOTPLUG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

struct backend;
struct hotplug_result;
struct hs_back_view;
struct vif;

/* What the script has done for the present device of a VIF. */
enum vif_hotplug_phase {
	VIF_HOTPLUG_NEW,	/* nothing, as far as is known */
	VIF_HOTPLUG_ONLINE,	/* online runs */
	VIF_HOTPLUG_UP,		/* online has ended, well or not, or is not needed */
	VIF_HOTPLUG_OFFLINE,	/* offline runs */
	VIF_HOTPLUG_DOWN,	/* offline has ended: the device may go */
};

struct vif_hotplug {
	enum vif_hotplug_phase phase;
	bool fresh;		/* the device is new: what hotplug-status says is of another */
	bool waits;		/* the script could not be started, as others run */
};

/* Notes that the device was made, not opened as an earlier daemon left it. */
void vif_hotplug_device_is_new(struct vif *v);

/* Returns whether the script allows the connection. err and status are what the
 * read of hotplug-status gave: 0 or -ENOENT, and the value. */
MUST_CHECK bool vif_hotplug_allows(const struct vif *v, int err, const char *status);

/* Returns whether it is to be found out if online has to run, for a VIF that
 * stays in its state as view shows it. The device must be open for that. */
MUST_CHECK bool vif_hotplug_is_due(const struct vif *v, const struct hs_back_view *view);

/* Asks for online, unless it has run for this device, or there is no script.
 * Returns true if nothing has to be waited for. */
MUST_CHECK bool vif_hotplug_online(struct vif *v);

/* Asks for offline, once. Returns true while the device must stay for it. */
MUST_CHECK bool vif_hotplug_offline(struct vif *v);

/* Clears the keys of a VIF whose device has gone after offline: the whole
 * directory if the toolstack has detached the VIF, as "xl devd" does; else only
 * hotplug-status, as the next device needs online again. */
void vif_hotplug_clear(struct vif *v);

/* Ends a script that runs, as the VIF goes at once. */
void vif_hotplug_abandon(struct vif *v);

/* Takes the result of a script of this VIF. */
void vif_hotplug_ended(struct vif *v, const struct hotplug_result *result);

/* Returns whether a closed VIF that nobody wants still needs offline, as its
 * hotplug-status says. */
MUST_CHECK bool vif_hotplug_left(struct backend *d, const char *be_path);

#endif
