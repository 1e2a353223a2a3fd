/* SPDX-License-Identifier: MIT */
/* cases-back-hash.c - a backend that refuses one of the hash messages, and the hashes that it sends then:
 * groups 17, 18, 20, 25 */
#include <sys/mman.h>

#include "back.h"

#define OKAY XEN_NETIF_CTRL_STATUS_SUCCESS
#define NO XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED

/* The messages in the order in which the frontend sends them, and correct responses. */
enum { ALGORITHM, TYPES, KEY, ROOM, SIZE, MAPPING, FLAGS, HASH_MESSAGES };

static const struct { uint16_t type; uint32_t data; } plan[HASH_MESSAGES] = {
	[ALGORITHM] = { XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 0 },
	[TYPES] = { XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 15 },
	[KEY] = { XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, 0 },
	[ROOM] = { XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE, 128 },
	[SIZE] = { XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 0 },
	[MAPPING] = { XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, 0 },
	[FLAGS] = { XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 0 },
};

/* Returns a hash message; the very first message is about static grants. */
static struct xen_netif_ctrl_request hash_message(struct back *b, uint32_t n)
{
	return ctrl_message(b, n + 1);
}

/* Answers hash message n. */
static void say(struct back *b, uint32_t n, uint32_t status, uint32_t data)
{
	struct xen_netif_ctrl_request req = hash_message(b, n);

	ctrl_answer(b, req.id, req.type, status, data);
}

/* Accepts all messages before message n, and waits for n. */
static void agree(struct back *b, uint32_t n)
{
	struct xen_netif_ctrl_request req = ctrl_message(b, 0);

	ctrl_answer(b, req.id, req.type, NO, 0);
	for (uint32_t i = 0; i < n; i++) {
		req = hash_message(b, i);
		if (req.type != plan[i].type)
			trouble(&b->t, "message %u is of type %u, not %u", i, req.type, plan[i].type);
		say(b, i, OKAY, plan[i].data);
	}
	if (n < HASH_MESSAGES)
		hash_message(b, n);
}

static void silent(struct back *b) { agree(b, KEY); }

static void wrong_id(struct back *b)
{
	agree(b, KEY);
	ctrl_answer(b, (uint16_t)(hash_message(b, KEY).id + 1), XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, OKAY, 0);
}

/* Checks what a message points to: the words in use, and zeros behind them. */
static void look(struct back *b, uint32_t n, uint32_t words)
{
	struct xen_netif_ctrl_request req = hash_message(b, n);
	uint32_t *page = xengnttab_map_grant_ref(b->tab, b->guest, req.data[0], PROT_READ), any = 0;

	if (!page || req.data[1] != (n == KEY ? words * 4 : words)) {
		trouble(&b->t, "message %u: %u things in a page that is %s", n, req.data[1], page ? "there" : "not there");
		return;
	}
	for (uint32_t i = 0; i < PAGE / 4; i++) {
		if (i >= words && page[i])
			trouble(&b->t, "message %u: word %u is not empty", n, i);
		if (i < words && n == MAPPING && page[i] != i % 2)
			trouble(&b->t, "entry %u is queue %u", i, page[i]);
		any |= page[i];
	}
	if (!any)
		trouble(&b->t, "message %u: an empty page", n);
	xengnttab_unmap(b->tab, page, 1);
}

static void look_at_all(struct back *b)
{
	agree(b, KEY);
	look(b, KEY, 10);
	say(b, KEY, OKAY, 0);
	say(b, ROOM, OKAY, 128);
	say(b, SIZE, OKAY, 0);
	look(b, MAPPING, 128);
	say(b, MAPPING, OKAY, 0);
	say(b, FLAGS, OKAY, 0);
}

/* --- frames with a hash -------------------------------------------------------------------- */

#define SEND(...) do { rsps_put(b, (const struct rsp[]){ __VA_ARGS__, { .kind = RSP_END } }); grx_push(b); } while (0)
#define HASH(type_, alg_, value_) X(XEN_NETIF_EXTRA_TYPE_HASH, 0, type_, alg_, value_, 0, 0, 0)
#define HASHED(...) SEND(R(60, 0, EXTRA), HASH(__VA_ARGS__))

static void good(struct back *b) { agree(b, HASH_MESSAGES); HASHED(1, 1, 0); }
static void too_early(struct back *b) { agree(b, MAPPING); HASHED(1, 1, 0); }
static void early(struct back *b) { agree(b, FLAGS); HASHED(1, 1, 0); }

static void twice(struct back *b)
{
	agree(b, HASH_MESSAGES);
	SEND(R(60, 0, EXTRA), X(4, 1, 255, 1, 0, 0, 0, 0), HASH(1, 1, 0));
}

static void twice_bad(struct back *b)
{
	agree(b, HASH_MESSAGES);
	SEND(R(60, 0, EXTRA), X(4, 1, 1, 1, 0, 0, 0, 0), HASH(255, 1, 0));
}

static void odd_flag(struct back *b)
{
	agree(b, HASH_MESSAGES);
	SEND(R(60, 0, EXTRA), X(4, 2, 1, 1, 0, 0, 0, 0));
}

static void not_asked_type(struct back *b)
{
	agree(b, TYPES);
	say(b, TYPES, OKAY, XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP);
	say(b, KEY, OKAY, 0);
	say(b, ROOM, OKAY, 0);
	say(b, SIZE, OKAY, 0);	/* the types, without a table */
	HASHED(0, 1, 0);
	HASHED(1, 1, 0);
}

static void with_gso(struct back *b)
{
	agree(b, HASH_MESSAGES);
	SEND(R(2054, 0, EXTRA | BLANK), X(4, 1, 1, 1, 2, 0, 0, 0), GSO(1000, 1, 0));
}

static const struct key with[] = { { "feature-ctrl-ring", "1" }, { "multi-queue-max-queues", "2" }, { NULL, NULL } };

#define TAKEN(name_, run_) { 18, name_, V_PASS, .ok = 1, .run = run_, .keys = with }
#define DROPPED(name_, run_) { 18, name_, V_DROP, "grx_drop_extra=1", .run = run_, .keys = with }

static const struct bcase cases[] = {
	{ 17, "hash: answer of another id", V_FAULT, "control response to nothing", .run = wrong_id, .keys = with },
	TAKEN("hash as asked for", good), TAKEN("hash before the types are granted", early),
	TAKEN("hash twice, the last is good", twice), DROPPED("hash twice, the last is bad", twice_bad),
	DROPPED("hash before there is a table", too_early), DROPPED("unknown flag in a hash", odd_flag),
	{ 18, "hash of a type that was not offered", V_DROP, "grx_drop_extra=1", .ok = 1, .run = not_asked_type, .keys = with },
	{ 18, "hash and gso", V_PASS, .ok = 1, .frame = FRAME_TCP4, .run = with_gso, .keys = with },
	{ 20, "looks at the hash key and the table", V_PASS, .run = look_at_all, .keys = with },
	{ 25, "hash: key never answered", V_PASS, .run = silent, .keys = with },
};

const struct btable table_back_hash = { cases, sizeof(cases) / sizeof(cases[0]) };
