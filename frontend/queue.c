/* SPDX-License-Identifier: MIT */
/* queue.c - birth and end of a NIC's queue: pages granted, channels offered, worker */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/log.h"
#include "nic.h"
#include "tomb.h"

static struct nic_queue *queue_of(struct worker *w)
{
	return container_of(w, struct nic_queue, w);
}

static unsigned int op_run(struct worker *w)
{
	struct nic_queue *q = queue_of(w);
	unsigned int did = nic_ctrl_run(q) + nic_gtx_run(q);
	unsigned int received = nic_grx_run(q);

	/* What came in is soon answered: look without waiting to be told. */
	if (received)
		w->tap_ready = true;
	return did + received;
}

static bool op_pending(struct worker *w)
{
	struct nic_queue *q = queue_of(w);

	/* An index out of range is work too: the run deals with it. */
	return grx_front_begin(&q->grx) != 0 || (q->gtx_blocked && gtx_front_begin(&q->gtx) != 0) ||
	       (q->conf.ctrl && ctrl_front_begin(&q->ctrl) != 0);
}

static bool op_rearm(struct worker *w)
{
	struct nic_queue *q = queue_of(w);
	unsigned int busy = RING_SLOTS - gtx_front_free(&q->gtx);

	/* While frames can be posted the responses may wait; when not, half of
	 * them at once are worth a signal, one by one they are not. */
	if (q->gtx_blocked && busy && gtx_front_rearm(&q->gtx, busy / 2 + 1))
		return true;
	return grx_front_rearm(&q->grx, 1) || (q->conf.ctrl && ctrl_front_rearm(&q->ctrl));
}

static int op_sleep_ms(struct worker *w)
{
	(void)w;
	return -1;
}

static const struct worker_ops ops = {
	.run = op_run,
	.pending = op_pending,
	.rearm = op_rearm,
	.sleep_ms = op_sleep_ms,
};

static int grant_pages(struct nic_queue *q, struct domid peer, const char **why)
{
	int err;

	*why = "cannot open the grant device (/dev/xen/gntalloc)";
	err = share_open(&q->share, peer);
	if (err)
		return err;
	*why = "cannot grant pages; raise gntalloc's limit (module parameter xen_gntalloc.limit)";
	err = pool_init(&q->rings, q->share, POOL_RING_PAGES, SHARE_READ_WRITE);
	if (!err)
		err = pool_init(&q->gtx_pool, q->share, POOL_GTX_PAGES, SHARE_READ_ONLY);
	if (!err)
		err = pool_init(&q->grx_pool, q->share, POOL_GRX_PAGES, SHARE_READ_WRITE);
	return err;
}

static void format_rings(struct nic_queue *q)
{
	gtx_front_init(&q->gtx, pool_page(&q->rings, RINGS_GTX));
	grx_front_init(&q->grx, pool_page(&q->rings, RINGS_GRX));
	ctrl_front_init(&q->ctrl, pool_page(&q->rings, RINGS_CTRL));
	for (unsigned int i = 0; i < POOL_GTX_PAGES; i++)
		q->gtx_free[i] = (uint16_t)(POOL_GTX_PAGES - 1 - i);
	q->gtx_nfree = POOL_GTX_PAGES;
	for (unsigned int i = 0; i < POOL_GRX_PAGES; i++)
		grx_front_post(&q->grx, q->grx_pool.gref[i]);
}

static int offer_ports(struct nic_queue *q, struct domid peer, const char **why)
{
	int err;

	*why = "cannot allocate an event channel";
	err = evt_offer(q->w.evt, peer, &q->w.gtx_port);
	if (err)
		return err;
	q->w.grx_port = q->w.gtx_port;
	if (q->conf.split)
		err = evt_offer(q->w.evt, peer, &q->w.grx_port);
	if (!err && q->conf.ctrl)
		err = evt_offer(q->w.evt, peer, &q->w.ctrl_port);
	return err;
}

int nic_queue_new(struct nic_queue **out, struct domid peer, const struct nic_conf *conf,
		  const char *name, int tap_fd, int wake_fd, const char **why)
{
	struct nic_queue *q = calloc(1, sizeof(*q));
	int err;

	*why = "no memory";
	if (!q)
		return -ENOMEM;
	q->conf = *conf;
	q->cut.frame = malloc(PKT_LEN_MAX);
	if (!q->cut.frame) {
		free(q);
		return -ENOMEM;
	}
	*why = "cannot open the event channel device";
	err = worker_init(&q->w, &ops, name, tap_fd, wake_fd);
	if (!err)
		err = grant_pages(q, peer, why);
	if (!err) {
		format_rings(q);
		err = offer_ports(q, peer, why);
	}
	if (err) {
		nic_queue_free(q);
		return err;
	}
	*out = q;
	return 0;
}

int nic_queue_start(struct nic_queue *q)
{
	if (grx_front_push(&q->grx))
		worker_notify(&q->w, q->w.grx_port);
	if (q->conf.ctrl)
		nic_ctrl_start(q);
	return worker_start(&q->w);
}

void nic_queue_stop(struct nic_queue *q)
{
	worker_stop(&q->w);
}

void nic_queue_free_restored(struct nic_queue *q)
{
	int err;

	worker_stop(&q->w);
	err = tomb_bury(evt_fd(q->w.evt));
	if (err) {
		/* Better a descriptor lost than the process. */
		log_error("cannot keep the channels of before the restore nic=%s error=%s", q->w.name, strerror(-err));
		q->w.evt = NULL;
	}
	nic_queue_free(q);
}

void nic_queue_free(struct nic_queue *q)
{
	worker_stop(&q->w);
	worker_exit(&q->w);
	if (q->share) {
		pool_exit(&q->rings, q->share);
		pool_exit(&q->gtx_pool, q->share);
		pool_exit(&q->grx_pool, q->share);
	}
	share_close(q->share);
	free(q->cut.frame);
	free(q);
}
