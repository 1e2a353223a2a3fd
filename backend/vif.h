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
#include "../common/ctrlring.h"
#include "../common/evtchn.h"
#include "../common/grant.h"
#include "../common/offload.h"
#include "../common/pkt.h"
#include "../common/ring.h"
#include "../common/segment.h"
#include "../common/stats.h"
#include "../common/store.h"
#include "../common/util.h"
#include "../common/worker.h"
#include "statics.h"

/* The most one frame takes of a private buffer: its pieces in pages of their
 * own, so that no copy of the hypervisor's crosses one (it would be two). */
#define FRAME_ROOM ((PKT_SLOTS_MAX + 2u) * XEN_PAGE)

/* Private bytes per direction, for frames between ring and TAP. Touched only
 * as far as traffic needs it. */
#define BATCH_BYTES (4u * FRAME_ROOM)
#define BATCH_FRAMES 128u

/* The most buffers that grx takes off the ring ahead of a frame: enough for
 * the largest, its extra included. */
#define POSTED_MAX PKT_SLOTS_MAX

/* A frame in a batch. */
struct frame {
	struct pkt pkt;
	bool drop;		/* counted already; slots are owed an error */
	bool scattered;		/* gtx: it lies in part[], not in one run */
	uint32_t at;		/* where its virtio_net_hdr starts in the buffer, bytes */
	uint16_t seg;		/* its first segment in the grant batch */
	uint16_t segs;
	struct iovec part[PKT_SLOTS_FATAL];	/* gtx, if scattered: its pieces in order */
};

/* A guest buffer taken off the grx ring and not yet answered. */
struct posted {
	struct gref gref;
	uint8_t *page;		/* mapped for good; NULL: by grant copy */
};

/* What the frontend wrote, checked. */
struct vif_conf {
	struct gref gtx_ref, grx_ref;
	struct evport gtx_port, grx_port;	/* remote; equal unless split */
	bool split;
	bool ctrl;				/* the next two are there */
	struct gref ctrl_ref;
	struct evport ctrl_port;
	bool rx_notify;
	struct vnet_peer peer;
};

struct vif_queue {
	struct worker w;
	struct vif_conf conf;
	struct grant_dev *grant;
	struct grant_batch *batch;
	void *gtx_page, *grx_page;
	void *ctrl_page;		/* NULL: no control ring */
	struct gtx_back gtx;
	struct grx_back grx;
	struct ctrl_back ctrl;
	struct statics *statics;
	bool statics_changed;		/* since they were noted */
	char statics_path[256];		/* its note for the next daemon */
	char connection[96];		/* what makes this connection another than the last */
	struct posted posted[POSTED_MAX];	/* in ring order */
	unsigned int nposted;
	uint8_t *gtx_buf, *grx_buf;	/* BATCH_BYTES each */
	struct frame *frames;		/* BATCH_FRAMES, of the run under way */
	struct segment cut;		/* a frame that goes out in segments */
	bool held;			/* grx_buf starts with a frame that lacks slots */
	struct frame held_frame;
	uint64_t held_until;		/* then it is dropped; monotonic, microseconds */
	unsigned int starved;		/* grx slots waited for, 0: none */
};

/* The hot paths. Each handles at most one batch and returns how many frames
 * it moved or dropped, 0 when there was nothing to do. They may fault the worker. */
MUST_CHECK unsigned int vif_gtx_run(struct vif_queue *q);
MUST_CHECK unsigned int vif_grx_run(struct vif_queue *q);

/* Control messages, a few. */
MUST_CHECK unsigned int vif_ctrl_run(struct vif_queue *q);

/* The refs that grx has taken and not answered, to out (POSTED_MAX). How many. */
unsigned int vif_grx_posted(const struct vif_queue *q, struct gref *out);

/* Looks the pages of taken buffers up again: the table has changed. */
void vif_grx_refresh(struct vif_queue *q);

/* Slots there are for the next grx frame, taken or not. */
unsigned int vif_grx_slots(const struct vif_queue *q);

/* Where a queue belongs. */
struct vif_place {
	struct domid peer;
	const char *name;	/* borrowed */
	const char *run_dir;	/* borrowed */
	int tap_fd;		/* borrowed */
	int wake_fd;		/* borrowed */
	bool resume;		/* an earlier daemon served this very connection */
};

/* Maps the rings, binds the channels and starts the worker. why gets the
 * reason of a failure, static. -errno. */
MUST_CHECK int vif_queue_start(struct vif_queue **out, const struct vif_place *place,
			       const struct vif_conf *conf, const char **why);

/* Removes what a queue of that name left for a restart. */
void vif_queue_forget(const char *run_dir, const char *name);

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
	const char *broken;		/* why the toolstack's own keys rule it out; static */
	int tap_fd;			/* -1: none yet */
	unsigned int mtu_lowered;	/* what the TAP's MTU was before, 0: left alone */
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
