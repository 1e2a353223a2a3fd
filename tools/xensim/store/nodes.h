/* SPDX-License-Identifier: MIT */
/* nodes.h - changes of nodes that fire watches, and the host's own nodes */
#ifndef XENSIM_NODES_H
#define XENSIM_NODES_H

#include "tree.h"

/* Most permissions of a node. */
#define NODES_MAX_PERMS 64u
/* In place of a domain's id: no domain. */
#define NODES_NO_READER (-1)

/* Makes the root and xenstored's own nodes. */
void nodes_init(void);

/* Removes every node; xenstored's own are made again. */
void nodes_forget(void);

/* Sets a node as dom0, with its missing parents; owner owns it, reader (or NODES_NO_READER) may read it. */
void nodes_put(const char *path, const char *value, uint32_t owner, int reader);

/* Removes a path and all below it, if it exists. */
void nodes_wipe(const char *path);

/* Removes the existing path and all below it, in tx or, without one (NULL), for all clients. */
void nodes_remove(struct tx *tx, const char *path);

#endif
