/* SPDX-License-Identifier: MIT */
/* cases-back-held.c - many connections that fail or end at each step: the frontend must hold nothing
 * of them afterwards (XSA-457). tests/hostile/run compares the counts of pages, grants, ports,
 * handles and watches.
 */
#include "back.h"

#define ROUNDS 20

/* Closes and offers anew, from each xenbus state in turn. */
static void up_and_down(struct back *b)
{
	static const char *const states[] = { "1", "2", "5", "6" };

	for (int i = 0; i < ROUNDS && !*b->t.text; i++) {
		back_state(b, states[i % 4]);
		if (i % 4 > 1)
			back_state(b, "6");
		if (back_wait_front(b, IS(Initialising)) < 0)
			trouble(&b->t, "the frontend does not start anew");
		back_unmap(b);
		back_offer(b);
		if (!back_connect(b))
			return;
		b->sent = 0;
	}
	probe(b);
}

#define KEYS(...) .keys = (const struct key[]){ __VA_ARGS__, { NULL, NULL } }
#define PLAIN KEYS({ "feature-event-mask", "0" }, { "feature-ctrl-ring", "1" }, { "feature-split-event-channels", "1" })
#define NO_PAGES V_REFUSE, "cannot grant pages"
#define NO_CHANNEL V_REFUSE, "cannot allocate an event channel"

/* Each step of a connection's set-up fails once at the limit of gntalloc or of channels. */
static const struct bcase cases[] = {
	{ 27, "up and down 20 times", V_ANY, .run = up_and_down },
	{ 27, "no pages for the rings", NO_PAGES, .fault = "share fail all times=1" },
	{ 27, "no pages to send from", NO_PAGES, .fault = "share fail all after=1 times=1" },
	{ 27, "no pages to receive into", NO_PAGES, .fault = "share fail all after=2 times=1" },
	{ 27, "no pages for the second queue", NO_PAGES, .fault = "share fail all after=3 times=1", KEYS({ "multi-queue-max-queues", "2" }) },
	{ 27, "no channel for the mask", NO_CHANNEL, .fault = "bind fail all times=1" },
	{ 27, "no channel for gtx", NO_CHANNEL, .fault = "bind fail all times=1", PLAIN },
	{ 27, "no channel for grx", NO_CHANNEL, .fault = "bind fail all after=1 times=1", PLAIN },
	{ 27, "no channel for the control ring", NO_CHANNEL, .fault = "bind fail all after=2 times=1", PLAIN },
};

const struct btable table_back_held = { cases, sizeof(cases) / sizeof(cases[0]) };
