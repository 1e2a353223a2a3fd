/* SPDX-License-Identifier: MIT */
/* link.h - a connection to a backend: granted pages, queues, and the worker that serves them
 *
 * The worker owns it all while it runs. One worker serves all queues: it reads
 * one TAP, and a frame lies in pages of the pool, which all queues share,
 * before it is known which queue it is for. What crosses threads is in struct
 * worker: stop, fault and the counters.
 */
#ifndef NETPAIR_LINK_H
#define NETPAIR_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/abi.h"
#include "../common/ctrlring.h"
#include "../common/log.h"
#include "../common/offload.h"
#include "../common/pkt.h"
#include "../common/ring.h"
#include "../common/segment.h"
#include "../common/share.h"
#include "../common/util.h"
#include "../common/worker.h"
#include "announce.h"
#include "mcast.h"
#include "pool.h"
#include "spare.h"

/* What the ring pages are for; each queue has two, and the event mask the last. */
enum { RINGS_CTRL, RINGS_LIST, RINGS_QUEUES };

/* The most queues of one NIC. */
#define NIC_QUEUES_MAX 16u

/* Pages of the largest frame. */
#define FRAME_PAGES ((PKT_LEN_MAX + XEN_PAGE - 1) / XEN_PAGE)

/* What --without keeps from being offered. */
#define OFFER_SG 1u
#define OFFER_GSO4 2u
#define OFFER_GSO6 4u
#define OFFER_CSUM4 8u
#define OFFER_CSUM6 16u
#define OFFER_RX_NOTIFY 32u

/* What the backend offers, checked. */
struct nic_conf {
	uint32_t without;	/* OFFER_* that we do not offer */
	unsigned int queues;	/* 1..NIC_QUEUES_MAX */
	struct vnet_peer peer;
	bool split;		/* a channel each for gtx and grx; not with a mask */
	bool mask;		/* one channel and an event mask for all rings */
	bool ctrl;		/* it has a control ring */
	bool statics, rss;	/* what that is used for */
	bool mcast;		/* it filters multicast for us */
	bool mcast_dynamic;	/* and may be asked to while connected */
	bool mcast_on;		/* what is asked as we connect */
};

struct nic_link;

/* Two rings, and the pages that receive buffers are of. */
struct nic_queue {
	struct nic_link *link;
	unsigned int index;
	struct pool grx_pool;		/* writable by the backend; page = slot modulo their count */
	struct gtx_front gtx;
	struct grx_front grx;
	struct bell gtx_bell, grx_bell;
	struct stats stats;
};

/* Who sent a control message takes its answer. */
typedef void nic_ctrl_fn(struct nic_link *l, const struct xen_netif_ctrl_response *rsp);

/* A packet on its way to the TAP: what must last until its burst is written. */
struct nic_send {
	uint32_t len;			/* bytes of the frame */
	ssize_t put;
	struct vnet_head head;
	struct iovec iov[1 + PKT_SLOTS_FATAL];
};

/* Hashing, as far as it is agreed (rss.c). */
struct nic_rss {
	uint32_t known;		/* XEN_NETIF_CTRL_HASH_TYPE_* of both of us */
	uint32_t types;		/* that a hash may come with a frame of; 0: none */
	uint32_t size;		/* of the table; 0: modulo the queues */
};

struct nic_link {
	struct worker w;
	struct log_bucket *log;		/* borrowed: the NIC's */
	struct nic_conf conf;
	struct share_dev *share;
	struct pool rings;		/* a page each, RINGS_* */
	struct pool gtx_pool;		/* readable by the backend; page = id */
	struct spare gtx_spare;		/* its pages that are not with the backend */
	uint32_t segments;		/* that this pass over the grx rings makes, WORKER_RUN_SEGMENTS */
	unsigned int turn;		/* the queue that the next pass begins with */
	struct segment cut;		/* a frame that goes out in segments */
	struct nic_queue *cut_queue;	/* on which queue */
	bool gtx_blocked;		/* a frame may wait for pages or slots */
	struct nic_send *send;		/* BURST_MAX of them */
	struct bell mask_bell;		/* port of all rings, if there is a mask */
	struct ctrl_front ctrl;
	struct bell ctrl_bell;
	nic_ctrl_fn *ctrl_answered;	/* for the message under way; NULL: there is none */
	uint16_t ctrl_id;		/* of that message */
	unsigned int ctrl_queue;	/* whose list is under way */
	uint32_t ctrl_room;		/* refs that the backend still takes */
	uint32_t ctrl_listed;		/* refs in the list */
	uint32_t ctrl_registered;	/* refs that it took */
	struct nic_rss rss;
	struct nic_mcast mcast;
	struct nic_announce announce;
	struct nic_queue *queue;	/* conf.queues of them */
};

/* The hot paths. Each handles at most one batch and returns how many frames
 * it moved or dropped. They may fault the worker. */
MUST_CHECK unsigned int nic_gtx_run(struct nic_link *l);
MUST_CHECK unsigned int nic_grx_run(struct nic_queue *q);

/* Which queue a frame goes out on. */
struct nic_queue *nic_steer(const struct nic_link *l, const uint8_t *frame, uint32_t len);

/* Begins with what the control ring is for; before the worker starts.
 * nic_ctrl_run() goes on with the answers. */
void nic_ctrl_start(struct nic_link *l);
MUST_CHECK unsigned int nic_ctrl_run(struct nic_link *l);

/* For whose turn it is: sends a message; answered gets the answer. The page for
 * what messages point to, empty, and its reference: it stays till the answer. */
void nic_ctrl_send(struct nic_link *l, nic_ctrl_fn *answered, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2);
void *nic_ctrl_page(struct nic_link *l);
uint32_t nic_ctrl_page_ref(const struct nic_link *l);

/* Whose turn it is, in this order: each goes on with the next. */
void nic_statics_start(struct nic_link *l);
void nic_rss_start(struct nic_link *l);

/* What a packet's hash counts as; STAT_GRX_DROP_EXTRA: nobody asked for it. */
MUST_CHECK enum stat nic_rss_take(const struct nic_queue *q, const struct pkt *p);

/* Grants the receive pages of queue index, formats its rings, offers its
 * channels. What was done stays for nic_queue_exit(). -errno. */
MUST_CHECK int nic_queue_init(struct nic_queue *q, struct nic_link *l, struct domid peer,
			      unsigned int index, const char **why);
void nic_queue_exit(struct nic_queue *q);

/* Grants the pages, formats the rings, stages every receive buffer and offers
 * the channels to domain peer. why gets the reason of a failure, static. -errno. */
MUST_CHECK int nic_link_new(struct nic_link **out, struct domid peer, const struct nic_conf *conf,
			    const char *name, int tap_fd, int wake_fd, const char **why);

/* The backend has attached: publishes the buffers, starts the worker. -errno. */
MUST_CHECK int nic_link_start(struct nic_link *l);

/* Ends the worker; the pages stay granted. */
void nic_link_stop(struct nic_link *l);

/* The counters of all of it. */
void nic_link_stats(const struct nic_link *l, struct stats *sum);

/* Takes the pages back and frees the connection. */
void nic_link_free(struct nic_link *l);

/* The same where the guest was restored since: the channels, of another life,
 * go to the keeper of run_dir (evtchn_keeper.h). */
void nic_link_free_restored(struct nic_link *l, const char *run_dir);

#endif
