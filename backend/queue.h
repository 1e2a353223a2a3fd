/* SPDX-License-Identifier: MIT */
/* queue.h - a connection from inside: its queues and the workers that serve them
 *
 * From vif_link_start() to vif_link_stop() each worker owns its struct
 * vif_worker and the struct vif_queue that it serves: rings, buffers, its
 * handles, its end of the TAP. struct vif_link has what all queues share. What
 * changes of that while workers run (control ring, static grants, event mask)
 * is its only worker's: a connection with one of them has one.
 */
#ifndef NETPAIR_QUEUE_H
#define NETPAIR_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/ctrlring.h"
#include "../common/grant.h"
#include "../common/hash.h"
#include "../common/offload.h"
#include "../common/pkt.h"
#include "../common/ring.h"
#include "../common/segment.h"
#include "../common/stats.h"
#include "../common/taplimit.h"
#include "../common/worker.h"
#include "conf.h"
#include "live.h"
#include "patience.h"
#include "statics.h"

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

struct vif_kept;
struct vif_link;
struct vif_queue;

/* A frame in a batch. */
struct frame {
	struct pkt pkt;
	struct vif_queue *queue;	/* grx: whose it is */
	enum stat verdict;	/* gtx: its counter, once it is known */
	ssize_t put;		/* gtx: what became of it, once its burst is written */
	bool drop;		/* counted already; slots are owed an error */
	bool scattered;		/* gtx: it lies in many runs, not in one */
	int16_t refused;	/* gtx, with drop: what it is answered with */
	uint32_t at;		/* where its virtio_net_hdr starts in the buffer, bytes */
	uint16_t seg;		/* its first segment in the grant batch */
	uint16_t segs;
	struct iovec iov[1 + PKT_SLOTS_FATAL];	/* gtx: what is written; its pieces from 1 on, before */
};

/* A guest buffer taken off the grx ring and not yet answered. */
struct posted {
	struct gref gref;
	uint8_t *page;		/* mapped for good; NULL: by grant copy */
};

/* Two rings and what waits in them. */
struct vif_queue {
	struct vif_worker *vw;		/* who serves it */
	const struct vif_conf *conf;	/* the connection's */
	struct statics *statics;	/* the connection's */
	unsigned int index;
	void *gtx_page, *grx_page;
	struct gtx_back gtx;
	struct grx_back grx;
	struct bell gtx_bell, grx_bell;
	struct posted posted[POSTED_MAX];	/* in ring order */
	unsigned int nposted;
	unsigned int starved;		/* grx slots to be told of, 0: none */
	struct patience patience;	/* with a frontend that posts too few */
	struct stats stats;
};

/* A thread, the queues it serves, and the buffers they share: one run of one
 * ring at a time fills them. */
struct vif_worker {
	struct worker w;
	struct vif_link *link;
	int tap_fd;			/* its own, the first one's is borrowed */
	struct vif_queue *queue;	/* nqueues in a row */
	unsigned int nqueues;
	struct grant_dev *grant;
	struct grant_batch *batch;
	struct taplimit_reader reader;	/* of its end of the TAP */
	uint8_t *gtx_buf, *grx_buf;	/* BATCH_BYTES each */
	struct frame *frames;		/* BATCH_FRAMES, of the run under way */
	uint32_t segments;		/* that this pass over the gtx rings makes, WORKER_RUN_SEGMENTS */
	unsigned int turn;		/* the queue that the next pass begins with */
	struct segment cut;		/* a frame that goes out in segments */
	struct vif_queue *cut_queue;	/* whose they are */
	uint16_t cut_headroom;		/* what they are to have in front */
	uint32_t throttled;		/* RATE_*: what the last run left for want of credit */
	bool held;			/* grx_buf starts with a frame that lacks slots */
	struct frame held_frame;
};

/* A connection: what all its queues share. */
struct vif_link {
	struct vif_conf conf;
	struct patience_limits limits;
	const char *name;		/* borrowed */
	void *mask_page;		/* NULL: no event mask */
	struct bell mask_bell;
	void *ctrl_page;		/* NULL: no control ring */
	struct ctrl_back ctrl;
	struct bell ctrl_bell;
	struct vif_live *live;		/* borrowed; what the control thread may change */
	struct taplimit limit;		/* of what waits in the TAP */
	struct hash hash;		/* as the frontend set it; only with a control ring */
	struct statics *statics;
	struct vif_kept *kept;		/* what a daemon after us must find of all these tables */
	bool hash_changed, statics_changed;	/* since they were stored there */
	char connection[VIF_CONNECTION_MAX];	/* what makes this connection another than the last */
	unsigned int nworkers;
	struct vif_worker *worker;
	struct vif_queue *queue;	/* conf.queues of them */
};

/* Before the workers start: limits what may wait in the device, or says that it cannot. */
struct vif_place;
void vif_queue_limit(struct vif_link *l, const struct vif_place *place);

/* Has the connection's other workers look at their ends of the device (taplimit.h). */
void vif_queue_look(struct vif_worker *vw);

/* The hot paths. Each handles at most one batch and returns how many frames
 * it moved or dropped, 0 when there was nothing to do. They may fault the
 * worker. A grx run is one of all the worker's queues: they share its TAP. */
MUST_CHECK unsigned int vif_gtx_run(struct vif_queue *q);
MUST_CHECK unsigned int vif_grx_run(struct vif_worker *vw);

/* Whether the rate lets a frame through in that direction (RATE_*); else it is
 * noted that time is waited for. */
MUST_CHECK bool vif_may(struct vif_worker *vw, uint32_t direction);

/* Which of the worker's queues a frame of p->len bytes is for; the hash that
 * says so, if the frontend wants it told, to p. */
struct vif_queue *vif_steer(const struct vif_worker *vw, struct pkt *p, const uint8_t *frame);

/* Control messages, a few. */
MUST_CHECK unsigned int vif_ctrl_run(struct vif_link *l);

/* Maps the rings of queue index, binds its channels. What was done stays for
 * vif_queue_exit(). why gets the reason of a failure, static. -errno. */
MUST_CHECK int vif_queue_init(struct vif_queue *q, struct vif_worker *vw, struct domid peer,
			      unsigned int index, const char **why);

/* Gives the rings back; the channels go with the worker's handle. */
void vif_queue_exit(struct vif_queue *q);

#endif
