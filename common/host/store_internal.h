/* SPDX-License-Identifier: MIT */
/* store_internal.h - a connection to xenstored, for store.c and store_conn.c alone */
#ifndef NETPAIR_STORE_INTERNAL_H
#define NETPAIR_STORE_INTERNAL_H

#include <xenstore.h>

#include "store_conn.h"

/* A watch that is set, or will be set on the next connection. */
struct watched {
	struct watched *next;
	char *path, *token;
};

struct store {
	struct xs_handle *handle;	/* NULL: there is no connection */
	xs_transaction_t transaction;
	struct watched *watches;
	const char *mark;		/* NULL: none */
	int hangup_fd;			/* -1: xenstored is not reached by a socket */
	bool lost;
	bool marked;			/* xenstored had our mark at the last connection */
	bool emptied;			/* a later xenstored did not have it, which is not reported yet */
};

/* Must enclose each call of libxenstore that may block, for store_request(). They
 * leave errno alone. */
void store_enter(void);
void store_leave(void);

/* Returns the -errno of a failed call of libxenstore, or -ENOTCONN if the
 * connection is lost, for which it checks. */
MUST_CHECK int store_failed(struct store *s);

#endif
