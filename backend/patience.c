/* SPDX-License-Identifier: MIT */
/* patience.c - the decisions of patience.h */
#include "patience.h"

/* A frontend that kicks has answered a signal by then, if it can. */
#define CUT_US 20000u

/* Linux netback's figure for one that does not. */
#define HOLD_NO_NOTIFY_US 30000u

struct patience_limits patience_limits_for(bool rx_notify, uint32_t hold_ms, uint32_t stall_ms)
{
	struct patience_limits l = { CUT_US, HOLD_NO_NOTIFY_US, 0 };

	if (!rx_notify)
		return l;
	l.hold_us = hold_ms * 1000ull;
	if (l.cut_us > l.hold_us)
		l.cut_us = l.hold_us;
	if (stall_ms)
		l.stall_us = stall_ms > hold_ms ? stall_ms * 1000ull : l.hold_us;
	return l;
}

void patience_lack(struct patience *p, unsigned int needed, uint64_t now)
{
	if (!p->since) {
		p->since = p->quiet = now;
		p->lost = false;
	}
	p->needed = needed;
}

void patience_pass(struct patience *p, uint64_t now)
{
	p->quiet = now;
}

bool patience_end(struct patience *p)
{
	p->since = 0;
	p->needed = 0;
	return atomic_exchange_explicit(&p->stalled, false, memory_order_relaxed);
}

bool patience_is_spent(const struct patience *p, const struct patience_limits *l, uint64_t now)
{
	return p->since && now - p->since >= l->hold_us;
}

bool patience_cuts(const struct patience *p, const struct patience_limits *l, uint64_t now)
{
	return p->scant || (p->since && now - p->since >= l->cut_us);
}

static bool is_stalled(const struct patience *p)
{
	return atomic_load_explicit(&p->stalled, memory_order_relaxed);
}

bool patience_stalls(struct patience *p, const struct patience_limits *l, uint64_t now)
{
	if (!l->stall_us || !p->since || !p->lost || is_stalled(p) || now - p->quiet < l->stall_us)
		return false;
	atomic_store_explicit(&p->stalled, true, memory_order_relaxed);
	return true;
}

uint64_t patience_next(const struct patience *p, const struct patience_limits *l, uint64_t now)
{
	if (!p->since)
		return UINT64_MAX;
	if (now - p->since < l->cut_us)
		return p->since + l->cut_us;
	if (now - p->since < l->hold_us)
		return p->since + l->hold_us;
	return l->stall_us && p->lost && !is_stalled(p) ? p->quiet + l->stall_us : UINT64_MAX;
}
