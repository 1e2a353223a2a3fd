/* SPDX-License-Identifier: MIT */
/* cases-back-mcast.c - a backend's responses to changes of the multicast list: groups 17, 20, 25 */
#include <stdlib.h>
#include <string.h>

#include "back.h"

#define REQUEST "request-multicast-control"

/* Takes the next request, which adds a group of a device without addresses. Returns its id. */
static uint16_t next_asked(struct back *b)
{
	netif_tx_request_t req;
	netif_extra_info_t extra;

	if (!gtx_wait(b, b->gtx_rsp + 2))
		return 0;
	req = b->gtx->ring[b->gtx_rsp].req;
	memcpy(&extra, &b->gtx->ring[b->gtx_rsp + 1], sizeof(extra));
	if (req.flags != NETTXF_extra_info || req.size != 0 || extra.type != XEN_NETIF_EXTRA_TYPE_MCAST_ADD || extra.flags ||
	    !(extra.u.mcast.addr[0] & 1))
		trouble(&b->t, "flags %u size %u extra %u", req.flags, req.size, extra.type);
	return req.id;
}

/* Takes the first request once the new device has all of its groups, as each change
 * makes the frontend try again. Returns its id. */
static uint16_t asked(struct back *b)
{
	pass_time(300);
	return next_asked(b);
}

/* Responds to a request. */
static void say(struct back *b, uint16_t id, int16_t status)
{
	gtx_answer(b, id, status);
	gtx_answer(b, 0, NETIF_RSP_NULL);
	gtx_push(b);
}

/* Checks request-multicast-control after some time; "": the key is absent. */
static void want_request(struct back *b, const char *value)
{
	uint64_t end = now_us() + WAIT_MS * 1000ull;
	char *text = NULL;
	bool is = false;

	while (!is && now_us() < end) {
		text = store_get(b->xs, b->fe, REQUEST);
		is = strcmp(text ? text : "", value) == 0;
		free(text);
		if (!is)
			pass_time(10);
	}
	if (!is)
		trouble(&b->t, REQUEST " does not become \"%s\"", value);
}

/* Takes both requests: all hosts and all nodes. Returns the id of the second. */
static uint16_t grant(struct back *b)
{
	uint16_t id;

	say(b, asked(b), NETIF_RSP_OKAY);
	id = next_asked(b);
	say(b, id, NETIF_RSP_OKAY);
	want_request(b, "1");
	return id;
}

static void granted(struct back *b) { grant(b); }

/* Any status but OKAY is a refusal: the filter would lack the address. */
static void refused(struct back *b, int16_t status)
{
	say(b, asked(b), status);
	pass_time(1200);	/* until the frontend has checked its filter again */
	want_request(b, "0");
}

static void error(struct back *b) { refused(b, NETIF_RSP_ERROR); }
static void dropped(struct back *b) { refused(b, NETIF_RSP_DROPPED); }
static void status_32767(struct back *b) { refused(b, 32767); }

static void never(struct back *b)
{
	asked(b);
	pass_time(1200);
	want_request(b, "0");
}

/* The frontend carries traffic meanwhile. */
static void late(struct back *b)
{
	uint16_t id = asked(b);

	guest_send(b, 100, 60);
	if (!gtx_wait(b, 102))
		return;
	say(b, id, NETIF_RSP_ERROR);
	gtx_answer_all(b);
	want_request(b, "0");
}

static void for_good(struct back *b)
{
	want_request(b, "1");
	say(b, asked(b), NETIF_RSP_ERROR);
	pass_time(1200);
	want_request(b, "1");
}

static void other_id(struct back *b) { say(b, (uint16_t)(asked(b) + 1), NETIF_RSP_OKAY); }
static void null(struct back *b) { say(b, asked(b), NETIF_RSP_NULL); }
static void id_none(struct back *b) { asked(b); say(b, UINT16_MAX, NETIF_RSP_OKAY); }

static void twice(struct back *b)
{
	say(b, grant(b), NETIF_RSP_OKAY);
	guest_send(b, 1, 60);
}

static void beyond(struct back *b)
{
	asked(b);
	b->gtx_rsp += 300;
	gtx_push(b);
}

#define FEATURE { "feature-multicast-control", "1" }
static const struct key with[] = { FEATURE, { "feature-dynamic-multicast-control", "1" }, { NULL, NULL } };
static const struct key fixed[] = { FEATURE, { NULL, NULL } };
static const struct key dynamic_only[] = { { "feature-dynamic-multicast-control", "1" }, { NULL, NULL } };

static void not_offered(struct back *b) { pass_time(1200); want_request(b, ""); }

#define REFUSED(name_, run_, keys_) { 25, name_, V_DROP, "gtx_drop_mcast=1", .run = run_, .keys = keys_ }

static const struct bcase cases[] = {
	{ 17, "multicast: answer of another id", V_FAULT, "gtx response to nothing", .run = other_id, .keys = with },
	{ 17, "multicast: answer of id 65535", V_FAULT, "gtx response to nothing", .run = id_none, .keys = with },
	{ 17, "multicast: answered as if it were an extra", V_FAULT, "gtx response to nothing", .run = null, .keys = with },
	{ 17, "multicast: answer twice", V_FAULT, "gtx response", .run = twice, .keys = with },
	{ 17, "multicast: rsp_prod + 300", V_FAULT, "gtx responses out of range", .run = beyond, .keys = with },
	{ 25, "multicast: granted", V_PASS, .run = granted, .keys = with },
	{ 25, "multicast: never answered", V_PASS, .run = never, .keys = with },
	REFUSED("multicast: error", error, with), REFUSED("multicast: dropped", dropped, with),
	REFUSED("multicast: status 32767", status_32767, with),
	REFUSED("multicast: error, late", late, with), REFUSED("multicast: error, and no way back", for_good, fixed),
	{ 25, "multicast: dynamic, but not offered", V_PASS, .run = not_offered, .keys = dynamic_only },
};

const struct btable table_back_mcast = { cases, sizeof(cases) / sizeof(cases[0]) };
