/* SPDX-License-Identifier: MIT */
/* link.c - birth and end of a connection: pages granted, queues, control ring, worker */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/errtext.h"
#include "../common/log.h"
#include "evtchn_keeper.h"
#include "link.h"

static struct nic_link *nic_link_of(struct worker *w)
{
	return container_of(w, struct nic_link, w);
}

/* --- what the worker's loop calls ---------------------------------------- */

/* Serves each grx ring once, or as many as WORKER_RUN_SEGMENTS allows: the next
 * pass begins behind them. Returns the number of packets. */
static unsigned int run_grx(struct nic_link *l)
{
	unsigned int received = 0;

	l->segments = 0;
	for (unsigned int i = 0; i < l->conf.queues && l->segments < WORKER_RUN_SEGMENTS; i++) {
		received += nic_grx_run(&l->queue[l->turn]);
		l->turn = l->turn + 1 < l->conf.queues ? l->turn + 1 : 0;
	}
	return received;
}

static unsigned int op_run(struct worker *w)
{
	struct nic_link *l = nic_link_of(w);
	unsigned int did = nic_ctrl_run(l) + nic_gtx_run(l), received = run_grx(l);

	/* What came in is soon answered: look without waiting to be told. */
	if (received)
		w->tap_ready = true;
	return did + received;
}

static bool op_pending(struct worker *w)
{
	struct nic_link *l = nic_link_of(w);
	bool answers = l->gtx_blocked || l->mcast.id != NIC_MCAST_NONE;

	/* An index out of range is work too: the run deals with it. */
	for (unsigned int i = 0; i < l->conf.queues; i++) {
		struct nic_queue *q = &l->queue[i];

		if (grx_front_begin(&q->grx) != 0 || (answers && gtx_front_begin(&q->gtx) != 0))
			return true;
	}
	return l->conf.ctrl && ctrl_front_begin(&l->ctrl) != 0;
}

/* While frames can be posted the responses may wait; when not, half of them at
 * once are worth a signal, one by one they are not. */
static bool rearm_blocked(struct nic_queue *q)
{
	unsigned int busy = RING_SLOTS - gtx_front_free(&q->gtx);

	return busy && gtx_front_rearm(&q->gtx, busy / 2 + 1);
}

static bool op_rearm(struct worker *w)
{
	struct nic_link *l = nic_link_of(w);

	if (l->mcast.id != NIC_MCAST_NONE && gtx_front_rearm(&l->queue->gtx, 1))
		return true;
	for (unsigned int i = 0; i < l->conf.queues; i++) {
		struct nic_queue *q = &l->queue[i];

		if ((l->gtx_blocked && rearm_blocked(q)) || grx_front_rearm(&q->grx, 1))
			return true;
	}
	return l->conf.ctrl && ctrl_front_rearm(&l->ctrl);
}

static int op_sleep_ms(struct worker *w)
{
	return nic_announce_wait_ms(nic_link_of(w));
}

static const struct worker_ops ops = {
	.run = op_run,
	.pending = op_pending,
	.rearm = op_rearm,
	.sleep_ms = op_sleep_ms,
};

/* --- birth and end ------------------------------------------------------- */

static int grant_pages(struct nic_link *l, struct domid peer, const char **why)
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
	spare_init(&l->gtx_spare);
	return pool_init(&l->gtx_pool, l->share, POOL_GTX_PAGES, SHARE_READ_ONLY);
}

static int offer_mask(struct nic_link *l, struct domid peer, const char **why)
{
	if (!l->conf.mask)
		return 0;
	evmask_front_init(&l->w.mask, pool_page(&l->rings, RINGS_QUEUES + 2 * l->conf.queues), l->conf.queues);
	*why = "cannot allocate an event channel";
	return worker_offer(&l->w, peer, &l->mask_bell);
}

static int offer_ctrl(struct nic_link *l, struct domid peer, const char **why)
{
	if (!l->conf.ctrl)
		return 0;
	ctrl_front_init(&l->ctrl, pool_page(&l->rings, RINGS_CTRL));
	l->ctrl_bell = (struct bell){ l->mask_bell.port, EVMASK_CTRL };
	*why = "cannot allocate an event channel";
	return l->conf.mask ? 0 : worker_offer(&l->w, peer, &l->ctrl_bell);
}

int nic_link_new(struct nic_link **out, struct domid peer, const struct nic_conf *conf,
		 const char *name, int tap_fd, int wake_fd, const char **why)
{
	struct nic_link *l = calloc(1, sizeof(*l));
	int err;

	*why = "no memory";
	if (!l)
		return -ENOMEM;
	l->conf = *conf;
	nic_mcast_init(l);
	l->queue = calloc(conf->queues, sizeof(*l->queue));
	l->cut.frame = malloc(PKT_LEN_MAX);
	l->send = malloc(BURST_MAX * sizeof(*l->send));
	if (!l->queue || !l->cut.frame || !l->send) {
		free(l->send);
		free(l->cut.frame);
		free(l->queue);
		free(l);
		return -ENOMEM;
	}
	*why = "cannot open the event channel device";
	err = worker_init(&l->w, &ops, name, tap_fd, wake_fd);
	if (!err)
		err = grant_pages(l, peer, why);
	if (!err)
		err = offer_mask(l, peer, why);
	for (unsigned int i = 0; i < conf->queues && !err; i++)
		err = nic_queue_init(&l->queue[i], l, peer, i, why);
	if (!err)
		err = offer_ctrl(l, peer, why);
	if (err) {
		nic_link_free(l);
		return err;
	}
	*out = l;
	return 0;
}

int nic_link_start(struct nic_link *l)
{
	for (unsigned int i = 0; i < l->conf.queues; i++)
		if (grx_front_push(&l->queue[i].grx))
			worker_notify(&l->w, l->queue[i].grx_bell);
	if (l->conf.ctrl)
		nic_ctrl_start(l);
	return worker_start(&l->w);
}

void nic_link_stop(struct nic_link *l)
{
	worker_stop(&l->w);
}

void nic_link_stats(const struct nic_link *l, struct stats *sum)
{
	*sum = (struct stats){ { 0 } };
	stats_sum(sum, &l->w.stats);
	for (unsigned int i = 0; i < l->conf.queues; i++)
		stats_sum(sum, &l->queue[i].stats);
}

void nic_link_free_restored(struct nic_link *l, const char *run_dir)
{
	int err;

	worker_stop(&l->w);
	err = evtchn_keeper_give(run_dir, evt_fd(l->w.evt));
	if (err) {
		/* Better a descriptor lost than the process. */
		log_error("cannot keep the channels of before the restore nic=%s error=\"%s\"", l->w.name, errtext(ERRTEXT_FILE, -err));
		l->w.evt = NULL;
	}
	nic_link_free(l);
}

void nic_link_free(struct nic_link *l)
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
	free(l->cut.frame);
	free(l->queue);
	free(l);
}
