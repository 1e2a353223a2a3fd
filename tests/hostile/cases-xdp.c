/* SPDX-License-Identifier: MIT */
/* cases-xdp.c - a guest that asks for XDP headroom, correctly or not: groups 15, 23
 *
 * Data starts behind the headroom in each slot. An extra of type 5 says how large
 * it is, and the backend writes nothing in front of the data. It may change while connected:
 * state 7, the key, the backend's 8, state 4 again.
 */
#include <stdio.h>
#include <string.h>

#include "front.h"

#define HEADROOM "xdp-headroom"
#define KEYS(...) .keys = (const struct key[]){ __VA_ARGS__, { NULL, NULL } }
#define ROOM(value_) KEYS({ HEADROOM, value_ })
#define BAD V_REFUSE, "frontend key " HEADROOM " is not acceptable"
#define XDP_EXTRA 5u
#define FRESH 0xa5

static netif_rx_response_t response(const struct front *f, unsigned int at)
{
	return f->grx->ring[at % SLOTS].rsp;
}

/* Checks one packet that starts in slot at. room -1: any that its extra says. Returns its slots. */
static unsigned int check_packet(struct front *f, unsigned int at, int room, uint32_t len)
{
	netif_rx_response_t first = response(f, at), rsp = first;
	unsigned int slots = 1;
	uint32_t got = 0;
	int told = 0;

	if (first.flags & NETRXF_extra_info) {
		struct netif_extra_info x;

		rsp = response(f, at + slots++);
		memcpy(&x, &rsp, sizeof(x));
		told = x.u.pad[0];
		if (x.type != XDP_EXTRA || x.flags || told == 0 || x.u.pad[1] || x.u.pad[2])
			trouble(&f->t, "grx slot %u: extra of type %u flags %u headroom %u", at, x.type, x.flags, x.u.pad[0]);
	}
	if (room >= 0 && told != room)
		trouble(&f->t, "grx slot %u: headroom is %d, not %d", at, told, room);
	for (rsp = first; ; rsp = response(f, at + slots++)) {
		unsigned int slot = slots == 1 || got == 0 ? at : at + slots - 1;
		const uint8_t *page = f->buf + (size_t)f->page[slot % SLOTS] * PAGE;

		if (rsp.status < 1 || rsp.offset != told || rsp.offset + rsp.status > (int)PAGE) {
			trouble(&f->t, "grx slot %u: offset %u status %d, headroom %d", slot, rsp.offset, rsp.status, told);
			return slots;
		}
		for (int i = 0; i < told; i++)
			if (page[i] != FRESH)
				trouble(&f->t, "grx slot %u: byte %d of the headroom was written", slot, i);
		/* Every frame is from the host, broadcast or to us. */
		if (got == 0 && page[told] == FRESH && page[told + 1] == FRESH)
			trouble(&f->t, "grx slot %u: no frame behind the headroom", slot);
		got += (uint32_t)rsp.status;
		if (!(rsp.flags & NETRXF_more_data))
			break;
	}
	if (len ? got != len : got < 14)
		trouble(&f->t, "grx slot %u: a frame of %u bytes, not %u", at, got, len);
	return slots;
}

/* n packets of len bytes (0: any), in so many slots, since the last look. */
static void want_packets(struct front *f, unsigned int n, unsigned int slots, int room, uint32_t len)
{
	uint32_t at = f->r.rsp, end = at + slots;
	unsigned int got = grx_wait(f, slots, WAIT_MS);

	if (got != slots)
		trouble(&f->t, "%u slots of grx were answered, not %u", got, slots);
	for (unsigned int i = 0; i < n && !*f->t.text; i++)
		at += check_packet(f, at, room, len);
	if (!*f->t.text && at != end)
		trouble(&f->t, "%u packets are in %u slots, not %u", n, at - (end - slots), slots);
	f->r.rsp = end;
}

/* Answers to ARP, with so much in front of them. */
static void answers(struct front *f, unsigned int n, int room)
{
	arp(f, n);
	want_packets(f, n, n * (room ? 2 : 1), room, 0);
}

static void room_none(struct front *f)
{
	bufs_post(f, 0, 16);
	answers(f, 4, 0);
}

static void room_one(struct front *f)
{
	bufs_post(f, 0, 16);
	answers(f, 4, 1);
}

static void room_256(struct front *f)
{
	bufs_post(f, 0, 16);
	answers(f, 4, 256);
}

/* Uses static grants. */
static void room_mapped(struct front *f)
{
	for (unsigned int i = 0; i < NPOST; i++)
		f->list[i] = (struct xen_netif_gref){ f->buf_ref[i], 0, 0 };
	msg_want(f, "ADD", XEN_NETIF_CTRL_STATUS_SUCCESS, XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, 0, f->list_ref, NPOST);
	bufs_post(f, 0, 64);
	answers(f, 4, 256);
}

static void host_sends(struct front *f, const char *what)
{
	front_wait_host(f);
	if (!hook("send", what))
		trouble(&f->t, "the host cannot send");
}

static void room_big(struct front *f)
{
	bufs_post(f, 0, 32);
	host_sends(f, "1 9000");
	want_packets(f, 1, 4, 256, 9000);
	host_sends(f, "1 3840");
	want_packets(f, 1, 2, 256, 3840);
	host_sends(f, "1 3841");
	want_packets(f, 1, 3, 256, 3841);
}

/* An XDP program sees one page, so large frames come in segments of 1000 bytes. */
static void room_gso(struct front *f)
{
	bufs_post(f, 0, 64);
	host_sends(f, "1 20054 gso");
	want_packets(f, 20, 40, 256, 1054);
}

static void room_no_sg(struct front *f)
{
	bufs_post(f, 0, 16);
	host_sends(f, "1 9000");
	answers(f, 2, 256);
}

static void state(struct front *f, const char *text)
{
	store_put(f->xs, XBT_NULL, f->fe, "state", text);
}

static void want_state(struct front *f, const char *after, unsigned int mask)
{
	int got = store_wait_state(f->xs, f->be, mask, WAIT_MS);

	if (got < 0)
		trouble(&f->t, "%s: the backend is in state %u", after, store_state(f->xs, f->be));
}

/* Linux's order: the key is written after the state. */
static void change(struct front *f, const char *value)
{
	state(f, "7");
	if (value)
		store_put(f->xs, XBT_NULL, f->fe, HEADROOM, value);
	else
		store_rm(f->xs, XBT_NULL, f->fe, HEADROOM);
	want_state(f, "7", IS(Reconfigured));
	state(f, "4");
	want_state(f, "4 after 7", IS(Connected));
}

static void on_and_off(struct front *f)
{
	bufs_post(f, 0, 64);
	answers(f, 2, 0);
	change(f, "256");
	answers(f, 2, 256);
	change(f, "256");
	answers(f, 2, 256);
	change(f, "1");
	answers(f, 2, 1);
	change(f, "5000");
	answers(f, 2, 256);
	change(f, NULL);
	answers(f, 2, 0);
	change(f, "256");
	change(f, "0");
	answers(f, 2, 0);
}

/* A key that changes outside of state 7 has no effect. */
static void key_alone(struct front *f)
{
	bufs_post(f, 0, 16);
	answers(f, 2, 0);
	store_put(f->xs, XBT_NULL, f->fe, HEADROOM, "256");
	probe(f);
	answers(f, 2, 0);
	store_put(f->xs, XBT_NULL, f->fe, HEADROOM, "what");
	answers(f, 2, 0);
}

static void seven_twice(struct front *f)
{
	bufs_post(f, 0, 16);
	for (int i = 0; i < 3; i++) {
		state(f, "7");
		want_state(f, "7", IS(Reconfigured));
	}
	/* The key may come late. */
	store_put(f->xs, XBT_NULL, f->fe, HEADROOM, "256");
	state(f, "7");
	state(f, "4");
	want_state(f, "4", IS(Connected));
	answers(f, 2, 256);
}

/* The guest stays in state 7, and must be served all the same. */
static void seven_for_good(struct front *f)
{
	store_put(f->xs, XBT_NULL, f->fe, HEADROOM, "256");
	state(f, "7");
	want_state(f, "7", IS(Reconfigured));
	bufs_post(f, 0, 16);
	answers(f, 2, 256);
	probe(f);
	state(f, "4");
	want_state(f, "4", IS(Connected));
}

static void seven_flood(struct front *f)
{
	for (int i = 0; i < 500; i++) {
		state(f, i & 1 ? "4" : "7");
		store_put(f->xs, XBT_NULL, f->fe, HEADROOM, i & 2 ? "256" : "0");
	}
	state(f, "4");
	want_state(f, "the flood", IS(Connected));
	change(f, "256");
	bufs_post(f, 0, 16);
	answers(f, 2, 256);
}

static void bad_change(struct front *f, const char *value)
{
	store_put(f->xs, XBT_NULL, f->fe, HEADROOM, value);
	state(f, "7");
	front_wait_refused(f);
}

static void change_to_text(struct front *f)
{
	bad_change(f, "lots");
}

static void change_to_huge(struct front *f)
{
	bad_change(f, "4294967296");
}

/* Writes a good key, and an invalid one once the backend is in state 8. */
static void change_late(struct front *f)
{
	state(f, "7");
	want_state(f, "7", IS(Reconfigured));
	store_put(f->xs, XBT_NULL, f->fe, HEADROOM, "-1");
	front_wait_refused(f);
}

static void seven_then(struct front *f, const char *next, unsigned int answers_it)
{
	state(f, "7");
	want_state(f, "7", IS(Reconfigured));
	state(f, next);
	want_state(f, next, answers_it);
	state(f, "6");
	want_state(f, "6", IS(Closed));
}

static void seven_then_closing(struct front *f)
{
	seven_then(f, "5", IS(Closing));
}

static void seven_then_start(struct front *f)
{
	seven_then(f, "1", IS(InitWait));
}

static void seven_before(struct front *f)
{
	state(f, "7");
	/* No event tells that nothing happens. */
	pass_time(30);
	if (store_state(f->xs, f->be) != XenbusStateInitWait)
		trouble(&f->t, "unconnected, 7 leads to state %u", store_state(f->xs, f->be));
}

/* Takes what has come, with any headroom, and posts its buffers again. */
static unsigned int take_all(struct front *f)
{
	unsigned int got = grx_wait(f, 1, 0), n = 0;
	uint32_t end = f->r.rsp + got;

	while (f->r.rsp != end && !*f->t.text) {
		uint32_t at = f->r.rsp;

		f->r.rsp += check_packet(f, at, -1, 0);
		for (; at != f->r.rsp; at++) {
			int page = f->page[at % SLOTS];

			memset(f->buf + (size_t)page * PAGE, FRESH, PAGE);
			buf_put(f, f->buf_ref[page], page);
		}
		n++;
	}
	grx_push(f);
	return n;
}

static void under_traffic(struct front *f)
{
	unsigned int n = 0;

	bufs_post(f, 0, NPOST);
	for (int i = 0; i < 100 && !*f->t.text; i++) {
		change(f, i & 1 ? "0" : "256");
		n += take_all(f);
	}
	for (int i = 0; i < 50 && n < 500; i++) {
		grx_wait(f, 1, 100);
		n += take_all(f);
	}
	if (n < 500)
		trouble(&f->t, "only %u packets of the flood came", n);
}

static const struct fcase cases[] = {
	{ 23, "xdp-headroom 0", V_PASS, .run = room_none, ROOM("0") },
	{ 23, "xdp-headroom 1", V_PASS, .run = room_one, ROOM("1") },
	{ 23, "xdp-headroom 256", V_PASS, .run = room_256, ROOM("256"), .telling = true },
	{ 23, "xdp-headroom 257", V_PASS, .run = room_256, ROOM("257") },
	{ 23, "xdp-headroom 4096", V_PASS, .run = room_256, ROOM("4096") },
	{ 23, "xdp-headroom 65536", V_PASS, .run = room_256, ROOM("65536") },
	{ 23, "xdp-headroom 2^32 - 1", V_PASS, .run = room_256, ROOM("4294967295") },
	{ 23, "xdp-headroom 2^32", BAD, ROOM("4294967296") },
	{ 23, "xdp-headroom -1", BAD, ROOM("-1") },
	{ 23, "xdp-headroom is text", BAD, ROOM("much") },
	{ 23, "xdp-headroom empty", BAD, ROOM("") },
	{ 23, "xdp-headroom in hex", BAD, ROOM("0x100") },
	{ 23, "xdp-headroom 256 without feature-sg", V_PASS, "grx_drop_slots=1", .run = room_no_sg,
	  KEYS({ HEADROOM, "256" }, { "feature-sg", NULL }), .host = "-" },
	{ 23, "xdp-headroom in mapped pages", V_PASS, .run = room_mapped, ROOM("256"), .ctrl = true },
	{ 23, "xdp-headroom and large frames", V_PASS, .run = room_big, ROOM("256"), .host = "-" },
	{ 23, "xdp-headroom and large segments", V_PASS, .run = room_gso, ROOM("256"), .host = "-" },
	{ 23, "xdp-headroom changed by 7", V_PASS, .run = on_and_off, ROOM("0"), .telling = true },
	{ 23, "xdp-headroom changed without 7", V_PASS, .run = key_alone, ROOM(NULL) },
	{ 23, "7 while unconnected", V_PASS, .run = room_256, .before = seven_before, ROOM("256") },
	{ 23, "7 again and again", V_PASS, .run = seven_twice, ROOM("0") },
	{ 23, "7 for good", V_PASS, .run = seven_for_good, ROOM("0") },
	{ 23, "7 and 4 in turn, 500 times", V_PASS, .run = seven_flood, ROOM("0") },
	{ 23, "7 with text", V_ANY, "frontend key " HEADROOM " is not acceptable", .run = change_to_text, ROOM("0") },
	{ 23, "7 with 2^32", V_ANY, "frontend key " HEADROOM " is not acceptable", .run = change_to_huge, ROOM("0") },
	{ 23, "7, and text when it was answered", V_ANY, "frontend key " HEADROOM " is not acceptable",
	  .run = change_late, ROOM("0") },
	{ 23, "7, then Closing", V_ANY, .run = seven_then_closing, ROOM("256") },
	{ 23, "7, then Initialising", V_ANY, .run = seven_then_start, ROOM("256") },
	{ 23, "7 under traffic, 100 times", V_PASS, .run = under_traffic, ROOM("0"), .host = "flood" },
};

const struct table table_xdp = { cases, sizeof(cases) / sizeof(cases[0]) };
