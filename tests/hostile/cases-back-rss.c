/* SPDX-License-Identifier: MIT */
/* cases-back-rss.c - a backend's false responses about hashing (netfrontd --rss): groups 17, 18, 20, 25 */
#include <sys/mman.h>

#include "back.h"

#define MSGS 128u
#define OKAY XEN_NETIF_CTRL_STATUS_SUCCESS
#define ALGORITHM XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM
#define TYPES XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS
#define KEY XEN_NETIF_CTRL_TYPE_SET_HASH_KEY
#define ROOM XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE
#define SIZE XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE
#define MAPPING XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING
#define FLAGS XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS

/* The response to a message of that type, in place of success. */
struct lie { uint16_t type; uint32_t status, data; };

static void answer(struct back *b, struct xen_netif_ctrl_request req, const struct lie *lie)
{
	struct xen_netif_ctrl_response rsp = { .id = req.id, .type = req.type, .status = OKAY };

	rsp.data = req.type == TYPES ? 15 : req.type == ROOM ? 128 : 0;
	if (lie && lie->type == req.type) {
		rsp.status = lie->status;
		rsp.data = lie->data;
	}
	b->ctrl->ring[b->ctrl_rsp++ % MSGS].rsp = rsp;
	__atomic_store_n(&b->ctrl->rsp_prod, b->ctrl_rsp, __ATOMIC_RELEASE);
	xenevtchn_notify(b->evt, b->ctrl_port);
}

/* Maps the list of n words that a message names. */
static void look_at_list(struct back *b, uint32_t ref, uint32_t n)
{
	uint32_t *list = xengnttab_map_grant_ref(b->tab, b->guest, ref, PROT_READ | PROT_WRITE);

	if (!list || n > MSGS) {
		trouble(&b->t, "the table of %u entries cannot be mapped", n);
		return;
	}
	for (uint32_t i = 0; i < PAGE / sizeof(*list); i++)
		if (i < n ? list[i] > 1 : list[i])
			trouble(&b->t, "entry %u of %u is %u", i, n, list[i]);
	xengnttab_unmap(b->tab, list, 1);
}

/* Responds to messages until the frontend sends no more. Returns the type of the last one. */
static uint16_t talk(struct back *b, const struct lie *lie)
{
	uint64_t end = now_us() + 200000;
	uint16_t last = 0;

	while (now_us() < end) {
		struct xen_netif_ctrl_request req;

		if (__atomic_load_n(&b->ctrl->req_prod, __ATOMIC_ACQUIRE) == b->ctrl_rsp) {
			pass_time(1);
			continue;
		}
		req = b->ctrl->ring[b->ctrl_rsp % MSGS].req;
		if (req.type == MAPPING)
			look_at_list(b, req.data[0], req.data[1]);
		answer(b, req, lie);
		last = req.type;
		end = now_us() + 50000;
	}
	return last;
}

static void said(struct back *b, const char *what)
{
	char line[512];

	if (!log_wait(&b->log, what, b->nic, line, sizeof(line), WAIT_MS))
		trouble(&b->t, "the daemon does not say \"%s\"", what);
}

/* The frontend removes the algorithm and goes on. */
static void gives_up(struct back *b, uint16_t type, uint32_t status, uint32_t data)
{
	const struct lie lie = { type, status, data };

	if (talk(b, &lie) != ALGORITHM)
		trouble(&b->t, "it does not take the algorithm back");
	said(b, "the backend does not hash");
}

static void goes_on(struct back *b, uint16_t type, uint32_t data)
{
	const struct lie lie = { type, OKAY, data };

	if (talk(b, &lie) != FLAGS)
		trouble(&b->t, "it does not set the types");
	said(b, "the backend hashes");
}

static void no_algorithm(struct back *b) { gives_up(b, ALGORITHM, XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED, 0); }
static void no_types(struct back *b) { gives_up(b, TYPES, OKAY, 0); }
static void other_types(struct back *b) { gives_up(b, TYPES, OKAY, 0xfffffff0u); }
static void no_key(struct back *b) { gives_up(b, KEY, UINT32_MAX, 0); }
static void no_size(struct back *b) { gives_up(b, SIZE, XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER, 0); }
static void no_mapping(struct back *b) { gives_up(b, MAPPING, XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW, 7); }
static void no_flags(struct back *b) { gives_up(b, FLAGS, 99, 99); }
static void all_types(struct back *b) { goes_on(b, TYPES, UINT32_MAX); }
static void no_room(struct back *b) { goes_on(b, ROOM, 0); }
static void room_of_one(struct back *b) { goes_on(b, ROOM, 1); }
static void room_of_most(struct back *b) { goes_on(b, ROOM, UINT32_MAX); }

/* Repeats the response before the last. */
static void answered_twice(struct back *b)
{
	const struct xen_netif_ctrl_request again = { .id = 1, .type = FLAGS };

	talk(b, NULL);
	answer(b, again, NULL);
}

#define HASH(flags_, type_, algorithm_) X(XEN_NETIF_EXTRA_TYPE_HASH, flags_, type_, algorithm_, 1, 2, 3, 4)

/* Sends frames with a hash, after hashing was agreed on. */
static void frames(struct back *b, const struct rsp *r)
{
	talk(b, NULL);
	frame_make(b->bufs + b->grx_rsp % b->nbufs * PAGE, FRAME_RAW);
	rsps_put(b, r);
	grx_push(b);
	grx_reposted(b);
}

/* The hash 0x04030201 selects entry 1 of 128, which is queue 1. The frame comes in queue 0
 * and is delivered all the same. */
static void hash_astray(struct back *b)
{
	static const struct rsp r[] = { R(60, 0, EXTRA), HASH(0, 1, 1), { .kind = RSP_END } };

	frames(b, r);
}

static void hash_of_no_type(struct back *b)
{
	static const struct rsp r[] = { R(60, 0, EXTRA), HASH(0, 4, 1), R(60, 0, EXTRA), HASH(0, 31, 1),
					R(60, 0, EXTRA), HASH(0, 32, 1), R(60, 0, EXTRA), HASH(0, 255, 1),
					{ .kind = RSP_END } };

	frames(b, r);
}

static void hash_of_no_algorithm(struct back *b)
{
	static const struct rsp r[] = { R(60, 0, EXTRA), HASH(0, 1, 0), R(60, 0, EXTRA), HASH(0, 1, 255),
					{ .kind = RSP_END } };

	frames(b, r);
}

static void hash_without_end(struct back *b)
{
	static const struct rsp r[] = { R(60, 0, EXTRA), HASH(1, 1, 1), { .kind = RSP_END } };

	frames(b, r);
}

static void hash_unasked(struct back *b)
{
	static const struct rsp r[] = { R(60, 0, EXTRA), HASH(0, 1, 1), { .kind = RSP_END } };
	const struct lie lie = { TYPES, OKAY, 0 };

	talk(b, &lie);
	rsps_put(b, r);
	grx_push(b);
	grx_reposted(b);
}

static void key_page(struct back *b)
{
	/* The frontend uses this page next for the mapping's list, which is checked. */
	goes_on(b, KEY, UINT32_MAX);
}

#define TWO .keys = (const struct key[]){ { "multi-queue-max-queues", "2" }, { "feature-ctrl-ring", "1" }, { NULL, NULL } }

static const struct bcase cases[] = {
	{ 17, "rss: an answer once more", V_FAULT, "control responses out of range", .run = answered_twice, TWO },
	{ 18, "rss: hash of another queue", V_PASS, "grx_hash_wrong_queue=1", .ok = 1, .run = hash_astray, TWO },
	{ 18, "rss: hash of types not asked for", V_DROP, "grx_drop_extra=4", .run = hash_of_no_type, TWO },
	{ 18, "rss: hash of no algorithm", V_DROP, "grx_drop_extra=2", .run = hash_of_no_algorithm, TWO },
	{ 18, "rss: hash and no end", V_DROP, "grx_drop_extra=1", .run = hash_without_end, TWO },
	{ 18, "rss: hash after a no", V_DROP, "grx_drop_extra=1", .run = hash_unasked, TWO },
	{ 20, "rss: looks at the table's page", V_PASS, .run = key_page, TWO },
	{ 25, "rss: no such algorithm", V_PASS, .run = no_algorithm, TWO },
	{ 25, "rss: no types", V_PASS, .run = no_types, TWO },
	{ 25, "rss: types that are none", V_PASS, .run = other_types, TWO },
	{ 25, "rss: all types and more", V_PASS, .run = all_types, TWO },
	{ 25, "rss: key refused", V_PASS, .run = no_key, TWO },
	{ 25, "rss: room for nothing", V_PASS, .run = no_room, TWO },
	{ 25, "rss: room for one", V_PASS, .run = room_of_one, TWO },
	{ 25, "rss: room for 4e9", V_PASS, .run = room_of_most, TWO },
	{ 25, "rss: size refused", V_PASS, .run = no_size, TWO },
	{ 25, "rss: table refused", V_PASS, .run = no_mapping, TWO },
	{ 25, "rss: flags refused", V_PASS, .run = no_flags, TWO },
};

const struct btable table_back_rss = { cases, sizeof(cases) / sizeof(cases[0]) };
