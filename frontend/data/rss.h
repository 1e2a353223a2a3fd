/* SPDX-License-Identifier: MIT */
/* rss.h - having the backend spread what we receive over the queues by a hash of ours */
#ifndef NETPAIR_FRONTEND_RSS_H
#define NETPAIR_FRONTEND_RSS_H

#include <stdint.h>

#include "common/base/stats.h"
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

/* Returns the counter for a packet's hash; STAT_GRX_DROP_EXTRA: hashing was not
 * asked for, and the packet is to be dropped. */
MUST_CHECK enum stat nic_rss_check(const struct nic_queue *q, const struct pkt *p);

#endif
