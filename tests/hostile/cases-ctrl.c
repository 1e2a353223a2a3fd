/* SPDX-License-Identifier: MIT */
/* cases-ctrl.c - a guest's bad control ring: groups 1 and 24
 *
 * GREF mapping is in cases-gref.c.
 */
#include <string.h>

#include "front.h"

#define KEYS(...) .keys = (const struct key[]){ __VA_ARGS__, { NULL, NULL } }
#define KEY(name_, value_) KEYS({ name_, value_ })
#define BAD(key_) V_REFUSE, "frontend key " key_ " is not acceptable"
#define GET XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE
#define SUCCESS XEN_NETIF_CTRL_STATUS_SUCCESS
#define INVALID XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER
#define OVERFLOW XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW
#define NOT_SUPPORTED XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED

static void jump(struct front *f, uint32_t by)
{
	msg_want(f, "GET", XEN_NETIF_CTRL_STATUS_SUCCESS, GET, 0, 0, 0);
	f->m.req += by;
	msg_push(f);
}

static void jump_129(struct front *f) { jump(f, 129); }
static void jump_half(struct front *f) { jump(f, 0x80000000u); }
static void jump_back(struct front *f) { jump(f, UINT32_MAX); }

static void unknown_types(struct front *f)
{
	static const uint16_t types[] = { 0, 11, 99, 0x8008, 65535 };

	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		msg_want(f, "unknown type", NOT_SUPPORTED, types[i], 1, f->list_ref, 8);
}

/* Sends messages that need an algorithm before one is set. */
static void hash_order(struct front *f)
{
	msg_want(f, "flags first", NOT_SUPPORTED, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0);
	msg_want(f, "set flags first", INVALID, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 1, 0, 0);
	msg_want(f, "no such algorithm", INVALID, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 2, 0, 0);
	msg_want(f, "Toeplitz", SUCCESS, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 1, 0, 0);
	msg_want(f, "get flags", SUCCESS, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0);
	msg_want(f, "no such type", INVALID, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 16, 0, 0);
	msg_want(f, "all types", SUCCESS, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 15, 0, 0);
	probe(f);
	msg_want(f, "none again", SUCCESS, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 0, 0, 0);
}

static void hash_keys(struct front *f)
{
	const uint32_t bad[] = { 0, UINT32_MAX, f->foreign_ref, f->ended_ref };

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		msg_want(f, "bad key page", INVALID, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, bad[i], 40, 0);
	msg_want(f, "key of 40", SUCCESS, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, f->list_ref, 40, 0);
	msg_want(f, "key of 0", SUCCESS, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, 0, 0, 0);
	msg_want(f, "key of 41", OVERFLOW, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, f->list_ref, 41, 0);
	msg_want(f, "key of 4096", OVERFLOW, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, f->list_ref, 4096, 0);
	msg_want(f, "key past a page", INVALID, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, f->list_ref, 4097, 0);
	msg_want(f, "key of 2^32 - 1", INVALID, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, f->list_ref, UINT32_MAX, 0);
}

/* Sends offsets and lengths that wrap (XSA-270), and queues that do not exist. */
static void hash_mapping(struct front *f)
{
	uint32_t *entry = (uint32_t *)(void *)f->list;

	memset(f->list, 0, 512);
	msg_want(f, "129 entries", INVALID, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 129, 0, 0);
	msg_want(f, "4e9 entries", INVALID, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 4000000000u, 0, 0);
	msg_want(f, "no table yet", INVALID, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, f->list_ref, 1, 0);
	msg_want(f, "128 entries", SUCCESS, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 128, 0, 0);
	msg_want(f, "all of it", SUCCESS, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, f->list_ref, 128, 0);
	msg_want(f, "one past it", INVALID, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, f->list_ref, 128, 1);
	msg_want(f, "wraps to 0", INVALID, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, f->list_ref, 128, 0xffffff80u);
	msg_want(f, "far off", INVALID, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, f->list_ref, 1, UINT32_MAX);
	msg_want(f, "too many", OVERFLOW, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, f->list_ref, UINT32_MAX, 1);
	msg_want(f, "bad table page", INVALID, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, f->ended_ref, 4, 0);
	entry[3] = 1;
	msg_want(f, "no such queue", INVALID, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, f->list_ref, 4, 0);
	entry[3] = UINT32_MAX;
	msg_want(f, "no queue at all", INVALID, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, f->list_ref, 4, 0);
}

static void spoil_list(void *arg)
{
	struct front *f = arg;
	uint32_t *entry = (uint32_t *)(void *)f->list;

	for (unsigned int i = 0; i < 128; i++)
		__atomic_store_n(&entry[i], surprise(&f->seed), __ATOMIC_RELAXED);
}

/* The backend must use the copy of the table that it checked; else the probes find no queue. */
static void mapping_changes(struct front *f)
{
	struct again *a;

	msg_want(f, "Toeplitz", SUCCESS, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 1, 0, 0);
	msg_want(f, "all types", SUCCESS, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 15, 0, 0);
	msg_want(f, "128 entries", SUCCESS, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 128, 0, 0);
	a = again_start(spoil_list, f);
	for (int i = 0; i < 100; i++) {
		msg_put(f, 1, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, f->list_ref, 128, 0);
		msg_push(f);
		if (!msg_settle(f, WAIT_MS))
			trouble(&f->t, "no answer");
	}
	again_stop(a);
	probe(f);
}

static void same_id(struct front *f)
{
	for (int i = 0; i < 64; i++)
		msg_put(f, 0x4242, GET, 0, 0, 0);
	msg_push(f);
	if (!msg_settle(f, WAIT_MS))
		trouble(&f->t, "not all messages are answered");
	for (uint32_t i = 0; i < 64; i++) {
		struct xen_netif_ctrl_response rsp = f->ctrl->ring[i].rsp;

		if (rsp.id != 0x4242 || rsp.type != GET)
			trouble(&f->t, "message %u was answered as %u id %u", i, rsp.type, rsp.id);
	}
}

static void full_ring(struct front *f)
{
	for (int round = 0; round < 20; round++) {
		for (uint16_t i = 0; i < 128; i++)
			msg_put(f, i, (uint16_t)(round + i), 7, 7, 7);
		msg_push(f);
		if (!msg_settle(f, WAIT_MS))
			trouble(&f->t, "not all messages are answered");
	}
}

static void flood(void *arg)
{
	struct front *f = arg;

	if (f->m.req - __atomic_load_n(&f->ctrl->rsp_prod, __ATOMIC_ACQUIRE) < 128)
		msg_put(f, 1, GET, 0, 0, 0);
	msg_push(f);
}

static void flood_at_work(struct front *f)
{
	struct again *a = again_start(flood, f);

	for (int i = 0; i < 100; i++)
		probe(f);
	again_stop(a);
	msg_settle(f, WAIT_MS);
}

static void rewrite(void *arg)
{
	struct front *f = arg;
	uint32_t *word = (uint32_t *)(void *)f->ctrl->ring;

	for (unsigned int i = 0; i < 128 * 4; i++)
		__atomic_store_n(&word[i], i % 4 ? surprise(&f->seed) : surprise(&f->seed) % 12 << 16, __ATOMIC_RELAXED);
}

static void messages_change(struct front *f)
{
	struct again *a = again_start(rewrite, f);
	uint64_t end = now_us() + 60000;

	while (now_us() < end) {
		for (unsigned int n = f->m.req - f->ctrl->rsp_prod; n < 100; n++)
			f->m.req++;
		msg_push(f);
	}
	again_stop(a);
	if (!msg_settle(f, WAIT_MS))
		trouble(&f->t, "not all messages are answered");
}

static void wild_page(struct front *f) { f->ctrl->rsp_prod = 4711; }
static void full_and_one(struct front *f) { f->ctrl->req_prod = 129; }

static const struct fcase cases[] = {
	{ 1, "control producer + 129", V_FAULT, "control producer out of range", .run = jump_129, .ctrl = true },
	{ 1, "control producer + 2^31", V_FAULT, "control producer out of range", .run = jump_half, .ctrl = true },
	{ 1, "control producer goes back", V_FAULT, "control producer out of range", .run = jump_back, .ctrl = true },
	{ 4, "control page with a wild rsp_prod", V_REFUSE, "the control ring page is not a ring", .before = wild_page,
	  .ctrl = true },
	{ 4, "control page with 129 requests", V_REFUSE, "the control ring page is not a ring", .before = full_and_one,
	  .ctrl = true },

	{ 24, "unknown message types", V_PASS, .run = unknown_types, .ctrl = true },
	{ 24, "hash messages out of order", V_PASS, .run = hash_order, .ctrl = true },
	{ 24, "hash keys that lie", V_PASS, .run = hash_keys, .ctrl = true },
	{ 24, "hash mapping out of bounds", V_PASS, .run = hash_mapping, .ctrl = true },
	{ 24, "hash mapping changes while it is read", V_PASS, .run = mapping_changes, .ctrl = true },
	{ 24, "the same id 64 times", V_PASS, .run = same_id, .ctrl = true },
	{ 24, "control ring full 20 times", V_PASS, .run = full_ring, .ctrl = true },
	{ 24, "control flood while packets go", V_PASS, .run = flood_at_work, .ctrl = true },
	{ 24, "messages change while they are read", V_PASS, .run = messages_change, .ctrl = true },
	{ 24, "control ring on the gtx ring's page", BAD("ctrl-ring-ref"), KEY("ctrl-ring-ref", "@gtx"), .ctrl = true },
	{ 24, "control ring on the grx ring's page", BAD("ctrl-ring-ref"), KEY("ctrl-ring-ref", "@grx"), .ctrl = true },
	{ 24, "control ring on the data channel", BAD("event-channel-ctrl"), KEY("event-channel-ctrl", "@port"),
	  .ctrl = true },
	{ 24, "control ring without its channel", V_REFUSE, "frontend key event-channel-ctrl is missing",
	  KEY("event-channel-ctrl", NULL), .ctrl = true },
	{ 24, "control channel without its ring", V_REFUSE, "frontend key ctrl-ring-ref is missing",
	  KEY("ctrl-ring-ref", NULL), .ctrl = true },
	{ 24, "ctrl-ring-ref -1", BAD("ctrl-ring-ref"), KEY("ctrl-ring-ref", "-1"), .ctrl = true },
	{ 24, "ctrl-ring-ref read-only", V_REFUSE, "cannot map ctrl-ring-ref", KEY("ctrl-ring-ref", "@readonly"),
	  .ctrl = true },
	{ 24, "ctrl-ring-ref of another domain", V_REFUSE, "cannot map ctrl-ring-ref", KEY("ctrl-ring-ref", "@foreign"),
	  .ctrl = true },
	{ 24, "event-channel-ctrl 2^32", BAD("event-channel-ctrl"), KEY("event-channel-ctrl", "4294967296"), .ctrl = true },
	{ 24, "event-channel-ctrl not open", V_REFUSE, "cannot bind the event channel",
	  KEY("event-channel-ctrl", "1999"), .ctrl = true },
};

const struct table table_ctrl = { cases, sizeof(cases) / sizeof(cases[0]) };
