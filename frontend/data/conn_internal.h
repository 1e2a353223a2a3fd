/* SPDX-License-Identifier: MIT */
/* conn_internal.h - the parts of a connection; for data only
 *
 * While the worker runs, it owns the connection. One worker serves all queues: it reads
 * one TAP, into pages that all queues share, before it knows which queue the frame is for.
 * Only these are shared between threads: struct worker (stop, fault, capture), struct nic_mcast,
 * and the counters.
 */
#ifndef NETPAIR_FRONTEND_CONN_INTERNAL_H
#define NETPAIR_FRONTEND_CONN_INTERNAL_H

#include "common/base/abi.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "common/host/share.h"
#include "common/host/worker.h"
#include "common/wire/pkt.h"
#include "common/wire/tso.h"
#include "announce.h"
#include "conf.h"
#include "ctrl.h"
#include "free_pages.h"
#include "gref_register.h"
#include "mcast.h"
#include "pool.h"
#include "queue.h"
#include "rss.h"

struct nic_send;

struct nic_conn {
	struct worker w;
	struct worker_counters counters;	/* those that belong to no queue, and whether the worker sleeps */
	struct log_bucket *log;		/* borrowed: the NIC's */
	struct nic_conf conf;
	struct share_dev *share;
	struct pool rings;		/* a page each, RINGS_* */
	struct pool gtx_pool;		/* readable by the backend; page = id */
	struct free_pages gtx_free_pages;	/* the pages of gtx_pool that the backend does not have */
	uint32_t segments;		/* segments in this pass over the grx rings; limit: WORKER_RUN_SEGMENTS */
	unsigned int turn;		/* the queue that the next pass begins with */
	struct tso tso;			/* a frame that is sent in segments */
	struct nic_queue *tso_queue;	/* the queue that they are sent on */
	bool gtx_blocked;		/* a frame may wait for pages or slots */
	struct nic_send *send;		/* BURST_MAX of them */
	struct doorbell mask_doorbell;	/* port of all rings, if there is a mask */
	struct nic_ctrl ctrl;
	struct nic_gref_register gref_register;
	struct nic_rss rss;
	struct nic_mcast mcast;
	struct nic_announce announce;
	struct capture_owner captured;	/* the control thread's */
	struct nic_queue *queue;	/* conf.queues of them */
};

#endif
