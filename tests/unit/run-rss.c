/* SPDX-License-Identifier: MIT */
/* run-rss.c - the hash messages that netfrontd sends, with each of them refused in turn, and what
 * netfrontd does with the hash of a packet */
#include "unit.h"
#include "frontend/data/rss.c"

#define OK XEN_NETIF_CTRL_STATUS_SUCCESS
#define INVALID XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER
#define REF 77u

static struct xen_netif_ctrl_request sent[16];
static unsigned int nsent;
static uint32_t page[XEN_PAGE / 4];
static struct log_bucket bucket;
static struct nic_conn l;

/* --- stands for ctrl.c ---------------------------------------------------------------------- */

void nic_ctrl_send(struct nic_conn *link, nic_ctrl_fn *answered, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2)
{
	assert_true(nsent < ARRAY_SIZE(sent));
	assert_null(link->ctrl.answered);
	sent[nsent++] = (struct xen_netif_ctrl_request){ .type = type, .data = { d0, d1, d2 } };
	link->ctrl.answered = answered;
}

void *nic_ctrl_page(struct nic_conn *link)
{
	(void)link;
	memset(page, 0, sizeof(page));
	return page;
}

uint32_t nic_ctrl_page_ref(const struct nic_conn *link)
{
	(void)link;
	return REF;
}

/* -------------------------------------------------------------------------------------------- */

static void start(unsigned int queues)
{
	memset(&l, 0, sizeof(l));
	l.log = &bucket;
	memset(sent, 0, sizeof(sent));
	nsent = 0;
	l.w.name = "nic0";
	l.conf.rss = true;
	l.conf.queues = queues;
	nic_rss_start(&l);
}

static void answer(uint32_t status, uint32_t data)
{
	struct xen_netif_ctrl_response rsp = { .status = status, .data = data };
	nic_ctrl_fn *answered = l.ctrl.answered;

	assert_non_null(answered);
	l.ctrl.answered = NULL;
	answered(&l, &rsp);
}

/* Checks that n messages were sent, and what the last one is. */
static void expect(unsigned int n, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2)
{
	assert_int_equal(nsent, n);
	assert_int_equal(sent[n - 1].type, type);
	assert_int_equal(sent[n - 1].data[0], d0);
	assert_int_equal(sent[n - 1].data[1], d1);
	assert_int_equal(sent[n - 1].data[2], d2);
}

static void expect_end(unsigned int n)
{
	assert_int_equal(nsent, n);
	assert_null(l.ctrl.answered);
}

static void not_wanted(void **state)
{
	(void)state;
	memset(&l, 0, sizeof(l));
	l.log = &bucket;
	nsent = 0;
	nic_rss_start(&l);
	expect_end(0);
}

static void all_agreed(void **state)
{
	static const uint8_t none[HASH_KEY_MAX];

	(void)state;
	start(3);
	expect(1, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, 0, 0);
	answer(OK, 0);
	expect(2, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0);
	answer(OK, 0xffffffff);
	expect(3, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, REF, HASH_KEY_MAX, 0);
	assert_memory_not_equal(page, none, sizeof(none));
	answer(OK, 0);
	expect(4, XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE, 0, 0, 0);
	answer(OK, 100);
	expect(5, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 100, 0, 0);
	answer(OK, 0);
	expect(6, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, REF, 100, 0);
	for (uint32_t i = 0; i < ARRAY_SIZE(page); i++)
		assert_int_equal(page[i], i < 100 ? i % 3 : 0);	/* and nothing left of the key */
	assert_int_equal(l.rss.types, 0);
	answer(OK, 0);
	expect(7, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 15, 0, 0);
	assert_int_equal(l.rss.types, 15);
	answer(OK, 0);
	expect_end(7);
	assert_int_equal(l.rss.types, 15);
	assert_int_equal(l.rss.size, 100);
}

/* Each message in turn is refused. netfrontd then sends one more, which switches the hash off. */
static void each_refused(void **state)
{
	static const uint32_t data[] = { 0, 15, 0, 128, 0, 0, 0 };

	(void)state;
	for (unsigned int n = 0; n < ARRAY_SIZE(data); n++) {
		start(4);
		for (unsigned int i = 0; i < n; i++)
			answer(OK, data[i]);
		assert_int_equal(nsent, n + 1);
		answer(n & 1 ? INVALID : UINT32_MAX, data[n]);
		expect(n + 2, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_NONE, 0, 0);
		answer(INVALID, 0);
		expect_end(n + 2);
		assert_int_equal(l.rss.types, 0);
	}
}

static void no_types(void **state)
{
	(void)state;
	start(4);
	answer(OK, 0);
	answer(OK, 0xfff0);
	expect(3, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_NONE, 0, 0);
	answer(OK, 0);
	expect_end(3);
}

static void table_sizes(void **state)
{
	(void)state;
	start(4);
	answer(OK, 0);
	answer(OK, 2);
	answer(OK, 0);
	answer(OK, 0);		/* no table: modulo */
	expect(5, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 2, 0, 0);
	start(4);
	answer(OK, 0);
	answer(OK, 2);
	answer(OK, 0);
	answer(OK, UINT32_MAX);
	expect(5, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, TABLE_MAX, 0, 0);
}

/* Checks a packet's hash. Returns its counter, or STAT_MAX if the packet is dropped and not counted. */
static enum counter take(unsigned int queue, uint8_t algorithm, uint8_t type, uint32_t value)
{
	struct nic_queue q = { .conn = &l, .index = queue };
	struct pkt p = { .hashed = true, .hash_algorithm = algorithm, .hash_type = type, .hash_value = value };
	enum drop drop = nic_rss_check(&q, &p);
	uint64_t right = stats_get(&q.stats, STAT_GRX_HASHED), wrong = stats_get(&q.stats, STAT_GRX_HASH_WRONG_QUEUE);

	if (drop != DROP_NONE) {
		assert_int_equal(drop, DROP_EXTRA);
		assert_int_equal(right + wrong, 0);
		return STAT_MAX;
	}
	assert_int_equal(right + wrong, 1);
	return right ? STAT_GRX_HASHED : STAT_GRX_HASH_WRONG_QUEUE;
}

static void told(void **state)
{
	(void)state;
	start(4);
	assert_int_equal(take(0, 1, 0, 0), STAT_MAX);	/* not yet */
	l.rss = (struct nic_rss){ .types = 1 | 2, .size = 6 };
	assert_int_equal(take(0, 1, 0, 0), STAT_GRX_HASHED);
	assert_int_equal(take(1, 1, 1, 1), STAT_GRX_HASHED);
	assert_int_equal(take(1, 1, 1, 5), STAT_GRX_HASHED);		/* the table ends at 6 */
	assert_int_equal(take(0, 1, 1, 6), STAT_GRX_HASHED);
	assert_int_equal(take(2, 1, 1, 6), STAT_GRX_HASH_WRONG_QUEUE);
	assert_int_equal(take(3, 1, 1, UINT32_MAX), STAT_GRX_HASHED);	/* 3 modulo 6 */
	assert_int_equal(take(0, 0, 0, 0), STAT_MAX);
	assert_int_equal(take(0, 2, 0, 0), STAT_MAX);
	assert_int_equal(take(0, 1, 2, 0), STAT_MAX);
	assert_int_equal(take(0, 1, 32, 0), STAT_MAX);	/* a bit number, not a mask */
	assert_int_equal(take(0, 1, 255, 0), STAT_MAX);
	l.rss.size = 0;
	assert_int_equal(take(2, 1, 1, 6), STAT_GRX_HASHED);		/* modulo the queues */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_wanted), cmocka_unit_test(all_agreed), cmocka_unit_test(each_refused),
		cmocka_unit_test(no_types), cmocka_unit_test(table_sizes), cmocka_unit_test(told),
	};

	return RUN_TESTS(tests);
}
