/* SPDX-License-Identifier: MIT */
/* conn_internal.h - the parts of a connection: its queues and the workers that serve them
 *
 * From vif_conn_start() to vif_conn_stop() each worker owns its struct
 * vif_worker and the struct vif_queue that it serves: rings, buffers, its
 * handles, its descriptor of the TAP. struct vif_conn has what all queues share.
 * Only the control ring, static grants and the event mask of it change while a
 * worker runs. A connection with one of these has one worker, which owns it.
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

/* The most bytes of a private buffer that one frame takes. Each of its pieces is in one
 * page, as the hypervisor makes two copies of one that crosses a page. */
#define FRAME_ROOM ((PKT_SLOTS_MAX + 2u) * XEN_PAGE)

/* Bytes of private memory for each direction, for frames between ring and TAP. The kernel
 * allocates pages of it as traffic uses them. */
#define BATCH_BYTES (4u * FRAME_ROOM)
#define BATCH_FRAMES WORKER_RUN_SLOTS	/* a frame has at least one slot */

/* The most buffers that grx takes off the ring ahead of a frame: enough for the largest
 * frame and its extra. */
#define POSTED_MAX PKT_SLOTS_MAX

/* The longest text of vif_conf_describe(), with its NUL. */
#define VIF_CONNECTION_MAX 640u

/* Returns the offset of the next grx frame's virtio_net_hdr in the buffer. What goes to the guest's first
 * page starts at a page: an offload header, or else the frame's bytes. */
static inline uint32_t vif_grx_at(const struct vif_conf *conf, uint32_t used)
{
	uint32_t before = conf->peer.header ? 0 : VNET_HDR_LEN;

	return ((used + before + XEN_PAGE - 1) & ~(XEN_PAGE - 1)) - before;
}

struct vhost_hub;
struct vif_saved;
struct vif_conn;
struct vif_queue;

/* A frame in a batch. pkt.drop is its fate, which is counted when the run completes it. */
struct vif_frame {
	struct pkt pkt;
	struct vif_queue *queue;	/* grx: the queue it goes to; NULL: it is dropped before one is chosen */
	ssize_t put;		/* gtx: what the write returned, set once its burst is written */
	uint16_t runs;		/* gtx: of iov, from 0 on; only while somebody captures */
	bool scattered;		/* gtx: its bytes are in several runs, not in one */
	bool direct;		/* grx: its bytes are in the guest's pages, not in the buffer */
	uint32_t at;		/* where its virtio_net_hdr starts in the buffer, bytes */
	uint16_t copy_first;	/* its first segment in the grant batch */
	uint16_t copy_count;
	struct iovec iov[1 + PKT_SLOTS_FATAL];	/* gtx: its pieces from 1 on; then the runs that are written */
};

/* A guest buffer taken off the grx ring and not yet answered. */
struct posted {
	struct gref gref;
	uint8_t *page;		/* mapped as a static grant; NULL: it is written by grant copy */
};

/* A queue: its two rings, and the buffers that were taken off them. */
struct vif_queue {
	struct vif_worker *vw;		/* the worker that serves it */
	const struct vif_conf *conf;	/* the connection's */
	struct gref_map *gref_map;	/* the connection's */
	unsigned int index;
	void *gtx_page, *grx_page;
	struct gtx_back gtx;
	struct grx_back grx;
	struct doorbell gtx_doorbell, grx_doorbell;
	struct posted posted[POSTED_MAX];	/* in ring order */
	unsigned int nposted, unmapped;		/* all of them; those of them that have no page */
	struct grx_stall stall;			/* while too few grx slots are posted */
	struct stats *stats;		/* in the connection's block */
	struct queue_position *at;	/* likewise; for other threads */
};

/* A worker, the queues that it serves, and the buffers that they share: one run over one
 * ring uses the buffers at a time. */
struct vif_worker {
	struct worker w;
	struct vif_conn *conn;
	int tap_fd;			/* owned; the first worker's is borrowed; -1: none */
	struct vif_queue *queue;	/* the first of nqueues */
	unsigned int nqueues;
	struct grant_dev *grant;
	struct grant_batch *batch;
	struct taplimit_reader reader;	/* of its descriptor of the TAP */
	uint8_t *gtx_buf, *grx_buf;	/* BATCH_BYTES each */
	uint8_t grx_tail[VNET_HDR_LEN];	/* the last bytes of the longest frame, if too few buffers are posted for it */
	struct vif_frame *frames;		/* BATCH_FRAMES, those of the present run */
	uint32_t segments;		/* segments in this pass over the gtx rings; limit: WORKER_RUN_SEGMENTS */
	unsigned int turn;		/* the queue that the next pass begins with */
	struct tso gtx_tso;		/* a frame that the device does not take; its buffer is there only if there can be one */
	struct tso tso;			/* a frame that is sent to the guest in segments */
	struct vif_queue *tso_queue;	/* the queue that the segments go to */
	uint16_t tso_headroom;		/* the segments' headroom, in bytes */
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
	struct taplimit limit;		/* the limit of the bytes in the TAP's queues */
	struct hash hash;		/* set by the frontend; only with a control ring */
	struct gref_map *gref_map;
	struct vif_saved *saved;		/* the tables, saved for the next daemon */
	bool hash_changed, gref_map_changed;	/* changed since they were saved */
	char connection[VIF_CONNECTION_MAX];	/* text of vif_conf_describe() */
	struct capture_owner captured;	/* its owner's, not a worker's */
	struct vhost_hub *hub;		/* of a vhost-user port; NULL: the port is a device */
	unsigned int nworkers;
	struct vif_worker *worker;
	struct vif_queue *queue;	/* conf.queues of them */
};

#endif
