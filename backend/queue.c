/* SPDX-License-Identifier: MIT */
/* queue.c - birth and end of a queue: rings mapped, channels bound */
#include "queue.h"

static int map_rings(struct vif_queue *q, const char **why)
{
	struct grant_dev *grant = q->vw->grant;
	int err = 0;

	*why = "cannot map tx-ring-ref";
	q->gtx_page = grant_map(grant, q->conf->queue[q->index].gtx_ref, &err);
	if (!q->gtx_page)
		return err;
	*why = "cannot map rx-ring-ref";
	q->grx_page = grant_map(grant, q->conf->queue[q->index].grx_ref, &err);
	if (!q->grx_page)
		return err;
	*why = "the gtx ring page makes no sense";
	err = gtx_back_attach(&q->gtx, q->gtx_page);
	if (err)
		return err;
	*why = "the grx ring page makes no sense";
	return grx_back_attach(&q->grx, q->grx_page);
}

static int bind_ports(struct vif_queue *q, struct domid peer, const char **why)
{
	struct evport gtx = q->conf->queue[q->index].gtx_port, grx = q->conf->queue[q->index].grx_port;
	int err;

	if (q->conf->mask) {
		q->gtx_bell = (struct bell){ q->vw->link->mask_bell.port, evmask_gtx_bit(q->index) };
		q->grx_bell = (struct bell){ q->vw->link->mask_bell.port, evmask_grx_bit(q->index) };
		return 0;
	}
	*why = "cannot bind the event channel";
	err = worker_bind(&q->vw->w, peer, gtx, &q->gtx_bell);
	q->grx_bell = q->gtx_bell;
	if (!err && gtx.raw != grx.raw)
		err = worker_bind(&q->vw->w, peer, grx, &q->grx_bell);
	return err;
}

int vif_queue_init(struct vif_queue *q, struct vif_worker *vw, struct domid peer,
		   unsigned int index, const char **why)
{
	int err;

	q->vw = vw;
	q->conf = &vw->link->conf;
	q->statics = vw->link->statics;
	q->index = index;
	err = map_rings(q, why);
	return err ? err : bind_ports(q, peer, why);
}

void vif_queue_exit(struct vif_queue *q)
{
	if (!q->vw)
		return;
	grant_unmap(q->vw->grant, q->gtx_page);
	grant_unmap(q->vw->grant, q->grx_page);
}
