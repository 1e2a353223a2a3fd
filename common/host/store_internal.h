/* SPDX-License-Identifier: MIT */
/* store_internal.h - a connection to xenstored, for store.c, store_conn.c and store_ahead.c alone */
#ifndef NETPAIR_STORE_INTERNAL_H
#define NETPAIR_STORE_INTERNAL_H

#include <xenstore.h>

#include "store_conn.h"

/* A watch that is set, or will be set on the next connection. */
struct watched {
	struct watched *next;
	char *path, *token;
};

/* The most keys that are read ahead, the bytes of the longest path of one with its NUL, and of all
 * paths and values. Other keys are read one by one. */
#define AHEAD_MAX 64u
#define AHEAD_PATH_MAX 256u
#define AHEAD_BYTES 16384u

/* A key that was read ahead. */
struct ahead_entry {
	bool known;			/* it was answered */
	int err;			/* 0 or -errno */
	uint16_t path, value, len;	/* in ahead.bytes; the value has no NUL of its own */
};

struct ahead {
	unsigned int n;
	struct ahead_entry entry[AHEAD_MAX];
	size_t used;
	char bytes[AHEAD_BYTES];
	bool broken;			/* its connection is of no use */
};

struct store {
	struct xs_handle *handle;	/* NULL: there is no connection */
	xs_transaction_t transaction;
	struct watched *watches;
	const char *mark;		/* NULL: none */
	int hangup_fd;			/* another connection to its socket; -1: xenstored is not reached by one */
	struct ahead ahead;
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

/* Returns what was read ahead of a path; NULL: nothing. */
const struct ahead_entry *store_ahead_find(const struct store *s, const char *path);

#endif
