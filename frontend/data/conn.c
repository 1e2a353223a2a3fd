/* SPDX-License-Identifier: MIT */
/* conn.c - makes and ends a connection: its granted pages, queues, control ring and worker */
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

/* The subjects of the control ring, in this order. Linux netback knows only hashing. */
static nic_ctrl_step_fn *const ctrl_steps[] = { nic_gref_register_start, nic_rss_start, NULL };

static struct nic_conn *nic_conn_of(struct worker *w)
{
	return container_of(w, struct nic_conn, w);
}

/* --- what the worker's loop calls ---------------------------------------- */

/* Serves each grx ring once, or as many rings as WORKER_RUN_SEGMENTS allows: the next
 * pass then begins with the next ring. Returns the number of packets. */
static unsigned int conn_run_grx(struct nic_conn *conn)
{
	unsigned int received = 0;

	conn->segments = 0;
	for (unsigned int i = 0; i < conn->conf.queues && conn->segments < WORKER_RUN_SEGMENTS; i++) {
		received += nic_grx_run(&conn->queue[conn->turn]);
		conn->turn = conn->turn + 1 < conn->conf.queues ? conn->turn + 1 : 0;
	}
	return received;
}

static unsigned int conn_op_run(struct worker *w)
{
	struct nic_conn *conn = nic_conn_of(w);
	unsigned int did = nic_ctrl_run(conn) + nic_gtx_run(conn), received = conn_run_grx(conn);

	/* The guest may answer what came in at once: read the TAP without waiting for its event. */
	if (received && !w->tap_ready)
		w->tap_ready = taplook_answer(&w->look);
	return did + received;
}

static bool conn_op_pending(struct worker *w)
{
	struct nic_conn *conn = nic_conn_of(w);
	bool answers = conn->gtx_blocked || conn->mcast.id != NIC_MCAST_NONE;

	/* An index out of range counts as work: the run then faults the worker. */
	for (unsigned int i = 0; i < conn->conf.queues; i++) {
		struct nic_queue *q = &conn->queue[i];

		if (grx_front_begin(&q->grx) != 0 || (answers && gtx_front_begin(&q->gtx) != 0))
			return true;
	}
	return conn->conf.ctrl && ctrl_front_begin(&conn->ctrl.ring) != 0;
}

/* While frames can be posted, responses need no signal. Once none can, asks for a signal
 * when half of the responses are there. Returns true if they are there already. */
static bool conn_rearm_blocked(struct nic_queue *q)
{
	unsigned int busy = RING_SLOTS - gtx_front_free(&q->gtx);

	return busy && gtx_front_rearm(&q->gtx, busy / 2 + 1);
}

static bool conn_op_rearm(struct worker *w)
{
	struct nic_conn *conn = nic_conn_of(w);

	if (conn->mcast.id != NIC_MCAST_NONE && gtx_front_rearm(&conn->queue->gtx, 1))
		return true;
	for (unsigned int i = 0; i < conn->conf.queues; i++) {
		struct nic_queue *q = &conn->queue[i];

		nic_queue_show(q);
		if ((conn->gtx_blocked && conn_rearm_blocked(q)) || grx_front_rearm(&q->grx, 1))
			return true;
	}
	return conn->conf.ctrl && ctrl_front_rearm(&conn->ctrl.ring);
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

static int conn_grant_pages(struct nic_conn *conn, struct domid peer, struct reason *why)
{
	int err = share_open(&conn->share, peer);

	if (err)
		return reason_fail(why, "cannot open the grant device (/dev/xen/gntalloc)", ERRTEXT_XEN, err);
	err = pool_init(&conn->rings, conn->share, RINGS_QUEUES + 2 * conn->conf.queues + conn->conf.mask, SHARE_READ_WRITE);
	if (!err) {
		free_pages_init(&conn->gtx_free_pages);
		err = pool_init(&conn->gtx_pool, conn->share, POOL_GTX_PAGES, SHARE_READ_ONLY);
	}
	return reason_fail(why, POOL_NO_PAGES, ERRTEXT_XEN, err);
}

static int conn_offer_mask(struct nic_conn *conn, struct domid peer, struct reason *why)
{
	if (!conn->conf.mask)
		return 0;
	evmask_front_init(&conn->w.mask, pool_page(&conn->rings, RINGS_QUEUES + 2 * conn->conf.queues), conn->conf.queues);
	return reason_fail(why, "cannot allocate an event channel", ERRTEXT_XEN, worker_offer(&conn->w, peer, &conn->mask_doorbell));
}

static int conn_offer_ctrl(struct nic_conn *conn, struct domid peer, struct reason *why)
{
	int err = 0;

	if (!conn->conf.ctrl)
		return 0;
	ctrl_front_init(&conn->ctrl.ring, pool_page(&conn->rings, RINGS_CTRL));
	conn->ctrl.doorbell = (struct doorbell){ conn->mask_doorbell.port, EVMASK_CTRL };
	if (!conn->conf.mask)
		err = worker_offer(&conn->w, peer, &conn->ctrl.doorbell);
	return reason_fail(why, "cannot allocate an event channel", ERRTEXT_XEN, err);
}

static struct nic_conn *conn_alloc(const struct nic_conf *conf)
{
	struct nic_conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		return NULL;
	conn->queue = calloc(conf->queues, sizeof(*conn->queue));
	conn->tso.frame = malloc(PKT_LEN_MAX);
	conn->send = malloc(BURST_MAX * sizeof(*conn->send));
	if (conn->queue && conn->tso.frame && conn->send)
		return conn;
	free(conn->send);
	free(conn->tso.frame);
	free(conn->queue);
	free(conn);
	return NULL;
}

int nic_conn_new(struct nic_conn **out, const struct nic_place *place, const struct nic_conf *conf, struct reason *why)
{
	struct nic_conn *conn = conn_alloc(conf);
	struct net_port net;
	int err;

	if (!conn)
		return reason_fail(why, "cannot make the connection", ERRTEXT_FILE, -ENOMEM);
	conn->conf = *conf;
	conn->log = place->log;
	nic_mcast_init(conn);
	port_init_tap(&net, place->tap_fd);
	err = reason_fail(why, "cannot open the event channel device", ERRTEXT_XEN,
			  worker_init(&conn->w, &ops, place->name, &net, place->control_fd, &conn->counters, NULL));
	if (!err)
		err = conn_grant_pages(conn, place->peer, why);
	if (!err)
		err = conn_offer_mask(conn, place->peer, why);
	for (unsigned int i = 0; i < conf->queues && !err; i++)
		err = nic_queue_init(&conn->queue[i], conn, place->peer, i, why);
	if (!err)
		err = conn_offer_ctrl(conn, place->peer, why);
	if (err) {
		nic_conn_free(conn);
		return err;
	}
	*out = conn;
	return 0;
}

unsigned int nic_conn_pages(unsigned int queues)
{
	return pool_pages(queues);
}

void nic_conn_refs(const struct nic_conn *conn, struct nic_refs *refs)
{
	*refs = (struct nic_refs){ .ctrl_ref = conn->rings.gref[RINGS_CTRL], .ctrl_port = conn->ctrl.doorbell.port,
				   .mask_port = conn->mask_doorbell.port };
	if (conn->conf.mask)
		refs->mask_ref = conn->rings.gref[RINGS_QUEUES + 2 * conn->conf.queues];
	for (unsigned int i = 0; i < conn->conf.queues; i++) {
		const struct nic_queue *q = &conn->queue[i];
		unsigned int page = RINGS_QUEUES + 2 * i;

		refs->queue[i].gtx_ref = conn->rings.gref[page];
		refs->queue[i].grx_ref = conn->rings.gref[page + 1];
		refs->queue[i].gtx_port = q->gtx_doorbell.port;
		refs->queue[i].grx_port = q->grx_doorbell.port;
	}
}

const struct nic_conf *nic_conn_conf(const struct nic_conn *conn)
{
	return &conn->conf;
}

void nic_conn_announce(struct nic_conn *conn, const struct announce *what)
{
	nic_announce_start(conn, what);
}

int nic_conn_start(struct nic_conn *conn)
{
	for (unsigned int i = 0; i < conn->conf.queues; i++) {
		if (grx_front_push(&conn->queue[i].grx))
			worker_notify(&conn->w, conn->queue[i].grx_doorbell);
		nic_queue_show(&conn->queue[i]);
	}
	if (conn->conf.ctrl)
		nic_ctrl_start(conn, ctrl_steps);
	return worker_start(&conn->w);
}

void nic_conn_stop(struct nic_conn *conn)
{
	worker_stop(&conn->w);
}

bool nic_conn_try_stop(struct nic_conn *conn)
{
	return worker_try_stop(&conn->w);
}

enum stuck_verdict nic_conn_look(const struct nic_conn *conn, struct stuck *s)
{
	uint64_t activity = stuck_mix_worker(0, &conn->counters.stats, &conn->counters.at);

	for (unsigned int i = 0; i < conn->conf.queues; i++)
		activity = stuck_mix_queue(activity, &conn->queue[i].stats, &conn->queue[i].at);
	return conn->w.running ? stuck_look(s, activity, &conn->counters.at) : STUCK_NOT;
}

void nic_conn_stats(const struct nic_conn *conn, struct stats *sum)
{
	*sum = (struct stats){ { 0 } };
	stats_sum(sum, &conn->counters.stats);
	for (unsigned int i = 0; i < conn->conf.queues; i++)
		stats_sum(sum, &conn->queue[i].stats);
}

bool nic_conn_queue_stats(const struct nic_conn *conn, unsigned int i, struct stats *out)
{
	if (conn->conf.queues == 1 || i >= conn->conf.queues)
		return false;
	*out = (struct stats){ { 0 } };
	stats_sum(out, &conn->queue[i].stats);
	return true;
}

bool nic_conn_positions(const struct nic_conn *conn, unsigned int i, struct positions *out)
{
	if (i >= conn->conf.queues)
		return false;
	positions_get(out, &conn->queue[i].at, &conn->counters.at, 0);
	return true;
}

bool nic_conn_faulted(const struct nic_conn *conn, struct reason *why)
{
	const char *fault = worker_faulted(&conn->w);

	if (fault)
		*why = (struct reason){ .what = fault };
	return fault != NULL;
}

void nic_conn_want_mcast(struct nic_conn *conn, uint8_t (*addr)[6], unsigned int n)
{
	nic_mcast_want(conn, addr, n);
}

enum nic_mcast_state nic_conn_mcast_state(const struct nic_conn *conn)
{
	return nic_mcast_state(conn);
}

int nic_conn_free_restored(struct nic_conn *conn)
{
	int fd;

	worker_stop(&conn->w);
	fd = evt_fd_dup(conn->w.evt);
	/* A lost descriptor is better than the end of the process. */
	if (fd < 0)
		conn->w.evt = NULL;
	nic_conn_free(conn);
	return fd;
}

void nic_conn_free(struct nic_conn *conn)
{
	worker_stop(&conn->w);
	worker_exit(&conn->w);
	capture_exit(&conn->captured);
	for (unsigned int i = 0; i < conn->conf.queues; i++)
		nic_queue_exit(&conn->queue[i]);
	if (conn->share) {
		pool_exit(&conn->rings, conn->share);
		pool_exit(&conn->gtx_pool, conn->share);
	}
	share_close(conn->share);
	free(conn->send);
	free(conn->tso.frame);
	free(conn->queue);
	free(conn);
}
