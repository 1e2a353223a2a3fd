/* SPDX-License-Identifier: MIT */
/* queue.h - one queue of a connection: its two rings and the pages of its receive buffers */
#ifndef NETPAIR_FRONTEND_QUEUE_H
#define NETPAIR_FRONTEND_QUEUE_H

#include "common/base/positions.h"
#include "common/base/reason.h"
#include "common/base/stats.h"
#include "common/base/util.h"
#include "common/host/worker.h"
#include "common/wire/ring.h"
#include "pool.h"

struct nic_conn;

struct nic_queue {
	struct nic_conn *conn;
	unsigned int index;
	struct pool grx_pool;		/* writable by the backend; page = slot modulo their count */
	struct gtx_front gtx;
	struct grx_front grx;
	struct doorbell gtx_doorbell, grx_doorbell;
	struct stats stats;
	struct queue_position at;	/* for other threads */
};

/* Grants the receive pages of queue index, formats its rings and offers its
 * channels. Returns 0, or -errno with the reason in why; nic_queue_exit() then undoes
 * what was done. */
MUST_CHECK int nic_queue_init(struct nic_queue *q, struct nic_conn *conn, struct domid peer,
			      unsigned int index, struct reason *why);
void nic_queue_exit(struct nic_queue *q);

/* Publishes where the rings are, for other threads. Called on the worker's thread. */
void nic_queue_show(struct nic_queue *q);

#endif
