/* SPDX-License-Identifier: MIT */
/* cases-store.c - hostile xenstore contents from a guest: group 23
 *
 * Those of two queues are in cases-queues.c, those of the event mask in cases-mask.c.
 */
#include <stdio.h>
#include <string.h>

#include "front.h"

#define KEYS(...) .keys = (const struct key[]){ __VA_ARGS__, { NULL, NULL } }
#define KEY(name_, value_) KEYS({ name_, value_ })
#define BAD(key_) V_REFUSE, "frontend key " key_ " is not acceptable"
#define MISSING(key_) V_REFUSE, "frontend key " key_ " is missing"
/* The longest path that a client can write, in the vif's own directory. */
#define LONG10 "0123456789"
#define LONG100 LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 LONG10

static void delete_keys(struct front *f)
{
	static const char *const keys[] = { "tx-ring-ref", "rx-ring-ref", "event-channel", "request-rx-copy" };

	for (unsigned int i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		store_rm(f->xs, XBT_NULL, f->fe, keys[i]);
	probe(f);
}

static void change_keys(struct front *f)
{
	store_put(f->xs, XBT_NULL, f->fe, "tx-ring-ref", "4294967295");
	store_put(f->xs, XBT_NULL, f->fe, "event-channel", "-1");
	store_put(f->xs, XBT_NULL, f->fe, "multi-queue-num-queues", "77");
	probe(f);
	store_rm(f->xs, XBT_NULL, f->fe, "multi-queue-num-queues");
}

static void same_state_flood(struct front *f)
{
	for (int i = 0; i < 1500; i++)
		store_put(f->xs, XBT_NULL, f->fe, "state", "4");
}

static void key_flood(struct front *f)
{
	char name[16];

	for (int i = 0; i < 1500; i++) {
		snprintf(name, sizeof(name), "junk-%d", i % 20);
		store_put(f->xs, XBT_NULL, f->fe, name, "x");
	}
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "junk-%d", i);
		store_rm(f->xs, XBT_NULL, f->fe, name);
	}
}

static void mcast_toggle(struct front *f)
{
	for (int i = 0; i < 500; i++)
		store_put(f->xs, XBT_NULL, f->fe, "request-multicast-control", i & 1 ? "1" : "0");
	store_rm(f->xs, XBT_NULL, f->fe, "request-multicast-control");
}

/* The backend may miss some of these states, but must follow the last. */
static void flap(struct front *f)
{
	static const char *const states[] = { "1", "4", "5", "6", "4", "1", "6", "4", "5", "1", "2", "3", "7", "8" };

	for (int i = 0; i < 700; i++)
		store_put(f->xs, XBT_NULL, f->fe, "state", states[surprise(&f->seed) % 14]);
	store_put(f->xs, XBT_NULL, f->fe, "state", "6");
	if (store_wait_state(f->xs, f->be, IS(Closed), WAIT_MS) < 0)
		trouble(&f->t, "the backend does not go to Closed");
}

/* Writes states that have no meaning for a backend whose frontend is up. */
static void odd_states(struct front *f)
{
	static const char *const states[] = { "2", "3", "7", "8" };

	for (int i = 0; i < 4; i++) {
		store_put(f->xs, XBT_NULL, f->fe, "state", states[i]);
		/* It answers the 7, but may be slow to; else that answer would come after the 4's. */
		if (states[i][0] == '7' && store_wait_state(f->xs, f->be, IS(Reconfigured), WAIT_MS) < 0)
			trouble(&f->t, "the backend does not answer a 7");
		probe(f);
	}
	store_put(f->xs, XBT_NULL, f->fe, "state", "4");
	if (store_wait_state(f->xs, f->be, IS(Connected), WAIT_MS) < 0)
		trouble(&f->t, "the backend does not go on");
}

static void back_to_start(struct front *f)
{
	store_put(f->xs, XBT_NULL, f->fe, "state", "1");
	if (store_wait_state(f->xs, f->be, IS(InitWait), WAIT_MS) < 0)
		trouble(&f->t, "the backend does not start anew");
	store_put(f->xs, XBT_NULL, f->fe, "state", "6");
	store_wait_state(f->xs, f->be, IS(Closed), WAIT_MS);
}

/* Offers the same grants and port once more, without a new start of the rings. */
static void closed_and_up_again(struct front *f)
{
	store_put(f->xs, XBT_NULL, f->fe, "state", "6");
	store_put(f->xs, XBT_NULL, f->fe, "state", "4");
	store_wait_state(f->xs, f->be, IS(Closed) | IS(Connected), WAIT_MS);
	store_put(f->xs, XBT_NULL, f->fe, "state", "6");
	if (store_wait_state(f->xs, f->be, IS(Closed), WAIT_MS) < 0)
		trouble(&f->t, "the backend does not go to Closed");
}

/* A new key has the directory's permissions; this one only the guest may read. */
static void hide_key(struct front *f)
{
	struct xs_permissions own = { .id = f->domid, .perms = XS_PERM_NONE };
	char path[128];

	snprintf(path, sizeof(path), "%s/tx-ring-ref", f->fe);
	store_put(f->xs, XBT_NULL, f->fe, "tx-ring-ref", "1");
	if (!xs_set_permissions(f->xs, XBT_NULL, path, &own, 1))
		trouble(&f->t, "cannot hide a key");
}

static const struct fcase cases[] = {
	{ 23, "num-queues 0", BAD("multi-queue-num-queues"), KEY("multi-queue-num-queues", "0"), .telling = true },
	{ 23, "num-queues 1", V_PASS, KEY("multi-queue-num-queues", "1") },
	{ 23, "num-queues max + 1", BAD("multi-queue-num-queues"), KEY("multi-queue-num-queues", "5") },
	{ 23, "num-queues -1", BAD("multi-queue-num-queues"), KEY("multi-queue-num-queues", "-1") },
	{ 23, "num-queues empty", BAD("multi-queue-num-queues"), KEY("multi-queue-num-queues", "") },
	{ 23, "num-queues 2x", BAD("multi-queue-num-queues"), KEY("multi-queue-num-queues", "2x") },
	{ 23, "num-queues 4e9", BAD("multi-queue-num-queues"), KEY("multi-queue-num-queues", "4000000000") },
	{ 23, "num-queues 2^32 + 1", BAD("multi-queue-num-queues"), KEY("multi-queue-num-queues", "4294967297") },
	{ 23, "queue-0 alone of two, beside the flat keys", BAD("tx-ring-ref"),
	  KEYS({ "multi-queue-num-queues", "2" }, { "queue-0/tx-ring-ref", "@gtx" }, { "queue-0/rx-ring-ref", "@grx" },
	       { "queue-0/event-channel", "@port" }) },
	{ 23, "queue-0 beside the flat keys", V_PASS,
	  KEYS({ "queue-0/tx-ring-ref", "17" }, { "queue-0/rx-ring-ref", "18" }) },
	{ 23, "tx-ring-ref missing", MISSING("tx-ring-ref"), KEY("tx-ring-ref", NULL) },
	{ 23, "rx-ring-ref missing", MISSING("rx-ring-ref"), KEY("rx-ring-ref", NULL) },
	{ 23, "event-channel missing", MISSING("event-channel"), KEY("event-channel", NULL) },
	{ 23, "tx-ring-ref is text", BAD("tx-ring-ref"), KEY("tx-ring-ref", "eight") },
	{ 23, "tx-ring-ref -1", BAD("tx-ring-ref"), KEY("tx-ring-ref", "-1") },
	{ 23, "tx-ring-ref 2^32", BAD("tx-ring-ref"), KEY("tx-ring-ref", "4294967296") },
	{ 23, "tx-ring-ref in hex", BAD("tx-ring-ref"), KEY("tx-ring-ref", "0x10") },
	{ 23, "tx-ring-ref with a space", BAD("tx-ring-ref"), KEY("tx-ring-ref", " 8") },
	{ 23, "tx-ring-ref of 200 digits", BAD("tx-ring-ref"), KEY("tx-ring-ref", LONG100 LONG100) },
	{ 23, "rx-ring-ref 2^64 + 8", BAD("rx-ring-ref"), KEY("rx-ring-ref", "18446744073709551624") },
	{ 23, "both rings the same page", BAD("rx-ring-ref"), KEY("rx-ring-ref", "@gtx") },
	{ 23, "tx-ring-ref beyond the table", V_REFUSE, "cannot map tx-ring-ref", KEY("tx-ring-ref", "4294967295") },
	{ 23, "tx-ring-ref read-only", V_REFUSE, "cannot map tx-ring-ref", KEY("tx-ring-ref", "@readonly") },
	{ 23, "tx-ring-ref of another domain", V_REFUSE, "cannot map tx-ring-ref", KEY("tx-ring-ref", "@foreign"),
	  .telling = true },
	{ 23, "rx-ring-ref taken back", V_REFUSE, "cannot map rx-ring-ref", KEY("rx-ring-ref", "@ended") },
	{ 23, "event-channel 0", BAD("event-channel"), KEY("event-channel", "0") },
	{ 23, "event-channel is text", BAD("event-channel"), KEY("event-channel", "port") },
	{ 23, "event-channel not open", V_REFUSE, "cannot bind the event channel", KEY("event-channel", "1999") },
	{ 23, "event-channel 4e9", V_REFUSE, "cannot bind the event channel", KEY("event-channel", "4000000000") },
	{ 23, "event-channel of another domain's", V_REFUSE, "cannot bind the event channel",
	  KEY("event-channel", "@otherport") },
	{ 23, "both channels the same", BAD("event-channel-rx"),
	  KEYS({ "event-channel-tx", "@port" }, { "event-channel-rx", "@port" }) },
	{ 23, "only half of the split channels", MISSING("event-channel-rx"), KEY("event-channel-tx", "@port") },
	{ 23, "second split channel not open", V_REFUSE, "cannot bind the event channel",
	  KEYS({ "event-channel-tx", "@port" }, { "event-channel-rx", "1999" }) },
	{ 23, "request-rx-copy 0", BAD("request-rx-copy"), KEY("request-rx-copy", "0") },
	{ 23, "request-rx-copy missing", BAD("request-rx-copy"), KEY("request-rx-copy", NULL) },
	{ 23, "feature-sg is text", BAD("feature-sg"), KEY("feature-sg", "yes") },
	{ 23, "feature-gso-tcpv4 -1", BAD("feature-gso-tcpv4"), KEY("feature-gso-tcpv4", "-1") },
	{ 23, "every feature 4e9", V_PASS,
	  KEYS({ "feature-sg", "4000000000" }, { "feature-gso-tcpv4", "4000000000" },
	       { "feature-gso-tcpv6", "4000000000" }, { "feature-no-csum-offload", "4000000000" }) },
	{ 23, "features missing", V_PASS,
	  KEYS({ "feature-sg", NULL }, { "feature-gso-tcpv4", NULL }, { "feature-gso-tcpv6", NULL },
	       { "feature-no-csum-offload", NULL }, { "feature-ipv6-csum-offload", NULL }, { "feature-rx-notify", NULL }) },
	{ 23, "mac zz in the frontend's directory", V_PASS, KEY("mac", "zz:zz:zz:zz:zz:zz") },
	{ 23, "terminal codes in a value", BAD("tx-ring-ref"), KEY("tx-ring-ref", "\033[2J\n8") },
	{ 23, "backend-id of another", V_PASS, KEY("backend-id-x", "3") },
	{ 23, "key name of 200 bytes", V_PASS, KEY(LONG100 LONG100, "1") },
	{ 23, "tx-ring-ref without read permission", V_REFUSE, "frontend key tx-ring-ref is not acceptable",
	  .before = hide_key, KEY("tx-ring-ref", "@gtx"), .driver = true },
	{ 23, "keys deleted after Connected", V_PASS, .run = delete_keys },
	{ 23, "keys changed after Connected", V_PASS, .run = change_keys },
	{ 23, "Connected 1500 times", V_PASS, .run = same_state_flood },
	{ 23, "1500 other keys", V_PASS, .run = key_flood },
	{ 23, "request-multicast-control toggled", V_PASS, .run = mcast_toggle },
	{ 23, "odd states while Connected", V_PASS, .run = odd_states },
	{ 23, "state flaps 700 times", V_ANY, .run = flap },
	{ 23, "Connected, Initialising, Closed", V_ANY, .run = back_to_start },
	{ 23, "Closed, and Connected at once", V_ANY, .run = closed_and_up_again },
};

const struct table table_store = { cases, sizeof(cases) / sizeof(cases[0]) };
