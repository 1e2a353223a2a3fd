/* SPDX-License-Identifier: MIT */
/* dom_nodes.h - the nodes that libxl makes in the xenstore for a domain */
#ifndef XENSIM_DOM_NODES_H
#define XENSIM_DOM_NODES_H

#include "dom.h"

/* Makes a domain's nodes. */
void dom_nodes_make(const struct dom *d);

/* Removes the nodes of the domain that had this id and uuid. */
void dom_nodes_remove(uint32_t id, const char *uuid);

#endif
