/* SPDX-License-Identifier: MIT */
/* A client of the xenstore, its watches and transactions. */
#ifndef XENSIM_CONN_H
#define XENSIM_CONN_H

#include "../host/loop.h"
#include "store.h"
#include "tree.h"

#include <errno.h> /* before xs_wire.h: it lists what is defined */
#include <stddef.h>
#include <xen/io/xs_wire.h>

struct conn;

/** A watch. */
struct watch {
	struct watch *next;
	char *path;
	char *token;
	uint32_t skip; /* length of the domain's own path if it was relative */
};

/** A message that waits to be sent. */
struct out {
	struct out *next;
	size_t len;
	size_t done;
	uint8_t bytes[];
};

/** A request being received or served. */
struct msg {
	struct xsd_sockmsg hdr;
	uint32_t len;
	char data[XENSTORE_PAYLOAD_MAX + 1];
};

/** A connection. */
struct conn {
	struct source src;
	struct conn *next;
	uint32_t domid;
	bool broken;
	struct msg in;
	size_t got;
	struct out *out;
	struct out **out_end;
	struct watch *watches;
	struct tx *txs;
	struct tx *tx; /* the one that the current request belongs to */
	uint32_t next_tx;
};

extern struct conn *conns;

/** Queue a message to the client. */
void conn_send(struct conn *c, uint32_t type, uint32_t req_id, uint32_t tx_id, const void *data, size_t len);

/** Answer the current request. */
void conn_reply(struct conn *c, const void *data, size_t len);

/** Answer the current request with "OK". */
void conn_ack(struct conn *c);

/* ops.c */

/** Serve the request in c->in. */
void ops_serve(struct conn *c);

/** End a connection's transactions. */
void ops_end_all(struct conn *c);

/* perm.c */

/** What @domid may do with a node of these permissions. */
uint32_t perm_bits(uint32_t domid, const struct perm *perm, uint32_t nr);

/**
 * The node at @path if the client has all of @need; NULL and ENOENT or
 * EACCES, the former only where it may know.
 */
const struct node *perm_read(struct conn *c, const char *path, uint32_t need);

/** Let @domid act for @target, too. */
void perm_set_target(uint32_t domid, uint32_t target);

/** Forget a dead domain's target. */
void perm_forget(uint32_t domid);

/** Permissions from strings; their number, or 0 where one is malformed. */
uint32_t perm_parse(const char *s, size_t len, struct perm *perm, uint32_t max);

/** The letter of @bits. */
char perm_letter(uint32_t bits);

/* watch.c */

/** Tell all who watch @path; in a transaction, once it commits. @perm (of @n) before the change may be NULL. */
void watch_fire(struct conn *c, const char *path, const struct perm *perm, uint32_t nr, bool exact);

/** Fire what a committed transaction has kept. */
void watch_fire_kept(struct tx *tx);

/** Tell about @introduceDomain or @releaseDomain. */
void watch_special(const char *name);

/** Add a watch and fire it once; 0 or an errno. */
int watch_add(struct conn *c, const char *path, const char *token, uint32_t skip);

/** Remove a watch; 0 or ENOENT. */
int watch_remove(struct conn *c, const char *path, const char *token);

void watch_remove_all(struct conn *c);

/** The client's domain has a new id: set its watches anew, each fires once. */
void watch_renew(struct conn *c);

#endif
