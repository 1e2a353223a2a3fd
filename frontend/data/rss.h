/* SPDX-License-Identifier: MIT */
/* rss.h - having the backend spread what we receive over the queues by a hash of ours */
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
	uint32_t known;		/* XEN_NETIF_CTRL_HASH_TYPE_* of both of us */
	uint32_t types;		/* that a hash may come with a frame of; 0: none */
	uint32_t size;		/* of the table; 0: modulo the queues */
};

/* Begins to ask for hashing, if that was agreed (a nic_ctrl_step_fn). */
void nic_rss_start(struct nic_conn *conn);

/* Checks a packet's hash and counts it. Returns DROP_NONE; DROP_EXTRA: a hash of this kind
 * was not asked for. */
MUST_CHECK enum drop nic_rss_check(struct nic_queue *q, const struct pkt *p);

#endif
