/* SPDX-License-Identifier: MIT */
/* conn_internal.h - what a connection is made of; for data only
 *
 * The worker owns it all while it runs. One worker serves all queues: it reads
 * one TAP, and a frame lies in pages of the pool, which all queues share,
 * before it is known which queue it is for. What crosses threads is in struct
 * worker (stop, fault), in struct nic_mcast, and the counters.
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
	struct stats stats;		/* counters that belong to no queue */
	struct log_bucket *log;		/* borrowed: the NIC's */
	struct nic_conf conf;
	struct share_dev *share;
	struct pool rings;		/* a page each, RINGS_* */
	struct pool gtx_pool;		/* readable by the backend; page = id */
	struct free_pages gtx_free_pages;	/* its pages that are not with the backend */
	uint32_t segments;		/* that this pass over the grx rings makes, WORKER_RUN_SEGMENTS */
	unsigned int turn;		/* the queue that the next pass begins with */
	struct tso tso;			/* a frame that goes out in segments */
	struct nic_queue *tso_queue;	/* on which queue */
	bool gtx_blocked;		/* a frame may wait for pages or slots */
	struct nic_send *send;		/* BURST_MAX of them */
	struct doorbell mask_doorbell;	/* port of all rings, if there is a mask */
	struct nic_ctrl ctrl;
	struct nic_gref_register gref_register;
	struct nic_rss rss;
	struct nic_mcast mcast;
	struct nic_announce announce;
	struct nic_queue *queue;	/* conf.queues of them */
};

#endif
