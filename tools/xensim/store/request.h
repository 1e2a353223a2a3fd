/* SPDX-License-Identifier: MIT */
/* request.h - a request of a client, and its answer
 *
 * An operation reads its arguments from the request, puts its result there
 * and returns 0, or an errno, which then is the answer.  It sends nothing
 * itself.  What must come after the answer (a new watch fires, a transaction's
 * events) is left in req->after.
 */
#ifndef XENSIM_REQUEST_H
#define XENSIM_REQUEST_H

#include "tree.h"
#include "watch.h"

#include <errno.h> /* before xs_wire.h: it lists what is defined */
#include <stddef.h>
#include <xen/io/xs_wire.h>

/* A client: what of it outlives a request. */
struct client {
	struct watcher watcher; /* with the domain's id */
	struct tx *txs;
	uint32_t last_tx;
};

struct request {
	struct client *client;
	uint32_t type;
	uint32_t tx_id;
	struct tx *tx;    /* the transaction with that id, or NULL */
	const char *data; /* len bytes, then a NUL */
	uint32_t len;
	/* Runs once the answer is sent, if the operation has set it. */
	void (*after)(struct request *req);
	struct tx *committed; /* for after */
	uint32_t reply_len;
	char reply[XENSTORE_PAYLOAD_MAX];
};

/* Returns the id of the domain that the request is from. */
uint32_t request_domid(const struct request *req);

/* Puts the answer's payload, at most XENSTORE_PAYLOAD_MAX bytes; what is beyond is cut off. */
void request_reply(struct request *req, const void *data, size_t len);

/* Puts a string with its NUL as the answer. */
void request_reply_string(struct request *req, const char *s);

/* Puts "OK" as the answer. */
void request_ack(struct request *req);

/* Returns the absolute path of what the client calls s, to be freed; NULL and EINVAL if it is no path. */
char *request_path(const struct request *req, const char *s);

/* Returns the node that the client calls s, if the client has all of need;
 * NULL and errno if not.  *path is set to its absolute path, to be freed, or NULL. */
const struct node *request_node(const struct request *req, const char *s, uint32_t need, char **path);

/* Returns the request's only string; NULL if it is not exactly one. */
const char *request_one(const struct request *req);

/* Finds the request's first strings, at most max. Returns their number. */
uint32_t request_strings(const struct request *req, const char **vec, uint32_t max);

#endif
