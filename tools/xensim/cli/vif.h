/* SPDX-License-Identifier: MIT */
/* vif.h - VIFs: what libxl does to the xenstore when it attaches and detaches them, in the same order */
#ifndef XENSIM_VIF_H
#define XENSIM_VIF_H

#include "ask.h"

#include <xenstore.h>

struct vif {
	struct ask_dom back;
	struct ask_dom front;
	uint32_t devid;
	char *fe;
	char *be;
	char *xl;
	const char *script; /* run as xl does, or NULL */
	int hotplug;        /* write "connected" without a script */
	int force;          /* do not wait for the backend */
	int dead;           /* the frontend's domain is dead */
	char **keys;        /* "key=value" */
	int nr_keys;
};

/* Opens the xenstore as dom0; ends the process if it does not serve. */
struct xs_handle *vif_store(void);

/* Returns a node's value below dir, to be freed, or NULL. */
char *vif_get(struct xs_handle *xs, const char *dir, const char *key);

/* Sets the paths from the domains and the devid. */
void vif_paths(struct vif *v);

/* Writes the nodes of a VIF and does its hotplug part; ends the process on failure. */
void vif_attach(struct xs_handle *xs, const struct vif *v);

/* Closes a VIF and removes its nodes, whose backend is read from them; ends the process on failure. */
void vif_detach(struct xs_handle *xs, struct vif *v);

#endif
