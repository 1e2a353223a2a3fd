/* SPDX-License-Identifier: MIT */
/* positions.c - reads and prints what positions.h publishes */
#include <inttypes.h>
#include <stdio.h>

#include "positions.h"

static void positions_get_ring(struct ring_position *out, const struct ring_position *at)
{
	out->req_prod = __atomic_load_n(&at->req_prod, __ATOMIC_RELAXED);
	out->rsp_prod = __atomic_load_n(&at->rsp_prod, __ATOMIC_RELAXED);
	out->cons = __atomic_load_n(&at->cons, __ATOMIC_RELAXED);
}

void positions_get(struct positions *out, const struct queue_position *queue, const struct worker_position *worker,
		   unsigned int worker_index)
{
	positions_get_ring(&out->queue.gtx, &queue->gtx);
	positions_get_ring(&out->queue.grx, &queue->grx);
	out->worker.turns = __atomic_load_n(&worker->turns, __ATOMIC_RELAXED);
	out->worker.mask_ours = __atomic_load_n(&worker->mask_ours, __ATOMIC_RELAXED);
	out->worker.mask_theirs = __atomic_load_n(&worker->mask_theirs, __ATOMIC_RELAXED);
	out->worker_index = worker_index;
	out->sleeps = out->worker.turns / 2 + out->worker.turns % 2;
	out->asleep = out->worker.turns % 2;
}

void positions_print(const struct positions *p, char *buf, unsigned int len)
{
	const struct ring_position *gtx = &p->queue.gtx, *grx = &p->queue.grx;

	snprintf(buf, len, "gtx_req_prod=%" PRIu32 " gtx_rsp_prod=%" PRIu32 " gtx_cons=%" PRIu32
		 " grx_req_prod=%" PRIu32 " grx_rsp_prod=%" PRIu32 " grx_cons=%" PRIu32
		 " mask=%#" PRIx64 " mask_theirs=%#" PRIx64 " sleeps=%" PRIu64 " asleep=%d",
		 gtx->req_prod, gtx->rsp_prod, gtx->cons, grx->req_prod, grx->rsp_prod, grx->cons,
		 p->worker.mask_ours, p->worker.mask_theirs, p->sleeps, p->asleep);
}
