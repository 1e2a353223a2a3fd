/* SPDX-License-Identifier: MIT */
/* run-conf_front.c - a backend's keys: each broken, each not to be read, and what the command line leaves out */
#include "unit.h"
#include "keys.h"
/* cmocka has one of its own. */
#undef fail
#include "frontend/control/nic_conf.c"

#define BE "/local/domain/0/backend/vif/7/0"

static const char *const numbers[] = {
	"feature-rx-copy", "feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-no-csum-offload",
	"feature-ipv6-csum-offload", "feature-split-event-channels", "feature-ctrl-ring", "feature-event-mask",
	"feature-multicast-control", "feature-dynamic-multicast-control", "multi-queue-max-queues", "feature-vnet-header",
};

static struct store st;
static struct nic_conf conf;

int store_remove(struct store *s, const char *dir, const char *key)
{
	return store_write(s, dir, key, NULL);
}

static void put(const char *key, const char *value)
{
	char path[96];

	snprintf(path, sizeof(path), BE "/%s", key);
	keys_set(&st, path, value);
}

static int start(void **state)
{
	(void)state;
	memset(&st, 0, sizeof(st));
	put("feature-rx-copy", "1");
	return 0;
}

static void refused(unsigned int queues, int err, const char *want)
{
	char text[REASON_TEXT_MAX];
	struct reason why;

	assert_int_equal(nic_conf_read(&conf, &st, BE, queues, &why), err);
	assert_false(store_is_unknown(err));
	reason_print(text, sizeof(text), &why);
	assert_string_equal(text, want);
}

static void what_is_missing_is_not_offered(void **state)
{
	struct reason why;

	(void)state;
	assert_int_equal(nic_conf_read(&conf, &st, BE, 4, &why), 0);
	assert_int_equal(conf.queues, 1);
	assert_false(conf.peer.sg || conf.peer.gso4 || conf.peer.gso6 || conf.peer.csum6);
	assert_true(conf.peer.csum4);
	put("feature-rx-copy", NULL);
	refused(1, -EINVAL, "the backend lacks feature-rx-copy");
}

static void each_broken_key(void **state)
{
	char want[96];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++) {
		assert_int_equal(start(NULL), 0);
		put(numbers[i], "2x");
		snprintf(want, sizeof(want), "backend key %s is not acceptable", numbers[i]);
		refused(2, -EINVAL, want);
	}
	assert_int_equal(start(NULL), 0);
	put("multi-queue-max-queues", "0");
	refused(2, -EINVAL, "backend key multi-queue-max-queues is not acceptable");
}

/* A failed read is no key that is not acceptable: the caller asks again. */
static void xenstored_fails(void **state)
{
	struct reason why;

	(void)state;
	st.fail = -EIO;
	assert_true(store_is_unknown(nic_conf_read(&conf, &st, BE, 2, &why)));
	st.fail = -EACCES;
	refused(2, -EACCES, "cannot read backend key feature-rx-copy: this domain has no right to that xenstore node");
	/* nic_fail() logs a detach by this. */
	assert_int_equal(nic_conf_read(&conf, &st, BE, 2, &why), -EACCES);
	assert_int_equal(why.err, -EACCES);
}

/* What control keys leaves out where the rings need no control. */
static void restricting(void **state)
{
	struct nic_daemon d = { .one_channel = true };
	struct reason why;

	(void)state;
	put("feature-split-event-channels", "1");
	put("feature-event-mask", "1");
	put("feature-ctrl-ring", "1");
	assert_int_equal(nic_conf_read(&conf, &st, BE, 1, &why), 0);
	assert_true(conf.split && conf.mask && conf.ctrl);
	nic_conf_restrict(&conf, &d, 0x67);
	assert_false(conf.split || conf.mask);
	assert_true(conf.ctrl && conf.static_grants);
	d.no_static_grants = true;
	nic_conf_restrict(&conf, &d, 0x67);
	assert_false(conf.ctrl);
}

static void header(const char *theirs, uint32_t without, uint32_t device, uint32_t want)
{
	struct nic_daemon d = { .without = without };
	struct reason why;

	put("feature-vnet-header", theirs);
	assert_int_equal(nic_conf_read(&conf, &st, BE, 1, &why), 0);
	nic_conf_restrict(&conf, &d, device);
	assert_int_equal(conf.header, want);
	assert_int_equal(conf.peer.header, want != 0);
}

/* docs/vnet-header.md: what the backend takes, and what of the device's we offer. */
static void offload_header(void **state)
{
	(void)state;
	header(NULL, 0, 0x67, 0);
	header("0", 0, 0x67, 0);
	header("102", 0, 0x67, 0);
	header("103", 0, 0x67, 0x67);
	assert_true(conf.peer.uso && conf.peer.gso4 && conf.peer.gso6 && conf.peer.csum4 && conf.peer.csum6);
	header("7", 0, 0x67, 0x67);
	assert_true(!conf.peer.uso && conf.peer.gso4);
	header("103", 0, 0x07, 0x07);
	assert_true(conf.peer.uso);
	header("103", OFFER_HEADER, 0x67, 0);
	header("103", OFFER_CSUM4, 0x67, 0);
	header("103", OFFER_CSUM6, 0x67, 0);
	header("103", OFFER_SG, 0x67, 0x01);
	header("103", OFFER_GSO4, 0x67, 0x65);
	header("103", OFFER_GSO6, 0x67, 0x63);
	header("103", OFFER_USO, 0x67, 0x07);
}

static const char *written(const char *key)
{
	char path[96];

	snprintf(path, sizeof(path), "device/vif/0/%s", key);
	return keys_get(&st, path);
}

/* The key of another driver is there if the header is not, and the other way round. */
static void publishes_header(void **state)
{
	static const struct nic_refs refs;

	(void)state;
	header("103", 0, 0x67, 0x67);
	assert_int_equal(nic_conf_publish(&st, "device/vif/0", &conf, &refs), 0);
	assert_string_equal(written("vnet-header"), "103");
	assert_null(written("feature-gso-tcpv4"));
	header("0", 0, 0x67, 0);
	assert_int_equal(nic_conf_publish(&st, "device/vif/0", &conf, &refs), 0);
	assert_null(written("vnet-header"));
	assert_string_equal(written("feature-gso-tcpv4"), "1");
	header("103", 0, 0x67, 0x67);
	assert_int_equal(nic_conf_publish(&st, "device/vif/0", &conf, &refs), 0);
	nic_conf_withdraw(&st, "device/vif/0");
	assert_null(written("vnet-header"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_missing_is_not_offered, start), cmocka_unit_test_setup(each_broken_key, start),
		cmocka_unit_test_setup(xenstored_fails, start), cmocka_unit_test_setup(restricting, start),
		cmocka_unit_test_setup(offload_header, start), cmocka_unit_test_setup(publishes_header, start),
	};

	return RUN_TESTS(tests);
}
