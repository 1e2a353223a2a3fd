/* SPDX-License-Identifier: MIT */
/* cases-held.c - many connections that fail or end at each step: the backend must hold nothing of
 * the guest afterwards (XSA-371). tests/hostile/run compares the counts of maps, ports,
 * handles and watches.
 */
#include <stdio.h>
#include <string.h>

#include "front.h"

#define ROUNDS 30
#define PAGES 200u
#define KEYS(...) .keys = (const struct key[]){ __VA_ARGS__, { NULL, NULL } }
#define SPLIT KEYS({ "event-channel", NULL }, { "event-channel-tx", "@port" }, { "event-channel-rx", "@port1" })
#define FAULT(rule_) .host = "fault " rule_

static void list_fill(struct front *f, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		f->list[i] = (struct xen_netif_gref){ .ref = f->buf_ref[i] };
}

static void add(struct front *f)
{
	list_fill(f, PAGES);
	msg_want(f, "ADD", XEN_NETIF_CTRL_STATUS_SUCCESS, XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, 0, f->list_ref, PAGES);
}

/* Connects and closes, in both ways, each time with pages that stay mapped. */
static void up_and_down(struct front *f)
{
	for (int i = 0; i < ROUNDS && !*f->t.text; i++) {
		if (f->c->ctrl)
			add(f);
		front_disconnect(f, i % 2);
		log_mark(&f->log);
		if (!front_connect(f))
			return;
	}
}

static void add_and_fault(struct front *f)
{
	add(f);
	f->g.req += SLOTS + 1;
	gtx_push(f);
}

/* One ref of the list cannot be mapped: none may be mapped afterwards. */
static void add_none(struct front *f)
{
	for (int i = 0; i < ROUNDS; i++) {
		list_fill(f, PAGES);
		f->list[i * 5].ref = f->ended_ref;
		msg_want(f, "ADD of a ref taken back", XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER,
			 XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, 0, f->list_ref, PAGES);
	}
	add(f);
}

/* Is refused repeatedly, before any ring is mapped and after. */
static void refused_for(struct front *f, const char *key, const char *value)
{
	for (int i = 0; i < ROUNDS; i++) {
		front_disconnect(f, i % 2);
		store_put(f->xs, XBT_NULL, f->fe, "state", "1");
		if (store_wait_state(f->xs, f->be, IS(InitWait), WAIT_MS) < 0) {
			trouble(&f->t, "the backend does not start anew");
			return;
		}
		store_put(f->xs, XBT_NULL, f->fe, "request-rx-copy", "1");
		store_put_u32(f->xs, XBT_NULL, f->fe, "tx-ring-ref", f->gtx_ref);
		store_put_u32(f->xs, XBT_NULL, f->fe, "rx-ring-ref", f->grx_ref);
		store_put_u32(f->xs, XBT_NULL, f->fe, "event-channel", 1999);
		store_put(f->xs, XBT_NULL, f->fe, key, value);
		store_put(f->xs, XBT_NULL, f->fe, "state", "4");
		if (store_wait_state(f->xs, f->be, IS(Closing) | IS(Closed), WAIT_MS) < 0) {
			trouble(&f->t, "the backend does not refuse");
			return;
		}
	}
	log_mark(&f->log);
	store_rm(f->xs, XBT_NULL, f->fe, "event-channel");
	front_connect(f);
}

static void refused_at_the_ring(struct front *f) { refused_for(f, "rx-ring-ref", "4294967295"); }
static void refused_at_the_channel(struct front *f) { refused_for(f, "event-channel", "1999"); }

static const struct fcase cases[] = {
	{ 27, "up and down 30 times", V_PASS, .run = up_and_down },
	{ 27, "up and down 30 times, 200 static grants", V_PASS, .run = up_and_down, .ctrl = true },
	{ 27, "up and down 30 times, mask, 200 static grants", V_PASS, .run = up_and_down, .ctrl = true, .mask = true },
	{ 27, "200 static grants, and a fault", V_FAULT, "gtx producer out of range", .run = add_and_fault, .ctrl = true },
	{ 27, "200 static grants, one in 30 places is none", V_PASS, .run = add_none, .ctrl = true },
	{ 27, "refused at the second ring 30 times", V_PASS, .run = refused_at_the_ring },
	{ 27, "refused at the channel 30 times", V_PASS, .run = refused_at_the_channel },
	{ 27, "mask cannot be mapped", V_REFUSE, "cannot map event-mask-ref", .mask = true, FAULT("map fail all times=1") },
	{ 27, "first ring cannot be mapped, mask", V_REFUSE, "cannot map tx-ring-ref", .mask = true,
	  FAULT("map fail all after=1 times=1") },
	{ 27, "second ring cannot be mapped, mask", V_REFUSE, "cannot map rx-ring-ref", .mask = true,
	  FAULT("map fail all after=2 times=1") },
	{ 27, "control ring cannot be mapped", V_REFUSE, "cannot map ctrl-ring-ref", .ctrl = true,
	  FAULT("map fail all after=2 times=1") },
	{ 27, "control ring cannot be mapped, mask", V_REFUSE, "cannot map ctrl-ring-ref", .ctrl = true, .mask = true,
	  FAULT("map fail all after=3 times=1") },
	{ 27, "second of split channels cannot be bound", V_REFUSE, "cannot bind the event channel", SPLIT,
	  FAULT("bind fail all after=1 times=1") },
	{ 27, "control channel cannot be bound", V_REFUSE, "cannot bind the event channel", .ctrl = true,
	  FAULT("bind fail all after=1 times=1") },
	{ 27, "mask's channel cannot be bound", V_REFUSE, "cannot bind the event channel", .ctrl = true, .mask = true,
	  FAULT("bind fail all times=1") },
};

const struct table table_held = { cases, sizeof(cases) / sizeof(cases[0]) };
