/* SPDX-License-Identifier: MIT */
/* run-conf.c - the keys by which a frontend says what it wants, and those that netbackd publishes:
 * each key missing, each broken, each gref and port given twice */
#include "unit.h"
#include "keys.h"
/* cmocka has a macro of this name. */
#undef fail
#include "backend/control/vif_conf.c"
#include "backend/data/conf.c"

#define FE "/local/domain/7/device/vif/0"
#define BE "/local/domain/0/backend/vif/7/0"

static struct store st;
static struct vif_conf conf;
static char why[REASON_TEXT_MAX];

static void put(const char *key, const char *value)
{
	char path[96];

	snprintf(path, sizeof(path), FE "/%s", key);
	keys_set(&st, path, value);
}

static void start(void)
{
	memset(&st, 0, sizeof(st));
	put("request-rx-copy", "1");
}

static struct vif_offered was_offered = { .max_queues = 4 };

static int read_conf(void)
{
	struct reason reason;
	int err;

	st.nahead = 0;
	err = vif_conf_read(&conf, &st, FE, &was_offered, &reason);

	why[0] = '\0';
	if (err)
		reason_print(why, sizeof(why), &reason);
	return err;
}

static void refused(const char *text)
{
	assert_int_not_equal(read_conf(), 0);
	assert_string_equal(why, text);
}

static void refused_key(const char *key, const char *is)
{
	char text[128];

	snprintf(text, sizeof(text), "frontend key %s is %s", key, is);
	refused(text);
}

/* The keys of each kind of connection, in the order in which they are read. */
struct kind {
	const char *name;
	const char *queues;
	const char *ref[8], *port[8];
};

static const struct kind kinds[] = {
	{ "one", NULL, { "tx-ring-ref", "rx-ring-ref" }, { "event-channel" } },
	{ "split", "1", { "tx-ring-ref", "rx-ring-ref", "ctrl-ring-ref" },
	  { "event-channel-tx", "event-channel-rx", "event-channel-ctrl" } },
	{ "one", "2", { "queue-0/tx-ring-ref", "queue-0/rx-ring-ref", "queue-1/tx-ring-ref", "queue-1/rx-ring-ref" },
	  { "queue-0/event-channel", "queue-1/event-channel" } },
	{ "split", "2",
	  { "queue-0/tx-ring-ref", "queue-0/rx-ring-ref", "queue-1/tx-ring-ref", "queue-1/rx-ring-ref", "ctrl-ring-ref" },
	  { "queue-0/event-channel-tx", "queue-0/event-channel-rx", "queue-1/event-channel-tx",
	    "queue-1/event-channel-rx", "event-channel-ctrl" } },
	{ "mask", NULL, { "event-mask-ref", "tx-ring-ref", "rx-ring-ref" }, { "event-channel" } },
	{ "mask", "2",
	  { "event-mask-ref", "queue-0/tx-ring-ref", "queue-0/rx-ring-ref", "queue-1/tx-ring-ref",
	    "queue-1/rx-ring-ref", "ctrl-ring-ref" }, { "event-channel" } },
};

static void put_kind(const struct kind *k)
{
	char text[16];

	start();
	if (k->queues)
		put("multi-queue-num-queues", k->queues);
	for (unsigned int i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "%u", i + 8);
		if (k->ref[i])
			put(k->ref[i], text);
		if (k->port[i])
			put(k->port[i], text);
	}
}

static void in_order(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		put_kind(&kinds[i]);
		assert_int_equal(read_conf(), 0);
		assert_string_equal(vif_conf_channels(&conf), kinds[i].name);
		assert_int_equal(conf.queues, kinds[i].queues && *kinds[i].queues == '2' ? 2 : 1);
		assert_int_equal(conf.mask, strcmp(kinds[i].name, "mask") == 0);
		assert_true(conf.peer.csum4 && !conf.peer.sg && !conf.peer.csum6 && !conf.rx_notify);
	}
	/* The last kind has all of them: each value is where it belongs. */
	assert_int_equal(conf.mask_ref.raw, 8);
	assert_int_equal(conf.queue[0].gtx_ref.raw, 9);
	assert_int_equal(conf.queue[1].grx_ref.raw, 12);
	assert_true(conf.ctrl);
	assert_int_equal(conf.ctrl_ref.raw, 13);
	assert_int_equal(conf.mask_port.raw, 8);
	assert_int_equal(conf.queue[0].gtx_port.raw, 0);
	put_kind(&kinds[3]);
	assert_int_equal(read_conf(), 0);
	assert_int_equal(conf.queue[1].gtx_port.raw, 10);
	assert_int_equal(conf.queue[1].grx_port.raw, 11);
	assert_int_equal(conf.ctrl_port.raw, 12);
}

/* Returns true if the key's presence chooses the kind of connection: without it, it is another kind. */
static bool is_choice(const char *key)
{
	return strcmp(key, "event-mask-ref") == 0;
}

static void each_missing(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (unsigned int n = 0; n < 16; n++) {
			const char *key = n < 8 ? kinds[i].ref[n] : kinds[i].port[n - 8];

			if (!key || is_choice(key))
				continue;
			put_kind(&kinds[i]);
			put(key, NULL);
			if (strcmp(kinds[i].name, "mask") != 0 || strcmp(key, "ctrl-ring-ref") != 0) {
				refused_key(key, "missing");
				continue;
			}
			/* With an event mask a control ring is one key. Without that key there is no control ring. */
			assert_int_equal(read_conf(), 0);
			assert_false(conf.ctrl);
		}
	}
}

static void each_broken(void **state)
{
	static const char *const bad[] = { "", "x", "-1", "4294967296", "0x10", " 8", "8 ", "8,9", "1e1", "18446744073709551624" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (unsigned int n = 0; n < 16; n++) {
			const char *key = n < 8 ? kinds[i].ref[n] : kinds[i].port[n - 8];

			for (unsigned int b = 0; key && b < ARRAY_SIZE(bad); b++) {
				put_kind(&kinds[i]);
				put(key, bad[b]);
				refused_key(key, "not acceptable");
			}
			if (!key || n < 8)
				continue;
			put_kind(&kinds[i]);
			put(key, "0");	/* is no port, but is a gref */
			refused_key(key, "not acceptable");
		}
	}
}

/* Any two grefs of a kind, and any two ports, that are equal: the second is refused. */
static void each_twice(void **state)
{
	char text[16];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (unsigned int a = 0; a < 8; a++) {
			for (unsigned int b = a + 1; b < 8; b++) {
				snprintf(text, sizeof(text), "%u", a + 8);
				put_kind(&kinds[i]);
				if (kinds[i].ref[b]) {
					put(kinds[i].ref[b], text);
					refused_key(kinds[i].ref[b], "not acceptable");
				}
				put_kind(&kinds[i]);
				if (kinds[i].port[b]) {
					put(kinds[i].port[b], text);
					refused_key(kinds[i].port[b], "not acceptable");
				}
			}
		}
	}
}

/* Keys that a kind must not have are refused, whatever their value. */
static void one_too_many(void **state)
{
	static const struct { unsigned int kind; const char *key; } extra[] = {
		{ 2, "tx-ring-ref" }, { 2, "rx-ring-ref" }, { 2, "event-channel" }, { 3, "event-channel-tx" },
		{ 3, "event-channel-rx" }, { 4, "event-channel-tx" }, { 4, "event-channel-rx" },
		{ 4, "event-channel-ctrl" }, { 5, "tx-ring-ref" }, { 5, "queue-0/event-channel" },
		{ 5, "queue-1/event-channel-tx" }, { 5, "queue-1/event-channel-rx" }, { 5, "event-channel-ctrl" },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(extra); i++) {
		put_kind(&kinds[extra[i].kind]);
		put(extra[i].key, "77");
		refused_key(extra[i].key, "not acceptable");
		put(extra[i].key, "text");
		refused_key(extra[i].key, "not acceptable");
	}
}

static void counts(void **state)
{
	static const char *const bad[] = { "0", "5", "17", "-1", "", "2x", "4000000000", "4294967298" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		put_kind(&kinds[2]);
		put("multi-queue-num-queues", bad[i]);
		refused_key("multi-queue-num-queues", "not acceptable");
	}
	put("multi-queue-num-queues", "3");
	refused_key("queue-2/tx-ring-ref", "missing");
	put("multi-queue-num-queues", "1");
	refused_key("tx-ring-ref", "missing");
}

static void features(void **state)
{
	static const char *const names[] = {
		"feature-rx-notify", "feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-no-csum-offload",
		"feature-ipv6-csum-offload",
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		put_kind(&kinds[0]);
		put(names[i], "yes");
		refused_key(names[i], "not acceptable");
		put(names[i], "4000000000");	/* every number but 0 means yes */
		assert_int_equal(read_conf(), 0);
	}
	assert_true(conf.peer.csum6);
	put_kind(&kinds[0]);
	put("feature-no-csum-offload", "1");
	assert_int_equal(read_conf(), 0);
	assert_false(conf.peer.csum4);
	put("request-rx-copy", "0");
	refused_key("request-rx-copy", "not acceptable");
	put("request-rx-copy", NULL);
	refused_key("request-rx-copy", "not acceptable");
}

/* Any number is accepted here. Its bound is applied later, when headroom is granted. */
static void headroom(void **state)
{
	static const char *const bad[] = { "", "lots", "-1", "0x100", " 256", "4294967296" };

	(void)state;
	put_kind(&kinds[0]);
	assert_int_equal(read_conf(), 0);
	assert_int_equal(conf.headroom, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		put("xdp-headroom", bad[i]);
		refused_key("xdp-headroom", "not acceptable");
	}
	put("xdp-headroom", "256");
	assert_int_equal(read_conf(), 0);
	assert_int_equal(conf.headroom, 256);
	put("xdp-headroom", "4294967295");
	assert_int_equal(read_conf(), 0);
	assert_int_equal(conf.headroom, UINT32_MAX);
}

static void agrees(const char *key, uint32_t mask, bool uso)
{
	put("vnet-header", key);
	assert_int_equal(read_conf(), 0);
	assert_int_equal(conf.header, mask);
	assert_int_equal(conf.device, mask);
	assert_int_equal(conf.peer.header, mask != 0);
	assert_int_equal(conf.peer.uso, uso);
}

/* docs/vnet-header.md: both ends must have a usable mask, and that of the frontend says what it takes. */
static void offload_header(void **state)
{
	(void)state;
	put_kind(&kinds[0]);
	put("feature-ipv6-csum-offload", "0");
	agrees("103", 0, false);
	was_offered.header = 0x67;
	agrees(NULL, 0, false);
	agrees("0", 0, false);
	agrees("102", 0, false);	/* without 0x01 */
	agrees("1", 0x67, false);
	assert_true(conf.peer.csum4 && conf.peer.csum6 && !conf.peer.gso4 && !conf.peer.gso6);
	agrees("3", 0x67, false);
	assert_true(conf.peer.gso4 && !conf.peer.gso6);
	agrees("39", 0x67, false);	/* half of 0x60 */
	assert_true(conf.peer.gso4 && conf.peer.gso6);
	agrees("103", 0x67, true);
	agrees("4294967295", 0x67, true);	/* bits of the future */
	was_offered.header = 0x07;
	agrees("103", 0x07, true);
	was_offered.header = 0x60;
	agrees("103", 0, false);
	was_offered.header = 0x67;
	put("vnet-header", "0x67");
	refused_key("vnet-header", "not acceptable");
	/* Another frontend followed one that died. */
	put("feature-gso-tcpv4", "1");
	agrees("103", 0, false);
	assert_true(conf.peer.gso4 && !conf.peer.csum6);
	put("feature-gso-tcpv4", "0");
	agrees("103", 0, false);
	put("feature-gso-tcpv4", NULL);
	agrees("103", 0x67, true);
	was_offered.header = 0;
}

/* A xenstore that fails is not the frontend's fault, but the VIF must not connect. */
static void store_fails(void **state)
{
	(void)state;
	put_kind(&kinds[3]);
	st.fail = -EIO;
	assert_int_equal(read_conf(), -EIO);
}

static void describes(void **state)
{
	char text[256], other[256], small[20];

	(void)state;
	put_kind(&kinds[3]);
	assert_int_equal(read_conf(), 0);
	vif_conf_describe(&conf, text, sizeof(text));
	assert_string_equal(text, "ctrl=12,12 mask=0,0 8,9,8,9 10,11,10,11");
	put("queue-1/event-channel-rx", "99");
	assert_int_equal(read_conf(), 0);
	vif_conf_describe(&conf, other, sizeof(other));
	assert_string_not_equal(text, other);
	vif_conf_describe(&conf, small, sizeof(small));
	assert_int_equal(strlen(small), sizeof(small) - 1);
}

/* --- what netbackd publishes ------------------------------------------------------- */

static const char *published(const char *key)
{
	char path[96];

	snprintf(path, sizeof(path), BE "/%s", key);
	return keys_get(&st, path);
}

/* A round trip to xenstored for each key would make a restart with many guests slow. */
static void reads_all_at_once(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		start();
		put_kind(&kinds[i]);
		assert_int_equal(read_conf(), 0);
		assert_int_equal(st.single, 0);
		/* Of a whole connection store_ahead.h keeps 64. */
		assert_true(st.nahead <= 4 + 18 + 5 * VIF_QUEUES_MAX && st.nahead <= 64);
	}
}

static void publishes(void **state)
{
	struct vif_policy policy = { .max_queues = 3 };

	(void)state;
	memset(&st, 0, sizeof(st));
	keys_set(&st, BE "/state", "1");
	st.lose = 31;
	assert_int_equal(vif_conf_publish(&st, BE, &policy, 0x67), 0);
	assert_int_equal(st.committed, 1);
	assert_string_equal(published("state"), "2");
	assert_string_equal(published("multi-queue-max-queues"), "3");
	assert_string_equal(published("feature-sg"), "1");
	assert_string_equal(published("feature-rx-flip"), "0");
	assert_string_equal(published("feature-no-csum-offload"), "0");
	assert_string_equal(published("feature-xdp-headroom"), "1");
	assert_string_equal(published("feature-vnet-header"), "103");
	policy.without = OFFER_SG | OFFER_CSUM4 | OFFER_MASK | OFFER_CTRL | OFFER_XDP;
	assert_int_equal(vif_conf_publish(&st, BE, &policy, 0x67), 0);
	assert_string_equal(published("feature-sg"), "0");
	assert_string_equal(published("feature-no-csum-offload"), "1");
	assert_string_equal(published("feature-event-mask"), "0");
	assert_string_equal(published("feature-ctrl-ring"), "0");
	assert_string_equal(published("feature-xdp-headroom"), "0");
	st.lose = 1000;
	assert_int_equal(vif_conf_publish(&st, BE, &policy, 0x67), -EAGAIN);
}

static void publishes_nowhere(void **state)
{
	struct vif_policy policy = { .max_queues = 1 };

	(void)state;
	memset(&st, 0, sizeof(st));
	assert_int_equal(vif_conf_publish(&st, BE, &policy, 0x67), -ENOENT);
	assert_int_equal(st.aborted, 1);
	assert_int_equal(st.count, 0);
}

static void fills(void **state)
{
	struct vif_policy policy = { .fill = NULL };

	(void)state;
	memset(&st, 0, sizeof(st));
	assert_false(vif_conf_fills(&policy, &st, BE));
	policy.fill = "all";
	assert_true(vif_conf_fills(&policy, &st, BE));
	policy.fill = "00:16:3e:00:00:01,00:16:3e:00:00:02";
	assert_false(vif_conf_fills(&policy, &st, BE));		/* the frontend has no address */
	keys_set(&st, BE "/mac", "00:16:3e:00:00:03");
	assert_false(vif_conf_fills(&policy, &st, BE));
	keys_set(&st, BE "/mac", "00:16:3E:00:00:02");
	assert_true(vif_conf_fills(&policy, &st, BE));
	keys_set(&st, BE "/mac", "zz");
	assert_false(vif_conf_fills(&policy, &st, BE));
	keys_set(&st, BE "/fill-checksums", "1");
	assert_true(vif_conf_fills(&policy, &st, BE));
	keys_set(&st, BE "/fill-checksums", "x");		/* every frontend takes filled-in checksums */
	assert_true(vif_conf_fills(&policy, &st, BE));
	keys_set(&st, BE "/fill-checksums", "0");
	policy.fill = "all";
	assert_false(vif_conf_fills(&policy, &st, BE));
	assert_true(vif_conf_is_fill("all"));
	assert_true(vif_conf_is_fill("00:16:3e:00:00:01,00:16:3e:00:00:02"));
	assert_false(vif_conf_is_fill("00:16:3e:00:00:01,"  "x"));
	assert_false(vif_conf_is_fill("00:16:3e:00:00:01 00:16:3e:00:00:02"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order), cmocka_unit_test(each_missing), cmocka_unit_test(each_broken),
		cmocka_unit_test(each_twice), cmocka_unit_test(one_too_many), cmocka_unit_test(counts),
		cmocka_unit_test(features), cmocka_unit_test(headroom), cmocka_unit_test(store_fails), cmocka_unit_test(describes), cmocka_unit_test(reads_all_at_once),
		cmocka_unit_test(offload_header),
		cmocka_unit_test(publishes), cmocka_unit_test(publishes_nowhere), cmocka_unit_test(fills),
	};

	return RUN_TESTS(tests);
}
