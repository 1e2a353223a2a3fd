/* SPDX-License-Identifier: MIT */
/* store_ahead.h - many keys are read in one round trip to xenstored
 *
 * libxenstore waits for each answer before it sends the next request, and a thread of it hands the
 * answer over: what a VIF has in xenstore would be forty round trips. From store_ahead() to
 * store_ahead_end() store_read() and what is made of it return what was read here, so that a key has
 * one value meanwhile, however often it is asked for.
 *
 * It goes by the connection to xenstored's socket that store_conn.c has beside libxenstore's. Where there
 * is none, as in a domain that reaches xenstored by /dev/xen/xenbus, or it fails, nothing is read
 * ahead, and store_read() asks xenstored itself.
 */
#ifndef NETPAIR_STORE_AHEAD_H
#define NETPAIR_STORE_AHEAD_H

struct store;

/* A key, as for store_read(). */
struct store_key {
	const char *dir, *key;
};

/* Reads n keys in this order, to those that were read ahead before. */
void store_ahead(struct store *s, const struct store_key *keys, unsigned int n);

/* Forgets what was read ahead. A write, and a transaction, does so too. */
void store_ahead_end(struct store *s);

#endif
