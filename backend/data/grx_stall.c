/* SPDX-License-Identifier: MIT */
/* grx_stall.c - decides on frames that lack slots
 *
 * The functions grx_stall_*() of the first half decide by the times that they are given, and
 * do nothing else.
 */
#include <string.h>

#include "common/base/probe.h"
#include "conn_internal.h"
#include "grx_posted.h"
#include "grx_stall.h"

/* After this time a frontend that signals new slots has done so, if it can. */
#define SPLIT_US 20000u

/* The time that Linux netback gives a frontend that does not signal them. */
#define HOLD_NO_NOTIFY_US 30000u

struct grx_stall_limits grx_stall_limits_for(bool rx_notify, uint32_t hold_ms, uint32_t stall_ms)
{
	struct grx_stall_limits l = { SPLIT_US, HOLD_NO_NOTIFY_US, 0 };

	if (!rx_notify)
		return l;
	l.hold_us = hold_ms * 1000ull;
	if (l.split_us > l.hold_us)
		l.split_us = l.hold_us;
	if (stall_ms)
		l.stall_us = stall_ms > hold_ms ? stall_ms * 1000ull : l.hold_us;
	return l;
}

/* Records that a frame, which needs so many slots, lacks some. */
static void grx_stall_lack(struct grx_stall *p, unsigned int needed, uint64_t now)
{
	if (!p->since) {
		p->since = p->last_progress = now;
		p->lost = false;
	}
	p->needed = needed;
}

/* Ends the wait. Returns true if the queue was stalled. */
static bool grx_stall_end(struct grx_stall *p)
{
	p->since = 0;
	p->needed = 0;
	return atomic_exchange_explicit(&p->stalled, false, memory_order_relaxed);
}

/* Returns true once a frame that lacks slots is dropped. */
static bool grx_stall_is_spent(const struct grx_stall *p, const struct grx_stall_limits *l, uint64_t now)
{
	return p->since && now - p->since >= l->hold_us;
}

/* Returns true once a large frame that lacks slots is split. */
static bool grx_stall_splits(const struct grx_stall *p, const struct grx_stall_limits *l, uint64_t now)
{
	return p->split_now || (p->since && now - p->since >= l->split_us);
}

static bool grx_stall_is_down(const struct grx_stall *p)
{
	return atomic_load_explicit(&p->stalled, memory_order_relaxed);
}

/* Returns true if the queue becomes stalled now. */
static bool grx_stall_stalls(struct grx_stall *p, const struct grx_stall_limits *l, uint64_t now)
{
	if (!l->stall_us || !p->since || !p->lost || grx_stall_is_down(p) || now - p->last_progress < l->stall_us)
		return false;
	atomic_store_explicit(&p->stalled, true, memory_order_relaxed);
	return true;
}

/* Returns the next time at which one of these decisions changes; UINT64_MAX: never. */
static uint64_t grx_stall_next(const struct grx_stall *p, const struct grx_stall_limits *l, uint64_t now)
{
	if (!p->since)
		return UINT64_MAX;
	if (now - p->since < l->split_us)
		return p->since + l->split_us;
	if (now - p->since < l->hold_us)
		return p->since + l->hold_us;
	return l->stall_us && p->lost && !grx_stall_is_down(p) ? p->last_progress + l->stall_us : UINT64_MAX;
}

/* --- a queue's frames ----------------------------------------------------- */

bool vif_stall_begin(struct vif_worker *vw)
{
	struct vif_frame *held = &vw->held_frame;
	uint32_t first = vif_grx_at(&vw->conn->conf, 0);
	bool waiting = false;

	for (struct vif_queue *q = vw->queue; q < vw->queue + vw->nqueues; q++) {
		q->stall.wanted = 0;
		waiting |= q->stall.since != 0;
	}
	/* The frames before it in the buffer were copied out in the last run. */
	if (vw->held && held->at != first) {
		memmove(vw->grx_buf + first, vw->grx_buf + held->at, VNET_HDR_LEN + held->pkt.len);
		held->at = first;
	}
	return waiting;
}

bool vif_stall_waits(const struct vif_worker *vw)
{
	for (const struct vif_queue *q = vw->queue; q < vw->queue + vw->nqueues; q++)
		if (q->stall.since)
			return true;
	return false;
}

bool vif_stall_resume(struct vif_worker *vw, struct vif_frame *f)
{
	if (!vw->held)
		return false;
	*f = vw->held_frame;
	vw->held = false;
	return true;
}

/* Decides on a frame, the last of the batch, for which too few slots are posted. */
static enum vif_fit grx_stall_decide(const struct vif_frame *f)
{
	struct vif_queue *q = f->queue;
	const struct grx_stall_limits *limits = &q->vw->conn->limits;
	uint64_t now = now_us();

	grx_stall_lack(&q->stall, f->pkt.slots, now);
	if (grx_stall_is_spent(&q->stall, limits, now)) {
		q->stall.lost = true;
		return FIT_TIMEOUT;
	}
	if (f->pkt.gso_size && grx_stall_splits(&q->stall, limits, now)) {
		q->stall.split_now = true;
		return FIT_SPLIT;
	}
	q->vw->held = true;
	q->vw->held_frame = *f;
	q->stall.wanted = f->pkt.slots;
	return FIT_WAIT;
}

enum vif_fit vif_stall_fit(const struct vif_frame *f)
{
	struct vif_queue *q = f->queue;

	/* With one queue vif_source_next() has refilled already, unless the frame has waited. */
	if (q->vw->nqueues > 1 || f->pkt.slots > q->nposted)
		vif_posted_refill(q);
	/* There are as many as the largest frame needs, so the next large frame waits again. */
	if (q->nposted == POSTED_MAX)
		q->stall.split_now = false;
	return f->pkt.slots <= q->nposted ? FIT_NOW : grx_stall_decide(f);
}

bool vif_stall_drops(struct vif_queue *q)
{
	uint64_t now = now_us();

	grx_stall_lack(&q->stall, 1, now);
	q->stall.wanted = 1;
	return grx_stall_is_spent(&q->stall, &q->vw->conn->limits, now);
}

void vif_stall_end_idle(struct vif_worker *vw)
{
	/* A queue that lost frames for lack of slots keeps waiting: it may still stall. */
	for (struct vif_queue *q = vw->queue; q < vw->queue + vw->nqueues; q++)
		if (q->stall.since && !q->stall.lost && grx_stall_end(&q->stall))
			worker_wake_control(&vw->w);
}

/* Ends a queue's wait if slots came; else finds out whether it is stalled. */
static void grx_stall_check(struct vif_queue *q)
{
	bool turned;

	if (vif_posted_slots(q) >= q->stall.needed) {
		turned = grx_stall_end(&q->stall);
	} else {
		turned = grx_stall_stalls(&q->stall, &q->vw->conn->limits, now_us());
		if (turned) {
			stats_inc(q->stats, STAT_GRX_STALLS);
			probe_stall(q->vw->conn->name, q->index);
		}
		/* The carrier goes up once they are posted. */
		if (q->stall.stalled)
			q->stall.wanted = q->stall.needed;
	}
	if (turned)
		worker_wake_control(&q->vw->w);
}

void vif_stall_review(struct vif_worker *vw)
{
	for (struct vif_queue *q = vw->queue; q < vw->queue + vw->nqueues; q++)
		if (q->stall.since)
			grx_stall_check(q);
}

void vif_stall_progress(struct vif_queue *q)
{
	q->stall.last_progress = now_us();
}

bool vif_stall_is_over(struct vif_queue *q)
{
	return q->stall.wanted && (grx_back_begin(&q->grx) < 0 || vif_posted_slots(q) >= q->stall.wanted);
}

bool vif_stall_rearm(struct vif_queue *q)
{
	/* Buffers that are taken already count. */
	return q->stall.wanted && grx_back_rearm(&q->grx, q->stall.wanted - q->nposted);
}

int vif_stall_sleep_ms(const struct vif_worker *vw)
{
	uint64_t now = 0, next = UINT64_MAX, at;

	for (const struct vif_queue *q = vw->queue; q < vw->queue + vw->nqueues; q++) {
		if (!q->stall.since)
			continue;
		now = now ? now : now_us();
		/* The frontend does not signal slots, so look for them every millisecond. */
		if (!vw->conn->conf.rx_notify && !grx_stall_is_spent(&q->stall, &vw->conn->limits, now))
			return 1;
		at = grx_stall_next(&q->stall, &vw->conn->limits, now);
		next = at < next ? at : next;
	}
	if (next == UINT64_MAX)
		return -1;
	return now >= next ? 0 : (int)min_size((next - now) / 1000u + 1, 1000000);
}

bool vif_stall_is_stalled(const struct vif_queue *q)
{
	return grx_stall_is_down(&q->stall);
}
