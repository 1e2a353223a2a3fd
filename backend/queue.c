/* SPDX-License-Identifier: MIT */
/* queue.c - birth and end of a VIF's queue: rings mapped, channels bound, worker */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vif.h"

static struct vif_queue *queue_of(struct worker *w)
{
	return container_of(w, struct vif_queue, w);
}

static unsigned int op_run(struct worker *w)
{
	struct vif_queue *q = queue_of(w);
	unsigned int did = vif_ctrl_run(q);
	unsigned int sent = vif_gtx_run(q);

	/* What went out is soon answered: look without waiting to be told. */
	if (sent)
		w->tap_ready = true;
	return did + sent + vif_grx_run(q);
}

static bool op_pending(struct worker *w)
{
	struct vif_queue *q = queue_of(w);

	/* An index out of range is work too: the run deals with it. */
	return gtx_back_begin(&q->gtx) != 0 ||
	       (q->starved && (grx_back_begin(&q->grx) < 0 || vif_grx_slots(q) >= q->starved)) ||
	       (q->ctrl_page && ctrl_back_begin(&q->ctrl) != 0);
}

static bool op_rearm(struct worker *w)
{
	struct vif_queue *q = queue_of(w);

	/* What was taken already is part of what is waited for. */
	return gtx_back_rearm(&q->gtx) ||
	       (q->starved && grx_back_rearm(&q->grx, q->starved - q->nposted)) ||
	       (q->ctrl_page && ctrl_back_rearm(&q->ctrl));
}

static int op_sleep_ms(struct worker *w)
{
	struct vif_queue *q = queue_of(w);
	uint64_t now;

	if (!q->held)
		return -1;
	/* Nobody will kick us for slots: look for them. */
	if (!q->conf.rx_notify)
		return 1;
	now = now_us();
	return now >= q->held_until ? 0 : (int)((q->held_until - now) / 1000u) + 1;
}

static const struct worker_ops ops = {
	.run = op_run,
	.pending = op_pending,
	.rearm = op_rearm,
	.sleep_ms = op_sleep_ms,
};

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

static int open_grants(struct vif_queue *q, struct domid peer, const char **why)
{
	int err;

	*why = "no memory for buffers";
	q->gtx_buf = buffer_new(BATCH_BYTES);
	q->grx_buf = buffer_new(BATCH_BYTES);
	q->frames = buffer_new(BATCH_FRAMES * sizeof(struct frame));
	q->cut.frame = buffer_new(PKT_LEN_MAX);
	if (!q->gtx_buf || !q->grx_buf || !q->frames || !q->cut.frame)
		return -ENOMEM;
	*why = "cannot open the grant device";
	err = grant_open(&q->grant, peer);
	if (!err)
		err = grant_batch_new(&q->batch, q->grant);
	return err ? err : statics_new(&q->statics, q->grant);
}

static int map_rings(struct vif_queue *q, const char **why)
{
	int err = 0;

	*why = "cannot map tx-ring-ref";
	q->gtx_page = grant_map(q->grant, q->conf.gtx_ref, &err);
	if (!q->gtx_page)
		return err;
	*why = "cannot map rx-ring-ref";
	q->grx_page = grant_map(q->grant, q->conf.grx_ref, &err);
	if (!q->grx_page)
		return err;
	*why = "the gtx ring page makes no sense";
	err = gtx_back_attach(&q->gtx, q->gtx_page);
	if (err)
		return err;
	*why = "the grx ring page makes no sense";
	err = grx_back_attach(&q->grx, q->grx_page);
	if (err || !q->conf.ctrl)
		return err;
	*why = "cannot map ctrl-ring-ref";
	q->ctrl_page = grant_map(q->grant, q->conf.ctrl_ref, &err);
	if (!q->ctrl_page)
		return err;
	*why = "the control ring page makes no sense";
	return ctrl_back_attach(&q->ctrl, q->ctrl_page);
}

static int bind_ports(struct vif_queue *q, struct domid peer, const char **why)
{
	int err;

	*why = "cannot bind the event channel";
	err = evt_bind_peer(q->w.evt, peer, q->conf.gtx_port, &q->w.gtx_port);
	if (err)
		return err;
	q->w.grx_port = q->w.gtx_port;
	if (q->conf.split)
		err = evt_bind_peer(q->w.evt, peer, q->conf.grx_port, &q->w.grx_port);
	if (!err && q->conf.ctrl)
		err = evt_bind_peer(q->w.evt, peer, q->conf.ctrl_port, &q->w.ctrl_port);
	if (err)
		return err;
	/* A daemon before us may have published without signalling. */
	evt_notify(q->w.evt, q->w.gtx_port);
	if (q->conf.split)
		evt_notify(q->w.evt, q->w.grx_port);
	if (q->conf.ctrl)
		evt_notify(q->w.evt, q->w.ctrl_port);
	return 0;
}

static void note_path(char *path, size_t len, const char *run_dir, const char *name)
{
	snprintf(path, len, "%s/%s.grants", run_dir, name);
}

void vif_queue_forget(const char *run_dir, const char *name)
{
	char path[256];

	note_path(path, sizeof(path), run_dir, name);
	unlink(path);
}

/* The static grants of the daemon before us, if it served this connection. */
static void restore_statics(struct vif_queue *q, const struct vif_place *place)
{
	const struct vif_conf *c = &q->conf;

	note_path(q->statics_path, sizeof(q->statics_path), place->run_dir, place->name);
	snprintf(q->connection, sizeof(q->connection), "gtx=%u grx=%u ctrl=%u ports=%u,%u,%u", c->gtx_ref.raw,
		 c->grx_ref.raw, c->ctrl_ref.raw, c->gtx_port.raw, c->grx_port.raw, c->ctrl_port.raw);
	if (place->resume && c->ctrl)
		statics_load(q->statics, q->statics_path, q->connection);
	else
		unlink(q->statics_path);
}

static void release(struct vif_queue *q)
{
	worker_exit(&q->w);
	if (q->grant) {
		grant_unmap(q->grant, q->gtx_page);
		grant_unmap(q->grant, q->grx_page);
		grant_unmap(q->grant, q->ctrl_page);
	}
	statics_free(q->statics);
	grant_batch_free(q->batch);
	grant_close(q->grant);
	buffer_free(q->gtx_buf, BATCH_BYTES);
	buffer_free(q->grx_buf, BATCH_BYTES);
	buffer_free(q->cut.frame, PKT_LEN_MAX);
	buffer_free(q->frames, BATCH_FRAMES * sizeof(struct frame));
	free(q);
}

int vif_queue_start(struct vif_queue **out, const struct vif_place *place,
		    const struct vif_conf *conf, const char **why)
{
	struct vif_queue *q = calloc(1, sizeof(*q));
	int err;

	*why = "no memory";
	if (!q)
		return -ENOMEM;
	q->conf = *conf;
	*why = "cannot open the event channel device";
	err = worker_init(&q->w, &ops, place->name, place->tap_fd, place->wake_fd);
	if (!err)
		err = open_grants(q, place->peer, why);
	if (!err)
		err = map_rings(q, why);
	if (!err)
		err = bind_ports(q, place->peer, why);
	if (!err) {
		restore_statics(q, place);
		*why = "cannot start the worker";
		err = worker_start(&q->w);
	}
	if (err) {
		release(q);
		return err;
	}
	*out = q;
	return 0;
}

void vif_queue_stop(struct vif_queue *q)
{
	worker_stop(&q->w);
	release(q);
}
