/* SPDX-License-Identifier: MIT */
/* sockets.h - the sockets in a domain's directory: xen.sock for its handles, xenstored.sock for the xenstore's clients */
#ifndef XENSIM_SOCKETS_H
#define XENSIM_SOCKETS_H

#include "dom.h"

/* Listens on both sockets. Returns 0, or -1 and errno. */
int sockets_open(struct dom *d);

/* Closes both sockets; their connections stay. */
void sockets_close(struct dom *d);

/* Listens on the xenstore's socket. Returns 0, or -1 and errno. */
int sockets_store_open(struct dom *d);

/* Closes the xenstore's socket. */
void sockets_store_close(struct dom *d);

/* Accepts no client of the xenstore until sockets_store_resume(). */
void sockets_store_pause(struct dom *d);
void sockets_store_resume(struct dom *d);

#endif
