/* SPDX-License-Identifier: MIT */
/* conn.c - making and ending a connection: pages granted, queues, control ring, worker */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "announce.h"
#include "conn.h"
#include "conn_internal.h"
#include "ctrl.h"
#include "gref_register.h"
#include "grx.h"
#include "gtx.h"
#include "mcast.h"
#include "queue.h"
#include "rss.h"

/* What is said on the control ring, in this order: Linux netback knows only hashing. */
static nic_ctrl_step_fn *const ctrl_steps[] = { nic_gref_register_start, nic_rss_start, NULL };

static struct nic_conn *nic_conn_of(struct worker *w)
{
	return container_of(w, struct nic_conn, w);
}

/* --- what the worker's loop calls ---------------------------------------- */

/* Serves each grx ring once, or as many as WORKER_RUN_SEGMENTS allows: the next
 * pass begins with the one after them. Returns the number of packets. */
static unsigned int conn_run_grx(struct nic_conn *l)
{
	unsigned int received = 0;

	l->segments = 0;
	for (unsigned int i = 0; i < l->conf.queues && l->segments < WORKER_RUN_SEGMENTS; i++) {
		received += nic_grx_run(&l->queue[l->turn]);
		l->turn = l->turn + 1 < l->conf.queues ? l->turn + 1 : 0;
	}
	return received;
}

static unsigned int conn_op_run(struct worker *w)
{
	struct nic_conn *l = nic_conn_of(w);
	unsigned int did = nic_ctrl_run(l) + nic_gtx_run(l), received = conn_run_grx(l);

	/* What came in is soon answered: read the TAP without waiting for its event. */
	if (received)
		w->tap_ready = true;
	return did + received;
}

static bool conn_op_pending(struct worker *w)
{
	struct nic_conn *l = nic_conn_of(w);
	bool answers = l->gtx_blocked || l->mcast.id != NIC_MCAST_NONE;

	/* An index out of range is work too: the run deals with it. */
	for (unsigned int i = 0; i < l->conf.queues; i++) {
		struct nic_queue *q = &l->queue[i];

		if (grx_front_begin(&q->grx) != 0 || (answers && gtx_front_begin(&q->gtx) != 0))
			return true;
	}
	return l->conf.ctrl && ctrl_front_begin(&l->ctrl.ring) != 0;
}

/* While frames can be posted the responses may wait. When none can, asks for a
 * signal once half of them are there. Returns whether that is so already. */
static bool conn_rearm_blocked(struct nic_queue *q)
{
	unsigned int busy = RING_SLOTS - gtx_front_free(&q->gtx);

	return busy && gtx_front_rearm(&q->gtx, busy / 2 + 1);
}

static bool conn_op_rearm(struct worker *w)
{
	struct nic_conn *l = nic_conn_of(w);

	if (l->mcast.id != NIC_MCAST_NONE && gtx_front_rearm(&l->queue->gtx, 1))
		return true;
	for (unsigned int i = 0; i < l->conf.queues; i++) {
		struct nic_queue *q = &l->queue[i];

		if ((l->gtx_blocked && conn_rearm_blocked(q)) || grx_front_rearm(&q->grx, 1))
			return true;
	}
	return l->conf.ctrl && ctrl_front_rearm(&l->ctrl.ring);
}

static int conn_op_sleep_ms(struct worker *w)
{
	return nic_announce_wait_ms(nic_conn_of(w));
}

static const struct worker_ops ops = {
	.run = conn_op_run,
	.pending = conn_op_pending,
	.rearm = conn_op_rearm,
	.sleep_ms = conn_op_sleep_ms,
};

/* --- making and ending ---------------------------------------------------- */

static int conn_grant_pages(struct nic_conn *l, struct domid peer, const char **why)
{
	int err;

	*why = "cannot open the grant device (/dev/xen/gntalloc)";
	err = share_open(&l->share, peer);
	if (err)
		return err;
	*why = "cannot grant pages; raise gntalloc's limit (module parameter xen_gntalloc.limit)";
	err = pool_init(&l->rings, l->share, RINGS_QUEUES + 2 * l->conf.queues + l->conf.mask, SHARE_READ_WRITE);
	if (err)
		return err;
	free_pages_init(&l->gtx_free_pages);
	return pool_init(&l->gtx_pool, l->share, POOL_GTX_PAGES, SHARE_READ_ONLY);
}

static int conn_offer_mask(struct nic_conn *l, struct domid peer, const char **why)
{
	if (!l->conf.mask)
		return 0;
	evmask_front_init(&l->w.mask, pool_page(&l->rings, RINGS_QUEUES + 2 * l->conf.queues), l->conf.queues);
	*why = "cannot allocate an event channel";
	return worker_offer(&l->w, peer, &l->mask_doorbell);
}

static int conn_offer_ctrl(struct nic_conn *l, struct domid peer, const char **why)
{
	if (!l->conf.ctrl)
		return 0;
	ctrl_front_init(&l->ctrl.ring, pool_page(&l->rings, RINGS_CTRL));
	l->ctrl.doorbell = (struct doorbell){ l->mask_doorbell.port, EVMASK_CTRL };
	*why = "cannot allocate an event channel";
	return l->conf.mask ? 0 : worker_offer(&l->w, peer, &l->ctrl.doorbell);
}

static struct nic_conn *conn_alloc(const struct nic_conf *conf)
{
	struct nic_conn *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->queue = calloc(conf->queues, sizeof(*l->queue));
	l->tso.frame = malloc(PKT_LEN_MAX);
	l->send = malloc(BURST_MAX * sizeof(*l->send));
	if (l->queue && l->tso.frame && l->send)
		return l;
	free(l->send);
	free(l->tso.frame);
	free(l->queue);
	free(l);
	return NULL;
}

int nic_conn_new(struct nic_conn **out, const struct nic_place *place, const struct nic_conf *conf, const char **why)
{
	struct nic_conn *l = conn_alloc(conf);
	int err;

	*why = "no memory";
	if (!l)
		return -ENOMEM;
	l->conf = *conf;
	l->log = place->log;
	nic_mcast_init(l);
	*why = "cannot open the event channel device";
	err = worker_init(&l->w, &ops, place->name, place->tap_fd, place->control_fd);
	if (!err)
		err = conn_grant_pages(l, place->peer, why);
	if (!err)
		err = conn_offer_mask(l, place->peer, why);
	for (unsigned int i = 0; i < conf->queues && !err; i++)
		err = nic_queue_init(&l->queue[i], l, place->peer, i, why);
	if (!err)
		err = conn_offer_ctrl(l, place->peer, why);
	if (err) {
		nic_conn_free(l);
		return err;
	}
	*out = l;
	return 0;
}

unsigned int nic_conn_pages(unsigned int queues)
{
	return pool_pages(queues);
}

void nic_conn_refs(const struct nic_conn *l, struct nic_refs *refs)
{
	*refs = (struct nic_refs){ .ctrl_ref = l->rings.gref[RINGS_CTRL], .ctrl_port = l->ctrl.doorbell.port,
				   .mask_port = l->mask_doorbell.port };
	if (l->conf.mask)
		refs->mask_ref = l->rings.gref[RINGS_QUEUES + 2 * l->conf.queues];
	for (unsigned int i = 0; i < l->conf.queues; i++) {
		const struct nic_queue *q = &l->queue[i];
		unsigned int page = RINGS_QUEUES + 2 * i;

		refs->queue[i].gtx_ref = l->rings.gref[page];
		refs->queue[i].grx_ref = l->rings.gref[page + 1];
		refs->queue[i].gtx_port = q->gtx_doorbell.port;
		refs->queue[i].grx_port = q->grx_doorbell.port;
	}
}

const struct nic_conf *nic_conn_conf(const struct nic_conn *l)
{
	return &l->conf;
}

void nic_conn_announce(struct nic_conn *l, const struct announce *what)
{
	nic_announce_start(l, what);
}

int nic_conn_start(struct nic_conn *l)
{
	for (unsigned int i = 0; i < l->conf.queues; i++)
		if (grx_front_push(&l->queue[i].grx))
			worker_notify(&l->w, l->queue[i].grx_doorbell);
	if (l->conf.ctrl)
		nic_ctrl_start(l, ctrl_steps);
	return worker_start(&l->w);
}

void nic_conn_stop(struct nic_conn *l)
{
	worker_stop(&l->w);
}

void nic_conn_stats(const struct nic_conn *l, struct stats *sum)
{
	*sum = (struct stats){ { 0 } };
	stats_sum(sum, &l->w.stats);
	for (unsigned int i = 0; i < l->conf.queues; i++)
		stats_sum(sum, &l->queue[i].stats);
}

bool nic_conn_queue_stats(const struct nic_conn *l, unsigned int i, struct stats *out)
{
	if (l->conf.queues == 1 || i >= l->conf.queues)
		return false;
	*out = (struct stats){ { 0 } };
	stats_sum(out, &l->queue[i].stats);
	return true;
}

const char *nic_conn_faulted(const struct nic_conn *l)
{
	return worker_faulted(&l->w);
}

void nic_conn_want_mcast(struct nic_conn *l, uint8_t (*addr)[6], unsigned int n)
{
	nic_mcast_want(l, addr, n);
}

enum nic_mcast_state nic_conn_mcast_state(const struct nic_conn *l)
{
	return nic_mcast_state(l);
}

int nic_conn_free_restored(struct nic_conn *l)
{
	int fd;

	worker_stop(&l->w);
	fd = evt_fd_dup(l->w.evt);
	/* Better a descriptor lost than the process. */
	if (fd < 0)
		l->w.evt = NULL;
	nic_conn_free(l);
	return fd;
}

void nic_conn_free(struct nic_conn *l)
{
	worker_stop(&l->w);
	worker_exit(&l->w);
	for (unsigned int i = 0; i < l->conf.queues; i++)
		nic_queue_exit(&l->queue[i]);
	if (l->share) {
		pool_exit(&l->rings, l->share);
		pool_exit(&l->gtx_pool, l->share);
	}
	share_close(l->share);
	free(l->send);
	free(l->tso.frame);
	free(l->queue);
	free(l);
}
