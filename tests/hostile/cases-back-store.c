/* SPDX-License-Identifier: MIT */
/* cases-back-store.c - a backend's invalid states and keys: groups 19, 21 */
#include <sys/mman.h>

#include "back.h"

#define KEYS(...) .keys = (const struct key[]){ __VA_ARGS__, { NULL, NULL } }
#define KEY(name_, value_) KEYS({ name_, value_ })
#define BAD(key_) V_REFUSE, "backend key " key_ " is not acceptable"

/* Checks that the frontend stays in its state, or returns to it, and connects. */
static void offer_again(struct back *b)
{
	back_state(b, "6");
	if (back_wait_front(b, IS(Initialising)) < 0)
		trouble(&b->t, "the frontend does not start anew");
	back_offer(b);
}

static void say(struct back *b, const char *const *states, unsigned int n, unsigned int times)
{
	for (unsigned int i = 0; i < times * n; i++)
		back_state(b, states[i % n]);
}

static void states_race(struct back *b)
{
	static const char *const states[] = { "2", "5", "6" };

	say(b, states, 3, 100);
	offer_again(b);
}

static void states_at_random(struct back *b)
{
	static const char *const states[] = { "1", "2", "3", "4", "5", "6", "7", "8", "0", "99", "" };

	for (unsigned int i = 0; i < 400; i++)
		back_state(b, states[surprise(&b->seed) % 11]);
	offer_again(b);
}

static void states_of_garbage(struct back *b)
{
	static const char *const states[] = { "99", "-1", "", "four", "4294967298", "2 " };

	say(b, states, 6, 1);
	offer_again(b);
}

static void connected_at_once(struct back *b)
{
	back_state(b, "4");
	if (back_wait_front(b, IS(Closing) | IS(Closed)) < 0)
		trouble(&b->t, "the frontend does not mind a backend that says it is connected to nothing");
	offer_again(b);
}

static void closing_before_offer(struct back *b)
{
	back_state(b, "5");
	if (back_wait_front(b, IS(Closed)) < 0)
		trouble(&b->t, "the frontend does not close");
	offer_again(b);
}

/* Goes back to the first state while connected; the frontend must connect again by itself. */
static void restart_by(struct back *b, const char *state)
{
	back_state(b, state);
	if (back_wait_front(b, IS(Initialising)) < 0)
		trouble(&b->t, "the frontend does not start anew");
	back_unmap(b);
	back_offer(b);
	if (back_connect(b))
		probe(b);
}

static void back_to_initialising(struct back *b) { restart_by(b, "1"); }
static void offer_while_connected(struct back *b) { restart_by(b, "2"); }

/* After a fault the same interface connects afresh. */
static void fault_and_again(struct back *b)
{
	probe(b);
	b->grx_rsp += 257;
	grx_push(b);
	if (back_wait_front(b, IS(Closing) | IS(Closed)) < 0)
		trouble(&b->t, "the frontend does not close");
	back_unmap(b);
	offer_again(b);
	if (back_connect(b))
		probe(b);
}

static void directory_gone(struct back *b)
{
	xs_rm(b->xs, XBT_NULL, b->be);
	if (back_wait_front(b, IS(Closed)) < 0)
		trouble(&b->t, "the frontend does not notice that its backend is gone");
}

static void dies_with_directory(struct back *b)
{
	back_unmap(b);
	directory_gone(b);
}

/* The frontend cannot get its pages back, and must go on without them. */
static void keeps_grants(struct back *b)
{
	void *kept = xengnttab_map_grant_ref(b->tab, b->guest, grx_ref(b, 7), PROT_READ | PROT_WRITE);

	if (!kept)
		trouble(&b->t, "cannot map a page once more");
	restart_by(b, "2");
	if (kept)
		xengnttab_unmap(b->tab, kept, 1);
}

static void keeps_everything(struct back *b)
{
	struct back old = *b;

	/* Only the channels are closed: the mappings stay into the next connection. */
	b->bufs = NULL;
	b->gtx = NULL;
	b->grx = NULL;
	restart_by(b, "2");
	old.gtx_port = old.grx_port = 0;
	back_unmap(&old);
}

static void toggle(void *arg)
{
	struct back *b = arg;
	static const char *const values[] = { "0", "1", "x", "4000000000" };

	store_put(b->xs, XBT_NULL, b->be, "feature-sg", values[surprise(&b->seed) % 4]);
	store_put(b->xs, XBT_NULL, b->be, "feature-gso-tcpv4", values[surprise(&b->seed) % 4]);
}

/* Changes the offers while they are read, until one is accepted. */
static void offers_change(struct back *b)
{
	for (int i = 0; i < 60; i++) {
		toggle(b);
		back_state(b, i & 1 ? "2" : "1");
	}
	offer_again(b);
}

static void keys_change(struct back *b)
{
	for (int i = 0; i < 100; i++)
		toggle(b);
	store_put(b->xs, XBT_NULL, b->be, "feature-rx-copy", "0");
	store_put(b->xs, XBT_NULL, b->be, "feature-split-event-channels", "0");
	probe(b);
}

static void odd_states(struct back *b)
{
	static const char *const states[] = { "7", "8", "4" };

	for (int i = 0; i < 3; i++) {
		back_state(b, states[i]);
		probe(b);
	}
}

static void connected_flood(struct back *b)
{
	static const char *const states[] = { "4" };

	say(b, states, 1, 1500);
}

static const struct bcase cases[] = {
	{ 19, "keeps a grant over a new start", V_ANY, .run = keeps_grants },
	{ 19, "keeps every grant over a new start", V_ANY, .run = keeps_everything },

	{ 21, "states 2, 5, 6 quickly, 100 times", V_PASS, .script = states_race, .raced = true },
	{ 21, "states at random", V_ANY, .script = states_at_random },
	{ 21, "states of garbage", V_PASS, .script = states_of_garbage },
	{ 21, "Connected before the frontend is", V_PASS, .script = connected_at_once },
	{ 21, "Closing before any offer", V_PASS, .script = closing_before_offer },
	{ 21, "back to Initialising", V_ANY, .run = back_to_initialising },
	{ 21, "InitWait again while connected", V_ANY, .run = offer_while_connected },
	{ 21, "a fresh start after a fault", V_ANY, .run = fault_and_again },
	{ 21, "directory disappears", V_ANY, .run = directory_gone },
	{ 21, "directory and mappings disappear", V_ANY, .run = dies_with_directory },
	{ 21, "odd states while connected", V_PASS, .run = odd_states },
	{ 21, "Connected 1500 times", V_PASS, .run = connected_flood },
	{ 21, "features change between reads", V_ANY, .script = offers_change },
	{ 21, "features change once connected", V_PASS, .run = keys_change },
	{ 21, "max-queues 0", BAD("multi-queue-max-queues"), KEY("multi-queue-max-queues", "0") },
	{ 21, "max-queues 4e9", V_PASS, KEY("multi-queue-max-queues", "4000000000") },
	{ 21, "max-queues abc", BAD("multi-queue-max-queues"), KEY("multi-queue-max-queues", "abc") },
	{ 21, "max-queues 2^32 + 1", BAD("multi-queue-max-queues"), KEY("multi-queue-max-queues", "4294967297") },
	{ 21, "no rx-copy", V_REFUSE, "the backend lacks feature-rx-copy", KEY("feature-rx-copy", "0") },
	{ 21, "rx-copy missing", V_REFUSE, "the backend lacks feature-rx-copy", KEY("feature-rx-copy", NULL) },
	{ 21, "rx-copy is text", BAD("feature-rx-copy"), KEY("feature-rx-copy", "yes") },
	{ 21, "sg -1", BAD("feature-sg"), KEY("feature-sg", "-1") },
	{ 21, "split channels 2^32", BAD("feature-split-event-channels"), KEY("feature-split-event-channels", "4294967296") },
	{ 21, "every feature 4e9", V_PASS,
	  KEYS({ "feature-sg", "4000000000" }, { "feature-gso-tcpv4", "4000000000" }, { "feature-rx-copy", "4000000000" },
	       { "feature-split-event-channels", "4000000000" }) },
	{ 21, "no feature but rx-copy", V_PASS,
	  KEYS({ "feature-sg", NULL }, { "feature-gso-tcpv4", NULL }, { "feature-gso-tcpv6", NULL },
	       { "feature-ipv6-csum-offload", NULL }, { "feature-split-event-channels", NULL },
	       { "multi-queue-max-queues", NULL }) },
};

const struct btable table_back_store = { cases, sizeof(cases) / sizeof(cases[0]) };
