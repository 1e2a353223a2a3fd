/* SPDX-License-Identifier: MIT */
/* vif.h - one virtual interface of one guest, as the backend sees it
 *
 * Two owners, never at the same time for one field:
 * - the control thread owns struct vif: xenstore, the TAP, the xenbus state,
 *   and the birth and end of the queue's worker;
 * - the worker owns struct vif_queue from vif_queue_start() to
 *   vif_queue_stop(): rings, grants, channel, its end of the TAP.
 * What crosses is in struct worker: stop, fault and the counters.
 */
#ifndef NETPAIR_VIF_H
#define NETPAIR_VIF_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/abi.h"
#include "../common/evtchn.h"
#include "../common/grant.h"
#include "../common/offload.h"
#include "../common/pkt.h"
#include "../common/ring.h"
#include "../common/stats.h"
#include "../common/store.h"
#include "../common/util.h"
#include "../common/worker.h"

/* Private bytes per direction, for frames between ring and TAP: four of the
 * largest. Touched only as far as traffic needs it. */
#define BATCH_BYTES (4u * (65536u + 256u))
#define BATCH_FRAMES 128u

/* The most one frame takes there, header and alignment included. */
#define FRAME_ROOM (VNET_HDR_LEN + PKT_LEN_MAX + 64u)

/* A frame in a batch. */
struct frame {
	struct pkt pkt;
	bool drop;		/* counted already; slots are owed an error */
	uint32_t at;		/* where its virtio_net_hdr starts in the buffer, bytes */
	uint16_t seg;		/* its first segment in the grant batch */
	uint16_t segs;
};

/* What the frontend wrote, checked. */
struct vif_conf {
	struct gref gtx_ref, grx_ref;
	struct evport gtx_port, grx_port;	/* remote; equal unless split */
	bool split;
	bool rx_notify;
	struct vnet_peer peer;
};

struct vif_queue {
	struct worker w;
	struct vif_conf conf;
	struct grant_dev *grant;
	struct grant_batch *batch;
	void *gtx_page, *grx_page;
	struct gtx_back gtx;
	struct grx_back grx;
	uint8_t *gtx_buf, *grx_buf;	/* BATCH_BYTES each */
	struct frame *frames;		/* BATCH_FRAMES, of the run under way */
	bool held;			/* grx_buf starts with a frame that lacks slots */
	struct frame held_frame;
	uint64_t held_until;		/* then it is dropped; monotonic, microseconds */
	unsigned int starved;		/* grx slots waited for, 0: none */
};

/* The hot paths. Each handles at most one batch and returns how many frames
 * it moved or dropped, 0 when there was nothing to do. They may fault the worker. */
MUST_CHECK unsigned int vif_gtx_run(struct vif_queue *q);
MUST_CHECK unsigned int vif_grx_run(struct vif_queue *q);

/* Maps the rings, binds the channels and starts the worker. why gets the
 * reason of a failure, static. -errno. */
MUST_CHECK int vif_queue_start(struct vif_queue **out, struct domid peer, const struct vif_conf *conf,
			       const char *name, int tap_fd, int wake_fd, const char **why);

/* Ends the worker once it has answered what it took, and gives all back. */
void vif_queue_stop(struct vif_queue *q);

/* --- control thread ----------------------------------------------------- */

struct backend;

struct vif {
	struct vif *next;
	struct backend *daemon;
	struct domid peer;
	uint32_t devid;
	char name[16];			/* vifD.H: what the TAP was born as */
	char be_path[128];
	char fe_path[STORE_PATH_MAX];	/* "" until known */
	char token[32];			/* of the watch on the frontend's state */
	enum xenbus_state state;	/* as published */
	enum xenbus_state seen;		/* the frontend's, at the last look */
	bool dirty;
	bool gone;			/* to be freed */
	bool refused;
	int tap_fd;			/* -1: none yet */
	struct vif_queue *queue;	/* NULL unless connected */
};

/* Reads and checks the frontend's keys; why gets a text on failure. -errno. */
MUST_CHECK int vif_conf_read(struct vif_conf *conf, struct store *s, const char *fe_path,
			     char *why, size_t why_len);

/* Writes the features and the state InitWait in one transaction. -errno. */
MUST_CHECK int vif_conf_publish(struct store *s, const char *be_path);

/* Makes a VIF for backend directory D/devid and picks up what an earlier
 * daemon left; NULL without memory, or where the directory tells nothing to do. */
MUST_CHECK struct vif *vif_new(struct backend *d, struct domid peer, uint32_t devid);
void vif_free(struct vif *v);

/* Looks at both directories afresh and does what the handshake asks for. */
void vif_run(struct vif *v);

#endif
