/* SPDX-License-Identifier: MIT */
/* tx_ops.h - requests on transactions
 *
 * Each returns 0, with the answer in the request, or an errno.
 */
#ifndef XENSIM_TX_OPS_H
#define XENSIM_TX_OPS_H

#include "request.h"

int op_transaction_start(struct request *req);
int op_transaction_end(struct request *req);

/* Returns a client's transaction, or NULL. */
struct tx *tx_ops_find(const struct client *c, uint32_t id);

/* Ends a client's transactions; their changes are lost. */
void tx_ops_end_all(struct client *c);

#endif
