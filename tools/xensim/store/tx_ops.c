/* SPDX-License-Identifier: MIT */
/* tx_ops.c - serves the requests on transactions */
#include "tx_ops.h"

#include "tools/xensim/base/util.h"

#include <stdio.h>
#include <string.h>

#define QUOTA_TXS 10u

struct tx *tx_ops_find(const struct client *c, uint32_t id)
{
	struct tx *tx;

	for (tx = c->txs; tx; tx = tx->next)
		if (tx->id == id)
			return tx;
	return NULL;
}

int op_transaction_start(struct request *req)
{
	struct client *c = req->client;
	struct tx *tx;
	uint32_t nr = 0;
	char id[16];

	if (req->tx_id)
		return EBUSY;
	for (tx = c->txs; tx; tx = tx->next)
		nr++;
	if (request_domid(req) && nr > QUOTA_TXS)
		return ENOSPC;
	do
		c->last_tx++;
	while (!c->last_tx || tx_ops_find(c, c->last_tx));
	tx = tx_new(c->last_tx);
	tx->next = c->txs;
	c->txs = tx;
	snprintf(id, sizeof(id), "%u", c->last_tx);
	request_reply_string(req, id);
	return 0;
}

static void tx_ops_unlink(struct client *c, struct tx *tx)
{
	struct tx **p;

	for (p = &c->txs; *p != tx; p = &(*p)->next)
		;
	*p = tx->next;
}

/* The events of a commit follow its answer. */
static void tx_ops_committed(struct request *req)
{
	watch_fire_kept(req->committed);
	tx_free(req->committed);
}

int op_transaction_end(struct request *req)
{
	const char *arg = request_one(req);
	struct tx *tx = req->tx;

	if (!arg || (strcmp(arg, "T") && strcmp(arg, "F")))
		return EINVAL;
	if (!tx)
		return ENOENT;
	tx_ops_unlink(req->client, tx);
	if (*arg == 'F') {
		tx_free(tx);
		request_ack(req);
		return 0;
	}
	if (!tx_unchanged(tx)) {
		tx_free(tx);
		return EAGAIN;
	}
	tx_apply(tx);
	request_ack(req);
	req->committed = tx;
	req->after = tx_ops_committed;
	return 0;
}

void tx_ops_end_all(struct client *c)
{
	struct tx *tx;

	while ((tx = c->txs)) {
		tx_ops_unlink(c, tx);
		tx_free(tx);
	}
}
