/* SPDX-License-Identifier: MIT */
/* rss.h - makes the backend spread received frames over the queues, by a hash that netfrontd sets */
#ifndef NETPAIR_FRONTEND_RSS_H
#define NETPAIR_FRONTEND_RSS_H

#include <stdint.h>

#include "common/base/drop.h"
#include "common/base/util.h"

struct nic_conn;
struct nic_queue;
struct pkt;

/* What is agreed about hashing. */
struct nic_rss {
	uint32_t known;		/* XEN_NETIF_CTRL_HASH_TYPE_* that both ends know */
	uint32_t types;		/* types of the hashes that frames may carry; 0: none */
	uint32_t size;		/* entries of the table; 0: the hash modulo the queues */
};

/* Sends the first request, if hashing was agreed on (a nic_ctrl_step_fn). */
void nic_rss_start(struct nic_conn *conn);

/* Checks a packet's hash and counts it. Returns DROP_NONE; DROP_EXTRA: a hash of this type
 * was not requested. */
MUST_CHECK enum drop nic_rss_check(struct nic_queue *q, const struct pkt *p);

#endif
