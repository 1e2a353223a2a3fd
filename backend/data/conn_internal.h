/* SPDX-License-Identifier: MIT */
/* conn_internal.h - a connection from inside: its queues and the workers that serve them
 *
 * From vif_conn_start() to vif_conn_stop() each worker owns its struct
 * vif_worker and the struct vif_queue that it serves: rings, buffers, its
 * handles, its end of the TAP. struct vif_conn has what all queues share. What
 * changes of that while workers run (control ring, static grants, event mask)
 * belongs to the only worker: a connection with one of these has just one.
 */
#ifndef NETPAIR_BACKEND_CONN_INTERNAL_H
#define NETPAIR_BACKEND_CONN_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/ctrlring.h"
#include "common/host/grant.h"
#include "common/wire/hash.h"
#include "common/wire/offload.h"
#include "common/wire/pkt.h"
#include "common/wire/ring.h"
#include "common/wire/tso.h"
#include "common/base/stats.h"
#include "common/host/taplimit.h"
#include "common/host/worker.h"
#include "conf.h"
#include "counters.h"
#include "grx_stall.h"
#include "gref_map.h"
#include "settings.h"

/* The most one frame takes of a private buffer: its pieces in pages of their
 * own, so that no copy of the hypervisor's crosses one (it would be two). */
#define FRAME_ROOM ((PKT_SLOTS_MAX + 2u) * XEN_PAGE)

/* Private bytes per direction, for frames between ring and TAP. Touched only
 * as far as traffic needs it. */
#define BATCH_BYTES (4u * FRAME_ROOM)
#define BATCH_FRAMES WORKER_RUN_SLOTS	/* each has at least one */

/* The most buffers that grx takes off the ring ahead of a frame: enough for
 * the largest, its extra included. */
#define POSTED_MAX PKT_SLOTS_MAX

/* The longest text for a connection, with its NUL. */
#define VIF_CONNECTION_MAX 640u

/* Returns where the next grx frame's header goes in the buffer, so that its
 * bytes start a page. */
static inline uint32_t vif_grx_at(uint32_t used)
{
	return ((used + VNET_HDR_LEN + XEN_PAGE - 1) & ~(XEN_PAGE - 1)) - (uint32_t)VNET_HDR_LEN;
}

struct vif_saved;
struct vif_conn;
struct vif_queue;

/* A frame in a batch. pkt.drop is its fate, which is counted when the run completes it. */
struct vif_frame {
	struct pkt pkt;
	struct vif_queue *queue;	/* grx: the queue it goes to; NULL: it is dropped and has none */
	ssize_t put;		/* gtx: what the write returned, set once its burst is written */
	bool scattered;		/* gtx: its bytes lie in many runs, not in one */
	bool direct;		/* grx: its bytes lie in the guest's pages, not in the buffer */
	uint32_t at;		/* where its virtio_net_hdr starts in the buffer, bytes */
	uint16_t copy_first;	/* its first segment in the grant batch */
	uint16_t copy_count;
	struct iovec iov[1 + PKT_SLOTS_FATAL];	/* gtx: what is written; its pieces from 1 on, before */
};

/* A guest buffer taken off the grx ring and not yet answered. */
struct posted {
	struct gref gref;
	uint8_t *page;		/* mapped for good; NULL: by grant copy */
};

/* Two rings and what waits in them. */
struct vif_queue {
	struct vif_worker *vw;		/* serves it */
	const struct vif_conf *conf;	/* the connection's */
	struct gref_map *gref_map;	/* the connection's */
	unsigned int index;
	void *gtx_page, *grx_page;
	struct gtx_back gtx;
	struct grx_back grx;
	struct doorbell gtx_doorbell, grx_doorbell;
	struct posted posted[POSTED_MAX];	/* in ring order */
	unsigned int nposted;
	struct grx_stall stall;			/* while too few grx slots are posted */
	struct stats *stats;		/* in the connection's block */
};

/* A thread, the queues it serves, and the buffers they share: only one run of
 * one ring at a time uses the buffers. */
struct vif_worker {
	struct worker w;
	struct vif_conn *conn;
	int tap_fd;			/* its own; the first worker's is borrowed */
	struct vif_queue *queue;	/* nqueues in a row */
	unsigned int nqueues;
	struct grant_dev *grant;
	struct grant_batch *batch;
	struct taplimit_reader reader;	/* of its end of the TAP */
	uint8_t *gtx_buf, *grx_buf;	/* BATCH_BYTES each */
	struct vif_frame *frames;		/* BATCH_FRAMES, of the run under way */
	uint32_t segments;		/* made in this pass over the gtx rings; at most about WORKER_RUN_SEGMENTS */
	unsigned int turn;		/* the queue that the next pass begins with */
	struct tso tso;			/* a frame that goes to the guest in segments */
	struct vif_queue *tso_queue;	/* the queue they go to */
	uint16_t tso_headroom;		/* their headroom */
	uint32_t throttled;		/* RATE_*: directions in which the last run lacked credit */
	bool held;			/* grx_buf starts with a frame that lacks slots */
	struct vif_frame held_frame;
};

/* A connection: what all its queues share. */
struct vif_conn {
	struct vif_conf conf;
	struct grx_stall_limits limits;
	const char *name;		/* borrowed */
	void *mask_page;		/* NULL: no event mask */
	struct doorbell mask_doorbell;
	void *ctrl_page;		/* NULL: no control ring */
	struct ctrl_back ctrl;
	struct doorbell ctrl_doorbell;
	struct vif_settings *settings;		/* borrowed; what the control thread may change */
	struct vif_counters counters;		/* borrowed; of all queues and workers */
	struct taplimit limit;		/* of the bytes that wait in the TAP */
	struct hash hash;		/* as the frontend set it; only with a control ring */
	struct gref_map *gref_map;
	struct vif_saved *saved;		/* what the next daemon finds of these tables */
	bool hash_changed, gref_map_changed;	/* since they were saved */
	char connection[VIF_CONNECTION_MAX];	/* tells this connection from the last (vif_conf_describe()) */
	unsigned int nworkers;
	struct vif_worker *worker;
	struct vif_queue *queue;	/* conf.queues of them */
};

#endif
