/* SPDX-License-Identifier: MIT */
/* conn.c - starts and stops a connection: its workers, its queues and what they share */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/host/vhost_hub.h"
#include "conn.h"
#include "conn_internal.h"
#include "ctrl.h"
#include "grx.h"
#include "grx_source.h"
#include "grx_stall.h"
#include "gtx.h"
#include "gtx_segment.h"
#include "queue.h"
#include "queue_limit.h"
#include "rate.h"
#include "reason_list.h"
#include "saved.h"

static struct vif_worker *conn_vif_worker_of(struct worker *w)
{
	return container_of(w, struct vif_worker, w);
}

/* --- what the worker's loop calls ---------------------------------------- */

/* Serves each gtx ring once, or as many rings as WORKER_RUN_SEGMENTS allows: the next
 * pass then begins with the next ring. Returns the number of packets. */
static unsigned int conn_run_gtx(struct vif_worker *vw)
{
	unsigned int sent = 0;

	vw->segments = 0;
	for (unsigned int i = 0; i < vw->nqueues && vw->segments < WORKER_RUN_SEGMENTS; i++) {
		sent += vif_gtx_run(&vw->queue[vw->turn]);
		vw->turn = vw->turn + 1 < vw->nqueues ? vw->turn + 1 : 0;
	}
	return sent;
}

static unsigned int conn_op_run(struct worker *w)
{
	struct vif_worker *vw = conn_vif_worker_of(w);
	unsigned int did = vif_ctrl_run(vw->conn), sent;

	vw->throttled = 0;
	sent = conn_run_gtx(vw);
	if (sent)
		vif_source_sent(vw);
	return did + sent + vif_grx_run(vw);
}

static bool conn_op_pending(struct worker *w)
{
	struct vif_worker *vw = conn_vif_worker_of(w);
	bool open = !(vw->throttled & RATE_GTX);

	if (vif_rate_is_back(vw))
		return true;

	/* An index out of range counts as work: the run then faults the worker. */
	for (unsigned int i = 0; i < vw->nqueues; i++) {
		struct vif_queue *q = &vw->queue[i];

		if ((open && gtx_back_begin(&q->gtx) != 0) || vif_stall_is_over(q))
			return true;
	}
	return vw->conn->ctrl_page && ctrl_back_begin(&vw->conn->ctrl) != 0;
}

static bool conn_op_rearm(struct worker *w)
{
	struct vif_worker *vw = conn_vif_worker_of(w);
	/* Without credit the worker waits for time to pass, and not for an event. */
	bool open = !(vw->throttled & RATE_GTX);

	if (vif_rate_is_back(vw))
		return true;

	for (unsigned int i = 0; i < vw->nqueues; i++) {
		struct vif_queue *q = &vw->queue[i];

		vif_queue_show(q);
		if ((open && gtx_back_rearm(&q->gtx)) || vif_stall_rearm(q))
			return true;
	}
	return vw->conn->ctrl_page && ctrl_back_rearm(&vw->conn->ctrl);
}

static int conn_op_sleep_ms(struct worker *w)
{
	struct vif_worker *vw = conn_vif_worker_of(w);
	int stall = vif_stall_sleep_ms(vw), credit = vif_rate_wait_ms(vw);

	return stall < 0 || (credit >= 0 && credit < stall) ? credit : stall;
}

/* #syscalls madvise */

/* The buffers' pages go back to the system, and come anew, as zeros, with the next traffic. */
static void conn_op_idle(struct worker *w)
{
	struct vif_worker *vw = conn_vif_worker_of(w);

	/* A frame lies there for which the guest posts no slots. */
	if (vw->held || vw->tso.left)
		return;
	madvise(vw->gtx_buf, BATCH_BYTES, MADV_DONTNEED);
	madvise(vw->grx_buf, BATCH_BYTES, MADV_DONTNEED);
	madvise(vw->frames, BATCH_FRAMES * sizeof(struct vif_frame), MADV_DONTNEED);
	madvise(vw->tso.frame, PKT_LEN_MAX, MADV_DONTNEED);
}

static const struct worker_ops ops = {
	.run = conn_op_run,
	.pending = conn_op_pending,
	.rearm = conn_op_rearm,
	.sleep_ms = conn_op_sleep_ms,
	.idle = conn_op_idle,
};

/* --- start and stop ------------------------------------------------------- */

/* #syscalls munmap close */
/* #syscalls-some mmap */

static void *conn_buffer_new(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void conn_buffer_free(void *p, size_t len)
{
	if (p)
		munmap(p, len);
}

/* Opens the worker's devices, or takes a set that was opened before the sandbox was closed. */
static int conn_init_devices(struct vif_worker *vw, const struct vif_conn_params *params, struct reason *why)
{
	struct worker_counters *counters = vif_counters_all_of_worker(&vw->conn->counters, (unsigned int)(vw - vw->conn->worker));
	struct worker_handles given;
	struct net_port net;
	int err;

	if (params->handles && !vif_handles_take(params->handles, &vw->grant, &given.evt, &given.ring))
		return reason_list_fail(why, "cannot give the worker device handles, as all of its process are used up", -EMFILE);
	vif_conn_port_of(vw, &net);
	err = worker_init(&vw->w, &ops, params->name, &net, params->control_fd, counters, params->handles ? &given : NULL);
	if (err)
		return reason_list_fail(why, "cannot open the event channel device", err);
	return params->handles ? 0 : reason_list_fail(why, "cannot open the grant device", grant_open(&vw->grant, params->peer));
}

static int conn_init_worker(struct vif_worker *vw, const struct vif_conn_params *params, struct reason *why)
{
	int err = conn_init_devices(vw, params, why);

	if (err)
		return err;
	vw->gtx_buf = conn_buffer_new(BATCH_BYTES);
	vw->grx_buf = conn_buffer_new(BATCH_BYTES);
	vw->frames = conn_buffer_new(BATCH_FRAMES * sizeof(struct vif_frame));
	vw->tso.frame = conn_buffer_new(PKT_LEN_MAX);
	if (!vw->gtx_buf || !vw->grx_buf || !vw->frames || !vw->tso.frame || vif_gtx_segment_init(vw))
		return reason_list_fail(why, "cannot allocate its buffers", -ENOMEM);
	return reason_list_fail(why, "cannot allocate its buffers", grant_batch_new(&vw->batch, vw->grant));
}

static void conn_exit_worker(struct vif_worker *vw)
{
	if (!vw->conn)
		return;
	worker_exit(&vw->w);
	for (unsigned int i = 0; i < vw->nqueues; i++)
		vif_queue_exit(&vw->queue[i]);
	grant_batch_free(vw->batch);
	conn_buffer_free(vw->gtx_buf, BATCH_BYTES);
	conn_buffer_free(vw->grx_buf, BATCH_BYTES);
	conn_buffer_free(vw->tso.frame, PKT_LEN_MAX);
	vif_gtx_segment_exit(vw);
	conn_buffer_free(vw->frames, BATCH_FRAMES * sizeof(struct vif_frame));
}

/* Binds the channel that all rings share, and attaches to its event mask. */
static int conn_attach_mask(struct vif_conn *conn, struct domid peer, struct reason *why)
{
	int err = 0;

	if (!conn->conf.mask)
		return 0;
	conn->mask_page = grant_map(conn->worker->grant, conn->conf.mask_ref, &err);
	if (!conn->mask_page)
		return reason_list_fail(why, "cannot map event-mask-ref", err);
	evmask_back_init(&conn->worker->w.mask, conn->mask_page, conn->conf.queues);
	err = worker_bind(&conn->worker->w, peer, conn->conf.mask_port, &conn->mask_doorbell);
	return reason_list_fail(why, "cannot bind the event channel", err);
}

/* Attaches the control ring to the first worker. A connection with a control ring has no other. */
static int conn_attach_ctrl(struct vif_conn *conn, struct domid peer, struct reason *why)
{
	int err = 0;

	if (!conn->conf.ctrl)
		return 0;
	conn->ctrl_page = grant_map(conn->worker->grant, conn->conf.ctrl_ref, &err);
	if (!conn->ctrl_page)
		return reason_list_fail(why, "cannot map ctrl-ring-ref", err);
	err = ctrl_back_attach(&conn->ctrl, conn->ctrl_page);
	if (err)
		return reason_list_fail(why, "the control ring page is not a ring", err);
	conn->ctrl_doorbell = (struct doorbell){ conn->mask_doorbell.port, EVMASK_CTRL };
	if (!conn->conf.mask)
		err = worker_bind(&conn->worker->w, peer, conn->conf.ctrl_port, &conn->ctrl_doorbell);
	return reason_list_fail(why, "cannot bind the event channel", err);
}

static int conn_init_queues(struct vif_conn *conn, struct domid peer, struct reason *why)
{
	int err = 0;

	for (unsigned int i = 0; i < conn->nworkers && !err; i++) {
		struct vif_worker *vw = &conn->worker[i];

		for (unsigned int n = 0; n < vw->nqueues && !err; n++)
			err = vif_queue_init(&vw->queue[n], vw, peer, (unsigned int)(vw->queue - conn->queue) + n, why);
	}
	return err;
}

unsigned int vif_conn_mappings_max(void)
{
	return GREF_MAP_MAX;
}

size_t vif_conn_tables_size(void)
{
	return sizeof(struct vif_saved);
}

static void conn_release(struct vif_conn *conn)
{
	for (unsigned int i = 0; i < conn->nworkers; i++)
		worker_stop(&conn->worker[i].w);
	if (conn->nworkers && conn->mask_page)
		grant_unmap(conn->worker->grant, conn->mask_page);
	if (conn->nworkers && conn->ctrl_page)
		grant_unmap(conn->worker->grant, conn->ctrl_page);
	gref_map_free(conn->gref_map);
	for (unsigned int i = 0; i < conn->nworkers; i++)
		conn_exit_worker(&conn->worker[i]);
	capture_exit(&conn->captured);
	for (unsigned int i = 0; i < conn->nworkers; i++) {
		grant_close(conn->worker[i].grant);
		if (i && conn->worker[i].tap_fd >= 0)
			close(conn->worker[i].tap_fd);
	}
	vhost_hub_free(conn->hub);
	taplimit_exit(&conn->limit);
	vif_saved_close(conn);
	free(conn->worker);
	free(conn->queue);
	free(conn);
}

static int conn_start(struct vif_conn *conn, const struct vif_conn_params *params, struct reason *why)
{
	struct gref_map_use use = { .quota = params->quota, .guest = params->peer, .log = &conn->settings->log };
	int err = vif_conn_init_port(conn, params, why);

	for (unsigned int i = 0; i < conn->nworkers && !err; i++) {
		struct vif_worker *vw = &conn->worker[i];
		unsigned int from = vif_counters_first_queue(&conn->counters, i);

		vw->conn = conn;
		vw->queue = &conn->queue[from];
		vw->nqueues = vif_counters_first_queue(&conn->counters, i + 1) - from;
		err = conn_init_worker(vw, params, why);
	}
	use.grant = conn->worker->grant;
	if (!err)
		err = reason_list_fail(why, "cannot make the connection", gref_map_new(&conn->gref_map, &use));
	if (!err)
		err = conn_attach_mask(conn, params->peer, why);
	if (!err)
		err = conn_init_queues(conn, params->peer, why);
	if (!err)
		err = conn_attach_ctrl(conn, params->peer, why);
	if (err)
		return err;
	vif_conf_describe(&conn->conf, conn->connection, sizeof(conn->connection));
	err = vif_saved_open(conn, params);
	if (err)
		return reason_list_fail(why, "cannot make the frontend's tables", err);
	vif_queue_limit(conn, params);
	for (unsigned int i = 0; i < conn->nworkers && !err; i++)
		err = worker_start(&conn->worker[i].w);
	return reason_list_fail(why, "cannot start the worker", err);
}

/* Hands the TAPs over to the connection. If there is no memory for it or its workers, closes all but
 * the first. */
static void conn_take_taps(struct vif_conn *conn, const struct vif_conn_params *params)
{
	for (unsigned int i = 0; i < params->workers; i++) {
		if (conn && conn->worker)
			conn->worker[i].tap_fd = params->tap_fds[i];
		else if (i && params->tap_fds[i] >= 0)
			close(params->tap_fds[i]);
	}
}

int vif_conn_start(struct vif_conn **out, const struct vif_conn_params *params,
		   const struct vif_conf *conf, struct reason *why)
{
	struct vif_conn *conn = calloc(1, sizeof(*conn));
	int err;

	if (!conn) {
		conn_take_taps(NULL, params);
		return reason_list_fail(why, "cannot make the connection", -ENOMEM);
	}
	conn->conf = *conf;
	conn->limits = grx_stall_limits_for(conf->rx_notify, params->hold_ms, params->stall_ms);
	conn->name = params->name;
	conn->settings = params->settings;
	conn->counters = *params->counters;
	conn->queue = calloc(conf->queues, sizeof(*conn->queue));
	conn->worker = calloc(params->workers, sizeof(*conn->worker));
	conn->nworkers = conn->worker ? params->workers : 0;
	conn_take_taps(conn, params);
	if (conn->queue && conn->worker && conn->counters.set)
		err = conn_start(conn, params, why);
	else
		err = reason_list_fail(why, "cannot make the connection", -ENOMEM);
	if (err) {
		conn_release(conn);
		return err;
	}
	*out = conn;
	return 0;
}

bool vif_conn_try_stop(struct vif_conn *conn)
{
	bool ended = true;

	for (unsigned int i = 0; i < conn->nworkers; i++)
		ended = worker_try_stop(&conn->worker[i].w) && ended;
	return ended;
}

void vif_conn_stop(struct vif_conn *conn, struct stats *sum)
{
	/* A worker counts until its thread has ended, also after a fault. */
	for (unsigned int i = 0; i < conn->nworkers; i++)
		worker_stop(&conn->worker[i].w);
	vif_conn_stats(conn, sum);
	conn_release(conn);
}

bool vif_conn_faulted(const struct vif_conn *conn, struct reason *why)
{
	const char *fault = NULL;

	for (unsigned int i = 0; i < conn->nworkers && !fault; i++)
		fault = worker_faulted(&conn->worker[i].w);
	if (fault)
		*why = (struct reason){ .what = fault };
	return fault != NULL;
}

bool vif_conn_stalled(const struct vif_conn *conn)
{
	for (unsigned int i = 0; i < conn->conf.queues; i++)
		if (vif_stall_is_stalled(&conn->queue[i]))
			return true;
	return false;
}

void vif_conn_stats(const struct vif_conn *conn, struct stats *sum)
{
	vif_counters_sum(&conn->counters, sum);
}
