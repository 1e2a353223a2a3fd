/* SPDX-License-Identifier: MIT */
/* nic.h - one network interface of this guest, as the frontend sees it
 *
 * Two owners, never at the same time for one field: the control thread owns
 * struct nic, the worker owns struct nic_queue while it runs. What crosses is
 * in struct worker: stop, fault and the counters.
 */
#ifndef NETPAIR_NIC_H
#define NETPAIR_NIC_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/abi.h"
#include "../common/ctrlring.h"
#include "../common/offload.h"
#include "../common/pkt.h"
#include "../common/ring.h"
#include "../common/segment.h"
#include "../common/share.h"
#include "../common/store.h"
#include "../common/util.h"
#include "../common/worker.h"

/* Granted pages of one interface: two interfaces fit gntalloc's default limit
 * of 1024. A page holds packet data and nothing else, ever (XSA-403). */
#define POOL_GTX_PAGES 250u
#define POOL_GRX_PAGES RING_SLOTS
#define POOL_RING_PAGES 4u
#define POOL_PAGES (POOL_GTX_PAGES + POOL_GRX_PAGES + POOL_RING_PAGES)

/* What the ring pages are for. */
enum { RINGS_GTX, RINGS_GRX, RINGS_CTRL, RINGS_LIST };

/* Pages of the largest frame. */
#define FRAME_PAGES ((PKT_LEN_MAX + XEN_PAGE - 1) / XEN_PAGE)

/* A run of pages, granted for as long as the interface is connected. */
struct pool {
	uint8_t *pages;
	unsigned int count;
	struct gref gref[RING_SLOTS];
};

/* What the backend offers, checked. */
struct nic_conf {
	struct vnet_peer peer;
	bool split;
	bool ctrl;		/* it has a control ring */
};

struct nic_queue {
	struct worker w;
	struct nic_conf conf;
	struct share_dev *share;
	struct pool rings;		/* a page each, RINGS_* */
	struct pool gtx_pool;		/* readable by the backend; page = id */
	struct pool grx_pool;		/* writable by it; page = slot = id */
	struct gtx_front gtx;
	struct grx_front grx;
	uint16_t gtx_free[POOL_GTX_PAGES];	/* a stack of pages that are ours */
	unsigned int gtx_nfree;
	struct segment cut;		/* a frame that goes out in segments */
	bool gtx_blocked;		/* a frame may wait for pages or slots */
	struct ctrl_front ctrl;
	int ctrl_state;			/* of ctrl.c */
	uint16_t ctrl_id;		/* of the message under way */
	uint32_t ctrl_listed;		/* refs in the list */
};

/* The hot paths. Each handles at most one batch and returns how many frames
 * it moved or dropped. They may fault the worker. */
MUST_CHECK unsigned int nic_gtx_run(struct nic_queue *q);
MUST_CHECK unsigned int nic_grx_run(struct nic_queue *q);

/* Offers the pool as static grants, if there is a control ring; before the
 * worker starts. nic_ctrl_run() goes on with the answers. */
void nic_ctrl_start(struct nic_queue *q);
MUST_CHECK unsigned int nic_ctrl_run(struct nic_queue *q);

/* Grants count new zeroed pages. -errno; -ENOSPC: gntalloc's limit. */
MUST_CHECK int pool_init(struct pool *p, struct share_dev *s, unsigned int count, enum share_access access);
void pool_exit(struct pool *p, struct share_dev *s);
uint8_t *pool_page(const struct pool *p, unsigned int index);

/* How many pages gntalloc grants in all; 0: unknown. */
unsigned int pool_limit(void);

/* Grants the pages, formats the rings, stages every receive buffer and offers
 * the channels to domain peer. why gets the reason of a failure, static. -errno. */
MUST_CHECK int nic_queue_new(struct nic_queue **out, struct domid peer, const struct nic_conf *conf,
			     const char *name, int tap_fd, int wake_fd, const char **why);

/* The backend has attached: publishes the buffers, starts the worker. -errno. */
MUST_CHECK int nic_queue_start(struct nic_queue *q);

/* Ends the worker; the pages stay granted. */
void nic_queue_stop(struct nic_queue *q);

/* Takes the pages back and frees the queue. */
void nic_queue_free(struct nic_queue *q);

/* The same for a queue whose guest was restored since: its channels are of
 * another life (tomb.h). */
void nic_queue_free_restored(struct nic_queue *q);

/* --- control thread ----------------------------------------------------- */

struct frontend;

struct nic {
	struct nic *next;
	struct frontend *daemon;
	uint32_t devid;
	char name[16];			/* nicN, in logs and notes */
	char fe_path[64];
	char be_path[STORE_PATH_MAX];	/* "" while unknown; watched if not */
	char token[16];
	struct domid peer;
	enum xenbus_state state;	/* as published, or as found */
	enum xenbus_state seen;		/* the backend's, at the last look */
	bool dirty;
	bool gone;			/* to be freed */
	bool attached;
	bool restored;			/* what is shared is of a life before a restore */
	int tap_fd;			/* -1: none yet */
	struct nic_queue *queue;	/* NULL unless rings are shared */
	unsigned int attempts;		/* connections that came to nothing, in a row */
	uint64_t not_before;		/* for the next one; microseconds */
};

/* Reads and checks the backend's offer; why gets a text on failure. -errno. */
MUST_CHECK int nic_conf_read(struct nic_conf *conf, struct store *s, const char *be_path,
			     char *why, size_t why_len);

/* Writes the rings, channels, features and the state Connected in one
 * transaction. -errno. */
MUST_CHECK int nic_conf_publish(struct store *s, const char *fe_path, const struct nic_queue *q);

/* Makes a NIC for device/vif/devid; NULL without memory, or if it is not there. */
MUST_CHECK struct nic *nic_new(struct frontend *d, uint32_t devid);
void nic_free(struct nic *n);

/* Looks at both directories afresh and does what the handshake asks for. */
void nic_run(struct nic *n);

#endif
