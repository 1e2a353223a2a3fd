/* SPDX-License-Identifier: MIT */
/* store_internal.h - a connection to xenstored, for store.c and store_conn.c alone */
#ifndef NETPAIR_STORE_INTERNAL_H
#define NETPAIR_STORE_INTERNAL_H

#include <xenstore.h>

#include "store.h"

/* A watch that is set, or is to be set once there is a connection again. */
struct watched {
	struct watched *next;
	char *path, *token;
};

struct store {
	struct xs_handle *handle;	/* NULL: it could not be opened again */
	xs_transaction_t transaction;
	struct watched *watches;
	const char *mark;		/* NULL: none */
	int hangup_fd;			/* -1: xenstored is not reached by a socket */
	bool lost;
	bool marked;			/* what it knew at the last connection, our mark was in */
	bool emptied;			/* and a later one did not have it, which was not told yet */
};

/* Go around each call of the library that may wait for xenstored. errno stays as it is. */
void store_enter(void);
void store_leave(void);

/* Returns what a failed call of the library left in errno as -errno, and finds
 * out whether the connection is lost: -ENOTCONN then. */
MUST_CHECK int store_failed(struct store *s);

#endif
