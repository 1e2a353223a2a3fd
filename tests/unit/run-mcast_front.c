/* SPDX-License-Identifier: MIT */
/* run-mcast_front.c - netfrontd tells the backend each change of its list of multicast addresses,
 * and takes a refusal */
#include "unit.h"
#include "frontend/data/mcast.c"
#include "frontend/data/free_pages.c"

static struct nic_conn l;
static struct nic_queue queue;
static struct gtx_back back;
static void *page;
static unsigned int changes_seen, kicked;

/* --- in place of worker.c ------------------------------------------------------------------- */

void worker_wake_control(struct worker *w) { (void)w; changes_seen++; }
void worker_kick(struct worker *w) { (void)w; kicked++; }

/* -------------------------------------------------------------------------------------------- */

static void start(void)
{
	free(page);
	memset(&l, 0, sizeof(l));
	memset(&queue, 0, sizeof(queue));
	page = page_new();
	l.w.name = "nic0";
	l.conf.mcast = true;
	l.queue = &queue;
	queue.conn = &l;
	free_pages_init(&l.gtx_free_pages);
	for (uint16_t i = 0; i < POOL_GTX_PAGES; i++)
		l.gtx_pool.gref[i] = gref_of(1000u + i);
	nic_mcast_init(&l);
	gtx_front_init(&queue.gtx, page);
	assert_int_equal(gtx_back_attach(&back, page), 0);
	changes_seen = kicked = 0;
}

/* Asks for n addresses that end in first, first + 1, .. */
static void want(uint8_t first, unsigned int n)
{
	uint8_t addr[MCAST_MAX][6];

	for (unsigned int i = 0; i < n; i++)
		memcpy(addr[i], (uint8_t[]){ 1, 0, 0x5e, 0, 0, (uint8_t)(first + i) }, 6);
	nic_mcast_want(&l, addr, n);
}

/* Runs one round with a backend that answers with status. Returns the type of the request, 0 if there
 * was none; *last is the last byte of its address. */
static uint8_t turn(int16_t status, uint8_t *last)
{
	struct pkt p;
	uint16_t id;
	int16_t got;

	nic_mcast_post(&l);
	if (l.mcast.id == NIC_MCAST_NONE)
		return 0;
	(void)!gtx_front_push(&queue.gtx);
	assert_int_equal(gtx_back_begin(&back), 2);
	assert_int_equal(pkt_from_gtx(&back, PKT_PLAIN, &p), PKT_TAKEN);
	assert_int_equal(p.drop, DROP_NONE);
	assert_int_equal(p.slots, 2);
	*last = p.addr[5];
	gtx_back_reply(&back, 2, status);
	(void)!gtx_back_push(&back);
	assert_int_equal(gtx_front_begin(&queue.gtx), 2);
	assert_int_equal(gtx_front_take(&queue.gtx, &id, &got), 1);
	assert_int_equal(id, l.mcast.id);
	free_pages_put(&l.gtx_free_pages, id);
	nic_mcast_answered(&l, got);
	assert_int_equal(gtx_front_take(&queue.gtx, &id, &got), 0);
	return p.mcast;
}

static void adds_and_deletes(void **state)
{
	uint8_t last;

	(void)state;
	start();
	assert_false(nic_mcast_busy(&l));
	assert_int_equal(nic_mcast_state(&l), NIC_MCAST_DONE);
	want(1, 3);
	assert_int_equal(kicked, 1);
	assert_true(nic_mcast_busy(&l));
	assert_int_equal(nic_mcast_state(&l), NIC_MCAST_WORKING);
	for (uint8_t i = 1; i <= 3; i++) {
		assert_int_equal(turn(NETIF_RSP_OKAY, &last), XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
		assert_int_equal(last, i);
		assert_int_equal(changes_seen, 0);
	}
	assert_int_equal(turn(NETIF_RSP_OKAY, &last), 0);
	assert_int_equal(changes_seen, 1);
	assert_false(nic_mcast_busy(&l));
	assert_int_equal(nic_mcast_state(&l), NIC_MCAST_DONE);
	want(1, 3);					/* nothing new */
	assert_int_equal(kicked, 1);
	want(2, 3);					/* 1 goes, 4 comes */
	assert_int_equal(turn(NETIF_RSP_OKAY, &last), XEN_NETIF_EXTRA_TYPE_MCAST_DEL);
	assert_int_equal(last, 1);
	assert_int_equal(turn(NETIF_RSP_OKAY, &last), XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
	assert_int_equal(last, 4);
	assert_int_equal(turn(NETIF_RSP_OKAY, &last), 0);
	assert_int_equal(l.gtx_free_pages.count, POOL_GTX_PAGES);
	assert_int_equal(stats_get(&queue.stats, STAT_GTX_MCAST), 5);
}

static void refused(void **state)
{
	uint8_t last;

	(void)state;
	start();
	want(1, 3);
	assert_int_equal(turn(NETIF_RSP_OKAY, &last), XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
	assert_int_equal(turn(NETIF_RSP_ERROR, &last), XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
	assert_int_equal(turn(NETIF_RSP_OKAY, &last), 0);	/* no more is tried */
	assert_int_equal(nic_mcast_state(&l), NIC_MCAST_REFUSED);
	want(1, 1);					/* but what is wanted now is there */
	assert_int_equal(turn(NETIF_RSP_OKAY, &last), 0);
	assert_int_equal(nic_mcast_state(&l), NIC_MCAST_DONE);
	want(2, 1);
	assert_int_equal(turn(NETIF_RSP_DROPPED, &last), XEN_NETIF_EXTRA_TYPE_MCAST_DEL);
	assert_int_equal(turn(NETIF_RSP_OKAY, &last), XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
	assert_int_equal(turn(NETIF_RSP_OKAY, &last), 0);
	assert_int_equal(nic_mcast_state(&l), NIC_MCAST_DONE);	/* a deletion may fail */
	assert_int_equal(stats_get(&queue.stats, STAT_GTX_DROP_MCAST), 2);
}

static void full(void **state)
{
	uint8_t last;

	(void)state;
	start();
	want(0, MCAST_MAX);
	for (unsigned int i = 0; i < MCAST_MAX; i++)
		assert_int_equal(turn(NETIF_RSP_OKAY, &last), XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
	assert_int_equal(turn(NETIF_RSP_OKAY, &last), 0);
	want(MCAST_MAX, MCAST_MAX);			/* all others */
	for (unsigned int i = 0; i < MCAST_MAX; i++)
		assert_int_equal(turn(NETIF_RSP_OKAY, &last), XEN_NETIF_EXTRA_TYPE_MCAST_DEL);
	for (unsigned int i = 0; i < MCAST_MAX; i++)
		assert_int_equal(turn(NETIF_RSP_OKAY, &last), XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
	assert_int_equal(turn(NETIF_RSP_OKAY, &last), 0);
	assert_int_equal(nic_mcast_state(&l), NIC_MCAST_DONE);
}

static void no_free_page_or_slot(void **state)
{
	struct free_pages pages;
	uint8_t last;

	(void)state;
	start();
	want(1, 1);
	pages = l.gtx_free_pages;
	memset(&l.gtx_free_pages, 0, sizeof(l.gtx_free_pages));
	assert_int_equal(turn(NETIF_RSP_OKAY, &last), 0);
	assert_true(nic_mcast_busy(&l));
	l.gtx_free_pages = pages;
	assert_int_equal(turn(NETIF_RSP_OKAY, &last), XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
}

/* No request is made for broadcast, which no backend filters, or for a unicast address. */
static void other_addresses_are_not_sent(void **state)
{
	uint8_t addr[2][6] = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, { 0, 0x16, 0x3e, 1, 2, 3 } };

	(void)state;
	start();
	nic_mcast_want(&l, addr, 2);
	assert_false(nic_mcast_busy(&l));
	l.conf.mcast = false;
	want(1, 1);
	assert_false(nic_mcast_busy(&l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_and_deletes), cmocka_unit_test(refused), cmocka_unit_test(full),
		cmocka_unit_test(no_free_page_or_slot), cmocka_unit_test(other_addresses_are_not_sent),
	};

	return RUN_TESTS(tests);
}
