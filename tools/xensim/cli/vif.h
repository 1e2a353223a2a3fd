/* SPDX-License-Identifier: MIT */
/* A vif as the command sees it. */
#ifndef XENSIM_VIF_H
#define XENSIM_VIF_H

#include "cli.h"

#include <xenstore.h>

struct vif {
	struct cli_dom back;
	struct cli_dom front;
	uint32_t devid;
	char *fe;
	char *be;
	char *xl;
	const char *script; /* run as xl does, or NULL */
	int hotplug;        /* say that it is connected, without a script */
	int force;          /* do not wait for the backend */
	int dead;           /* the frontend's domain is */
	char **keys; /* "key=value" */
	int nr_keys;
};

/** The xenstore as dom0's; ends the process if there is none. */
struct xs_handle *vif_store(void);

/** A node's value below @dir, to be freed, or NULL. */
char *vif_get(struct xs_handle *xs, const char *dir, const char *key);

/** Set the paths from the domains and the devid. */
void vif_paths(struct vif *v);

/** Write the nodes of a vif and do its hotplug part; ends the process on failure. */
void vif_attach(struct xs_handle *xs, const struct vif *v);

/** Close a vif and remove its nodes; its backend is looked up. */
void vif_detach(struct xs_handle *xs, struct vif *v);

#endif
