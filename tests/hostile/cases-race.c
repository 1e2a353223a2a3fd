/* SPDX-License-Identifier: MIT */
/* cases-race.c - slots that change while the backend reads them: group 2
 *
 * One thread rewrites a field of every slot without pause, the other sends. The
 * backend must read a field once and use that value throughout; else the
 * sanitizer or the guarded pages show it.
 */
#include <stddef.h>
#include <string.h>

#include "front.h"

#define RACE_US 40000u

struct race {
	struct front *f;
	unsigned int at, len;	/* the field, in the slot */
	uint32_t seed;
};

static void rewrite(void *arg)
{
	struct race *r = arg;
	uint8_t *slots = (uint8_t *)&r->f->gtx->ring[0];

	for (unsigned int i = 0; i < SLOTS; i++) {
		uint32_t v = surprise(&r->seed);

		/* Half of the values are near the legal range, where a second read could pass a check. */
		if (v & 0x10000)
			v &= 0xfff;
		memcpy(slots + i * sizeof(r->f->gtx->ring[0]) + r->at, &v, r->len);
	}
}

/* Sends packets of one slot, as many as there is room for, until the time is over. */
static void send_for(struct front *f, uint16_t flags)
{
	uint64_t end = now_us() + RACE_US;

	while (now_us() < end && store_state(f->xs, f->be) == XenbusStateConnected) {
		for (int i = 0; i < 64 && f->g.req - f->gtx->rsp_prod < SLOTS - 1; i++) {
			static const uint8_t gso[8] = { XEN_NETIF_EXTRA_TYPE_GSO, 0, 100, 0, 1 };

			slot_put(f, f->data_ref[0], 0, flags, f->next_id++, 1500);
			if (flags & EXTRA)
				extra_put(f, gso);
		}
		gtx_push(f);
	}
}

static void race(struct front *f, size_t at, size_t len, uint16_t flags)
{
	struct race r = { f, (unsigned int)at, (unsigned int)len, 88172645u };
	struct again *a = again_start(rewrite, &r);

	send_for(f, flags);
	if (!(flags & EXTRA) && at != offsetof(netif_tx_request_t, flags) && !gtx_settle(f, WAIT_MS))
		trouble(&f->t, "not all slots are answered");
	again_stop(a);
}

#define FIELD(name_) \
	static void name_##_changes(struct front *f) \
	{ \
		race(f, offsetof(netif_tx_request_t, name_), sizeof(((netif_tx_request_t *)0)->name_), 0); \
	}
FIELD(gref)
FIELD(offset)
FIELD(flags)
FIELD(id)
FIELD(size)

static void extras_change(struct front *f) { race(f, 0, 4, EXTRA | BLANK); }
static void gso_changes(struct front *f) { race(f, 4, 4, EXTRA | BLANK); }

/* Rewrites the frame's headers, between two reads of the backend. */
static void rewrite_frame(void *arg)
{
	struct race *r = arg;
	uint8_t *frame = r->f->data;

	for (unsigned int i = 12; i < 60; i++)
		frame[i] = (uint8_t)(surprise(&r->seed) & 1 ? r->f->guard[i] : surprise(&r->seed));
}

static void headers_change(struct front *f)
{
	struct race r = { f, 0, 0, 521288629u };
	struct again *a = again_start(rewrite_frame, &r);

	send_for(f, EXTRA | BLANK);
	again_stop(a);
	if (!gtx_settle(f, WAIT_MS))
		trouble(&f->t, "not all slots are answered");
	f->g.rsp = f->g.req;
}

static void rewrite_grx(void *arg)
{
	struct race *r = arg;

	for (unsigned int i = 0; i < SLOTS; i++) {
		uint32_t v = surprise(&r->seed);
		netif_rx_request_t *req = &r->f->grx->ring[i].req;

		/* Mostly a granted buffer: the backend must write to the one that it checked. */
		req->gref = v & 7 ? r->f->buf_ref[v % NPOST] : v;
		req->id = (uint16_t)(v >> 8);
	}
}

static void grx_slots_change(struct front *f)
{
	struct race r = { f, 0, 0, 36243606u };
	struct again *a = again_start(rewrite_grx, &r);

	bufs_post(f, 0, NPOST);
	for (int i = 0; i < 8; i++)
		arp(f, 16);
	grx_wait(f, 64, 500);
	again_stop(a);
}

static const struct fcase cases[] = {
	{ 2, "gref changes", V_ANY, .run = gref_changes, .telling = true },
	{ 2, "offset changes", V_ANY, .run = offset_changes },
	{ 2, "flags change", V_ANY, .run = flags_changes },
	{ 2, "id changes", V_ANY, .run = id_changes },
	{ 2, "size changes", V_ANY, .run = size_changes },
	{ 2, "extra's type and mss change", V_ANY, .frame = FRAME_TCP4, .run = extras_change },
	{ 2, "extra's gso type changes", V_ANY, .frame = FRAME_TCP4, .run = gso_changes },
	{ 2, "headers change", V_ANY, .frame = FRAME_TCP4, .run = headers_change, .wild = true },
	{ 2, "grx gref and id change", V_ANY, .run = grx_slots_change, .wild = true },
};

const struct table table_race = { cases, sizeof(cases) / sizeof(cases[0]) };
