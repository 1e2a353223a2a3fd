/* SPDX-License-Identifier: MIT */
/* link.c - birth and end of a connection: its workers, its queues, what they share */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../common/errtext.h"
#include "../common/log.h"
#include "../common/tap.h"
#include "kept.h"
#include "link.h"
#include "posted.h"
#include "queue.h"

static struct vif_worker *vif_worker_of(struct worker *w)
{
	return container_of(w, struct vif_worker, w);
}

/* --- what the worker's loop calls ---------------------------------------- */

/* Serves each gtx ring once, or as many as WORKER_RUN_SEGMENTS allows: the next
 * pass begins behind them. Returns the number of packets. */
static unsigned int run_gtx(struct vif_worker *vw)
{
	unsigned int sent = 0;

	vw->segments = 0;
	for (unsigned int i = 0; i < vw->nqueues && vw->segments < WORKER_RUN_SEGMENTS; i++) {
		sent += vif_gtx_run(&vw->queue[vw->turn]);
		vw->turn = vw->turn + 1 < vw->nqueues ? vw->turn + 1 : 0;
	}
	return sent;
}

static unsigned int op_run(struct worker *w)
{
	struct vif_worker *vw = vif_worker_of(w);
	unsigned int did = vif_ctrl_run(vw->link), sent;

	vw->throttled = 0;
	sent = run_gtx(vw);
	/* What went out is soon answered: look without waiting to be told. */
	if (sent)
		w->tap_ready = true;
	return did + sent + vif_grx_run(vw);
}

bool vif_may(struct vif_worker *vw, uint32_t direction)
{
	if (vif_live_open(vw->link->live, direction))
		return true;
	vw->throttled |= direction;
	return false;
}

/* What the last run had to leave may go on: as it was seen then, for credit
 * may come at any moment between the run and the sleep. */
static bool has_credit_again(const struct vif_worker *vw)
{
	return vw->throttled && vif_live_open(vw->link->live, vw->throttled);
}

static bool op_pending(struct worker *w)
{
	struct vif_worker *vw = vif_worker_of(w);
	bool open = !(vw->throttled & RATE_GTX);

	if (has_credit_again(vw))
		return true;

	/* An index out of range is work too: the run deals with it. */
	for (unsigned int i = 0; i < vw->nqueues; i++) {
		struct vif_queue *q = &vw->queue[i];

		if ((open && gtx_back_begin(&q->gtx) != 0) ||
		    (q->starved && (grx_back_begin(&q->grx) < 0 || vif_posted_slots(q) >= q->starved)))
			return true;
	}
	return vw->link->ctrl_page && ctrl_back_begin(&vw->link->ctrl) != 0;
}

static bool op_rearm(struct worker *w)
{
	struct vif_worker *vw = vif_worker_of(w);
	/* Without credit nothing is waited for but time. */
	bool open = !(vw->throttled & RATE_GTX);

	if (has_credit_again(vw))
		return true;

	for (unsigned int i = 0; i < vw->nqueues; i++) {
		struct vif_queue *q = &vw->queue[i];

		/* What was taken already is part of what is waited for. */
		if ((open && gtx_back_rearm(&q->gtx)) ||
		    (q->starved && grx_back_rearm(&q->grx, q->starved - q->nposted)))
			return true;
	}
	return vw->link->ctrl_page && ctrl_back_rearm(&vw->link->ctrl);
}

/* How long a held frame lets us sleep. */
static int hold_ms(const struct vif_worker *vw)
{
	uint64_t now = 0, next = UINT64_MAX, at;

	for (struct vif_queue *q = vw->queue; q < vw->queue + vw->nqueues; q++) {
		if (!q->patience.since)
			continue;
		now = now ? now : now_us();
		/* Nobody will kick us for slots: look for them. */
		if (!vw->link->conf.rx_notify && !patience_is_spent(&q->patience, &vw->link->limits, now))
			return 1;
		at = patience_next(&q->patience, &vw->link->limits, now);
		next = at < next ? at : next;
	}
	if (next == UINT64_MAX)
		return -1;
	return now >= next ? 0 : (int)min_size((next - now) / 1000u + 1, 1000000);
}

static int op_sleep_ms(struct worker *w)
{
	struct vif_worker *vw = vif_worker_of(w);
	int hold = hold_ms(vw), credit = vw->throttled ? vif_live_wait_ms(vw->link->live) : -1;

	return hold < 0 || (credit >= 0 && credit < hold) ? credit : hold;
}

static const struct worker_ops ops = {
	.run = op_run,
	.pending = op_pending,
	.rearm = op_rearm,
	.sleep_ms = op_sleep_ms,
};

/* --- birth and end ------------------------------------------------------- */

static void *buffer_new(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void buffer_free(void *p, size_t len)
{
	if (p)
		munmap(p, len);
}

/* Opens a descriptor of the TAP for each worker. Returns for how many there is one. */
static unsigned int open_taps(struct vif_link *l, const struct vif_place *place)
{
	l->worker->tap_fd = place->tap_fd;
	for (unsigned int i = 1; i < place->workers; i++) {
		int err = tap_open_another(&l->worker[i].tap_fd, place->tap_fd);

		if (err) {
			log_warn_in(&place->live->log, "fewer workers than there might be vif=%s workers=%u reason=\"cannot open the device once more: %s\"",
				    place->name, i, err == -EPERM ? "it has an owner" : errtext(ERRTEXT_TAP, err));
			return i;
		}
	}
	return place->workers;
}

static int init_worker(struct vif_worker *vw, const struct vif_place *place, const char **why)
{
	int err;

	*why = "cannot open the event channel device";
	err = worker_init(&vw->w, &ops, place->name, vw->tap_fd, place->wake_fd);
	if (err)
		return err;
	*why = "no memory for buffers";
	vw->gtx_buf = buffer_new(BATCH_BYTES);
	vw->grx_buf = buffer_new(BATCH_BYTES);
	vw->frames = buffer_new(BATCH_FRAMES * sizeof(struct frame));
	vw->cut.frame = buffer_new(PKT_LEN_MAX);
	if (!vw->gtx_buf || !vw->grx_buf || !vw->frames || !vw->cut.frame)
		return -ENOMEM;
	*why = "cannot open the grant device";
	err = grant_open(&vw->grant, place->peer);
	return err ? err : grant_batch_new(&vw->batch, vw->grant);
}

static void exit_worker(struct vif_worker *vw)
{
	if (!vw->link)
		return;
	worker_exit(&vw->w);
	for (unsigned int i = 0; i < vw->nqueues; i++)
		vif_queue_exit(&vw->queue[i]);
	grant_batch_free(vw->batch);
	buffer_free(vw->gtx_buf, BATCH_BYTES);
	buffer_free(vw->grx_buf, BATCH_BYTES);
	buffer_free(vw->cut.frame, PKT_LEN_MAX);
	buffer_free(vw->frames, BATCH_FRAMES * sizeof(struct frame));
}

/* One channel for all rings; they have its bits then. */
static int attach_mask(struct vif_link *l, struct domid peer, const char **why)
{
	int err = 0;

	if (!l->conf.mask)
		return 0;
	*why = "cannot map event-mask-ref";
	l->mask_page = grant_map(l->worker->grant, l->conf.mask_ref, &err);
	if (!l->mask_page)
		return err;
	evmask_back_init(&l->worker->w.mask, l->mask_page, l->conf.queues);
	*why = "cannot bind the event channel";
	return worker_bind(&l->worker->w, peer, l->conf.mask_port, &l->mask_bell);
}

/* The control ring is the first worker's: there is no other then. */
static int attach_ctrl(struct vif_link *l, struct domid peer, const char **why)
{
	int err = 0;

	if (!l->conf.ctrl)
		return 0;
	*why = "cannot map ctrl-ring-ref";
	l->ctrl_page = grant_map(l->worker->grant, l->conf.ctrl_ref, &err);
	if (!l->ctrl_page)
		return err;
	*why = "the control ring page makes no sense";
	err = ctrl_back_attach(&l->ctrl, l->ctrl_page);
	if (err)
		return err;
	l->ctrl_bell = (struct bell){ l->mask_bell.port, EVMASK_CTRL };
	*why = "cannot bind the event channel";
	return l->conf.mask ? 0 : worker_bind(&l->worker->w, peer, l->conf.ctrl_port, &l->ctrl_bell);
}

static int init_queues(struct vif_link *l, struct domid peer, const char **why)
{
	int err = 0;

	for (unsigned int i = 0; i < l->nworkers && !err; i++) {
		struct vif_worker *vw = &l->worker[i];

		for (unsigned int n = 0; n < vw->nqueues && !err; n++)
			err = vif_queue_init(&vw->queue[n], vw, peer, (unsigned int)(vw->queue - l->queue) + n, why);
	}
	return err;
}

void vif_link_forget(const char *run_dir, const char *name)
{
	char path[256];

	vif_kept_path(path, sizeof(path), run_dir, name);
	unlink(path);
}

static void release(struct vif_link *l)
{
	for (unsigned int i = 0; i < l->nworkers; i++)
		worker_stop(&l->worker[i].w);
	if (l->nworkers && l->mask_page)
		grant_unmap(l->worker->grant, l->mask_page);
	if (l->nworkers && l->ctrl_page)
		grant_unmap(l->worker->grant, l->ctrl_page);
	statics_free(l->statics);
	for (unsigned int i = 0; i < l->nworkers; i++)
		exit_worker(&l->worker[i]);
	for (unsigned int i = 0; i < l->nworkers; i++) {
		grant_close(l->worker[i].grant);
		if (i)
			close(l->worker[i].tap_fd);
	}
	taplimit_exit(&l->limit);
	vif_kept_close(l);
	free(l->worker);
	free(l->queue);
	free(l);
}

static int start(struct vif_link *l, const struct vif_place *place, const char **why)
{
	struct statics_use use = { .quota = place->quota, .guest = place->peer, .log = &l->live->log };
	int err = 0;

	for (unsigned int i = 0; i < l->nworkers && !err; i++) {
		struct vif_worker *vw = &l->worker[i];
		unsigned int from = i * l->conf.queues / l->nworkers;

		vw->link = l;
		vw->queue = &l->queue[from];
		vw->nqueues = (i + 1) * l->conf.queues / l->nworkers - from;
		err = init_worker(vw, place, why);
	}
	use.grant = l->worker->grant;
	if (!err)
		err = statics_new(&l->statics, &use);
	if (!err)
		err = attach_mask(l, place->peer, why);
	if (!err)
		err = init_queues(l, place->peer, why);
	if (!err)
		err = attach_ctrl(l, place->peer, why);
	if (err)
		return err;
	vif_conf_describe(&l->conf, l->connection, sizeof(l->connection));
	*why = "no memory for the frontend's tables";
	err = vif_kept_open(l, place);
	if (err)
		return err;
	vif_queue_limit(l, place);
	*why = "cannot start the worker";
	for (unsigned int i = 0; i < l->nworkers && !err; i++)
		err = worker_start(&l->worker[i].w);
	return err;
}

int vif_link_start(struct vif_link **out, const struct vif_place *place,
		   const struct vif_conf *conf, const char **why)
{
	struct vif_link *l = calloc(1, sizeof(*l));
	int err;

	*why = "no memory";
	if (!l)
		return -ENOMEM;
	l->conf = *conf;
	l->limits = patience_limits_for(conf->rx_notify, place->hold_ms, place->stall_ms);
	l->name = place->name;
	l->live = place->live;
	l->queue = calloc(conf->queues, sizeof(*l->queue));
	l->worker = calloc(place->workers, sizeof(*l->worker));
	l->nworkers = l->worker ? open_taps(l, place) : 0;
	err = l->queue && l->worker ? start(l, place, why) : -ENOMEM;
	if (err) {
		release(l);
		return err;
	}
	*out = l;
	return 0;
}

void vif_link_stop(struct vif_link *l, struct stats *sum)
{
	/* A worker counts until it has ended, a faulted one as well. */
	for (unsigned int i = 0; i < l->nworkers; i++)
		worker_stop(&l->worker[i].w);
	vif_link_stats(l, sum);
	release(l);
}

const char *vif_link_faulted(const struct vif_link *l)
{
	const char *why = NULL;

	for (unsigned int i = 0; i < l->nworkers && !why; i++)
		why = worker_faulted(&l->worker[i].w);
	return why;
}

unsigned int vif_link_workers(const struct vif_link *l)
{
	return l->nworkers;
}

bool vif_link_stalled(const struct vif_link *l)
{
	for (unsigned int i = 0; i < l->conf.queues; i++)
		if (atomic_load_explicit(&l->queue[i].patience.stalled, memory_order_relaxed))
			return true;
	return false;
}

void vif_link_stats(const struct vif_link *l, struct stats *sum)
{
	*sum = (struct stats){ { 0 } };
	for (unsigned int i = 0; i < l->nworkers; i++)
		stats_sum(sum, &l->worker[i].w.stats);
	for (unsigned int i = 0; i < l->conf.queues; i++)
		stats_sum(sum, &l->queue[i].stats);
}

bool vif_link_queue_stats(const struct vif_link *l, unsigned int i, struct stats *out)
{
	if (l->conf.queues < 2 || i >= l->conf.queues)
		return false;
	*out = (struct stats){ { 0 } };
	stats_sum(out, &l->queue[i].stats);
	return true;
}
