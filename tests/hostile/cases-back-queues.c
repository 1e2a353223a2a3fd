/* SPDX-License-Identifier: MIT */
/* cases-back-queues.c - a backend's false keys, responses and bits, with two queues and the event mask
 * (docs/event-mask.md): groups 17, 20, 21, 22 */
#include "back.h"

#define KEYS(...) .keys = (const struct key[]){ __VA_ARGS__, { NULL, NULL } }
#define BAD(key_) V_REFUSE, "backend key " key_ " is not acceptable"
#define TWO KEYS({ "multi-queue-max-queues", "2" })
#define MASK KEYS({ "feature-event-mask", "1" })
#define TWO_MASK KEYS({ "feature-event-mask", "1" }, { "multi-queue-max-queues", "2" })

static void probes(struct back *b)
{
	for (int i = 0; i < 100; i++)
		probe(b);
}

/* Both directions work while fn runs repeatedly. */
static void traffic_beside(struct back *b, void (*fn)(void *))
{
	struct again *a = again_start(fn, b);

	probes(b);
	for (uint32_t i = 1; i <= 50 && !b->gtx1; i++) {
		guest_send(b, 1, 60);
		gtx_wait(b, i);
		gtx_answer_all(b);
	}
	again_stop(a);
}

static void word_put(struct back *b, unsigned int word, uint64_t v)
{
	__atomic_store_n(&b->mask[word], v, __ATOMIC_SEQ_CST);
}

static void set_all(void *arg)
{
	struct back *b = arg;

	front_kick(b, b->gtx_port, UINT64_MAX);
}

static void scribble(void *arg)
{
	struct back *b = arg;

	for (unsigned int i = 0; i < PAGE / sizeof(*b->mask); i++)
		word_put(b, i, (uint64_t)surprise(&b->seed) << 32 | surprise(&b->seed));
}

static void clear_theirs(void *arg) { word_put(arg, TO_FRONTEND, 0); }
static void forge_awake(void *arg) { word_put(arg, TO_FRONTEND, AWAKE); }
static void fill_ours(void *arg) { word_put(arg, TO_BACKEND, UINT64_MAX); }
static void clear_ours(void *arg) { word_put(arg, TO_BACKEND, 0); }

static void bits_without_cause(struct back *b) { traffic_beside(b, set_all); }
static void bits_cleared(struct back *b) { traffic_beside(b, clear_theirs); }
static void awake_forged(struct back *b) { traffic_beside(b, forge_awake); }
static void ours_filled(struct back *b) { traffic_beside(b, fill_ours); }
static void ours_cleared(struct back *b) { traffic_beside(b, clear_ours); }
static void page_scribbled(struct back *b) { traffic_beside(b, scribble); }

/* Responses that are published with bits alone wait for a signal. */
static void never_kicked(struct back *b)
{
	static const struct rsp good[] = { RN(16, 60, 0, 0), { .kind = RSP_END } };

	probe(b);
	pass_time(20);
	for (unsigned int i = 0; i < b->nbufs; i++)
		frame_make(b->bufs + i * PAGE, FRAME_RAW);
	rsps_put(b, good);
	b->sent += 16;
	__atomic_store_n(&b->grx->rsp_prod, b->grx_rsp, __ATOMIC_RELEASE);
	__atomic_fetch_or(&b->mask[TO_FRONTEND], UINT64_MAX, __ATOMIC_SEQ_CST);
	pass_time(50);
	grx_push(b);
	if (!grx_reposted(b))
		trouble(&b->t, "the frames were not taken");
}

/* Checks that the page holds only the two words. */
static void look_at_page(struct back *b)
{
	probes(b);
	for (unsigned int i = 0; i < PAGE / sizeof(*b->mask); i++)
		if (i != TO_BACKEND && i != TO_FRONTEND && b->mask[i])
			trouble(&b->t, "word %u of the mask's page is not empty", i);
}

/* --- the second queue --------------------------------------------------------- */

static void grx1_jumps(struct back *b)
{
	probes(b);
	__atomic_store_n(&b->grx1->rsp_prod, 257, __ATOMIC_RELEASE);
	front_kick(b, b->mask ? b->gtx_port : b->port1, GRX_BIT << 2);
}

static void gtx1_jumps(struct back *b)
{
	probes(b);
	__atomic_store_n(&b->gtx1->rsp_prod, 257, __ATOMIC_RELEASE);
	front_kick(b, b->mask ? b->gtx_port : b->port1, GTX_BIT << 2);
	/* The signal is for queue 0; the frontend looks at the responses of both. */
	guest_send(b, 4, 60);
}

/* Both queues share one pool of pages: a response in the wrong ring must be refused. */
static void answer_in_other_ring(struct back *b)
{
	guest_send(b, 4, 60);
	gtx_wait(b, 4);
	b->gtx1->ring[0].rsp = (netif_tx_response_t){ .id = gtx_id(b, 0), .status = 0 };
	__atomic_store_n(&b->gtx1->rsp_prod, 1, __ATOMIC_RELEASE);
	front_kick(b, b->mask ? b->gtx_port : b->port1, GTX_BIT << 2);
	guest_send(b, 4, 60);
}

static const struct bcase cases[] = {
	{ 17, "queue 1: grx rsp_prod + 257", V_FAULT, "grx responses out of range", .run = grx1_jumps, TWO },
	{ 17, "queue 1: grx rsp_prod + 257, mask", V_FAULT, "grx responses out of range", .run = grx1_jumps, TWO_MASK },
	{ 17, "queue 1: gtx rsp_prod + 257", V_FAULT, "gtx responses out of range", .run = gtx1_jumps, TWO },
	{ 17, "queue 1: answers of queue 0", V_FAULT, "gtx responses out of range", .run = answer_in_other_ring, TWO },
	{ 20, "mask: looks at its page", V_PASS, .run = look_at_page, MASK },
	{ 21, "two queues", V_PASS, .run = probes, TWO },
	{ 21, "two queues, mask", V_PASS, .run = probes, TWO_MASK },
	{ 21, "feature-event-mask 4e9", V_PASS, .run = probes, KEYS({ "feature-event-mask", "4000000000" }) },
	{ 21, "feature-event-mask is text", BAD("feature-event-mask"), KEYS({ "feature-event-mask", "yes" }) },
	{ 21, "feature-event-mask 2^32", BAD("feature-event-mask"), KEYS({ "feature-event-mask", "4294967296" }) },
	{ 22, "mask: bits without cause", V_PASS, .run = bits_without_cause, MASK },
	{ 22, "mask: bits without cause, two queues", V_PASS, .run = bits_without_cause, TWO_MASK },
	{ 22, "mask: bits cleared at full speed", V_PASS, .run = bits_cleared, MASK },
	{ 22, "mask: awake forged", V_PASS, .run = awake_forged, MASK },
	{ 22, "mask: to_backend always full", V_PASS, .run = ours_filled, MASK },
	{ 22, "mask: to_backend always cleared", V_PASS, .run = ours_cleared, MASK },
	{ 22, "mask: page written over", V_PASS, .run = page_scribbled, MASK },
	{ 22, "mask: bits but no kick", V_PASS, .run = never_kicked, MASK },
};

const struct btable table_back_queues = { cases, sizeof(cases) / sizeof(cases[0]) };
