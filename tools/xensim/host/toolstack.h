/* SPDX-License-Identifier: MIT */
/* toolstack.h - what xl does to domains: create, destroy, save and restore */
#ifndef XENSIM_TOOLSTACK_H
#define XENSIM_TOOLSTACK_H

#include "dom.h"

#define TOOLSTACK_NETNS 1u  /* the domain gets a network namespace */
#define TOOLSTACK_DRIVER 2u /* it may have backends */

/* Sets the host's directory, below which domains are made. */
void toolstack_init(const char *state_dir);

/* Makes a domain with its sockets and nodes; flags is a set of TOOLSTACK_*.
 * Returns NULL, and one line in *why, to be freed, on failure. */
struct dom *toolstack_create(const char *name, unsigned int flags, const struct dom_options *opt, char **why);

/* Kills a domain's processes and removes all that it has. */
void toolstack_destroy(struct dom *d);

/* Saves and restores a domain in place: it has a new id and new nodes, and shares nothing any more. */
void toolstack_restore(struct dom *d);

#endif
