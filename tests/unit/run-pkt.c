/* SPDX-License-Identifier: MIT */
/* run-pkt.c - slots become checked packets, and packets become slots
 *
 * Every rule of netif.h for chains, extras, fragments, sizes and ids is kept and
 * broken. A packet that breaks one is dropped with its reason, and the packet
 * after it is not harmed.
 */
#include <errno.h>

#include "unit.h"
#include "common/wire/pkt.c"

#define MORE NETTXF_more_data
#define EXTRA NETTXF_extra_info

static void *page;
static uint32_t prod;		/* the hostile peer's producer index */
static struct gtx_back back;
static struct grx_front rfront;
static struct pkt pkt;
static enum pkt_layout layout = PKT_PLAIN;

static int setup_at(uint32_t at)
{
	memset(page, 0, XEN_PAGE);
	prod = at;
	*raw_ring(page) = (struct raw_ring){ at, at + 1, at, at + 1 };
	return gtx_back_attach(&back, page);
}

/* Makes a guest receive ring in which every buffer is posted. */
static void setup_grx_at(uint32_t at)
{
	memset(page, 0, XEN_PAGE);
	grx_front_init(&rfront, page);
	*raw_ring(page) = (struct raw_ring){ at, at + 1, at, at + 1 };
	rfront.r.req_pvt = rfront.r.req_pub = rfront.r.rsp_cons = rfront.r.rsp_snap = at;
	for (unsigned int i = 0; i < RING_SLOTS; i++)
		grx_front_post(&rfront, gref_of(i));
	(void)!grx_front_push(&rfront);
	prod = at;
}

static int setup(void **state)
{
	(void)state;
	page = page_new();
	return setup_at(0);
}

static int setup_grx(void **state)
{
	(void)state;
	page = page_new();
	setup_grx_at(0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(page);
	return 0;
}

/* --- a hostile guest: writes slots without a ring end ------------------------- */

static void put(uint16_t offset, uint16_t size, uint16_t flags)
{
	raw_gtx(page, prod)->req = (struct netif_tx_request){
		.gref = 1000 + prod % 256, .offset = offset, .flags = flags,
		.id = (uint16_t)prod, .size = size };
	prod++;
}

static void put_extra(uint8_t type, uint8_t flags, uint16_t gso_size, uint8_t gso_type, uint16_t features)
{
	struct netif_extra_info e;

	memset(&e, 0, sizeof(e));
	e.type = type;
	e.flags = flags;
	e.u.gso.size = gso_size;
	e.u.gso.type = gso_type;
	e.u.gso.features = features;
	memset(raw_gtx(page, prod), 0xa5, sizeof(union netif_tx_sring_entry));
	memcpy(raw_gtx(page, prod), &e, sizeof(e));
	prod++;
}

static void put_mcast(uint8_t type, uint8_t flags)
{
	struct netif_extra_info e = { .type = type, .flags = flags, .u.mcast.addr = { 1, 0, 0x5e, 1, 2, 3 } };

	memset(raw_gtx(page, prod), 0xa5, sizeof(union netif_tx_sring_entry));
	memcpy(raw_gtx(page, prod), &e, sizeof(e));
	prod++;
}

static void put_gso(uint8_t flags)
{
	put_extra(XEN_NETIF_EXTRA_TYPE_GSO, flags, 1448, XEN_NETIF_GSO_TYPE_TCPV4, 0);
}

static enum pkt_verdict from_gtx(void)
{
	raw_ring(page)->req_prod = prod;
	assert_true(gtx_back_begin(&back) >= 0);
	memset(&pkt, 0xee, sizeof(pkt));
	return pkt_from_gtx(&back, layout, &pkt);
}

/* Checks what must hold of every checked packet. */
static void check_sound(void)
{
	uint32_t sum = 0;

	assert_in_range(pkt.pieces, 1, PKT_SLOTS_MAX);
	assert_in_range(pkt.len, PKT_LEN_MIN, PKT_LEN_MAX);
	for (unsigned int i = 0; i < pkt.pieces; i++) {
		assert_in_range(pkt.piece[i].len, 1, XEN_PAGE);
		assert_true((uint32_t)pkt.piece[i].offset + pkt.piece[i].len <= XEN_PAGE);
		sum += pkt.piece[i].len;
	}
	assert_int_equal(sum, pkt.len);
}

static void expect_ok(unsigned int slots, unsigned int pieces, uint32_t len)
{
	assert_int_equal(from_gtx(), PKT_TAKEN);
	assert_true(pkt_has_frame(&pkt));
	assert_int_equal(pkt.slots, slots);
	assert_int_equal(pkt.pieces, pieces);
	assert_int_equal(pkt.len, len);
	check_sound();
}

/* Checks that a packet is dropped, and that the one after it passes. */
static void expect_drop(unsigned int slots, enum drop reason)
{
	put(5, 77, 0);
	assert_int_equal(from_gtx(), PKT_TAKEN);
	assert_false(pkt_has_frame(&pkt));
	assert_int_equal(pkt.slots, slots);
	assert_string_equal(drop_name(pkt.drop), drop_name(reason));
	expect_ok(1, 1, 77);
	assert_int_equal(pkt.piece[0].offset, 5);
	gtx_back_reply(&back, slots + 1, NETIF_RSP_OKAY);
	(void)!gtx_back_push(&back);
}

static void expect_fault(const char *why)
{
	assert_int_equal(from_gtx(), PKT_FAULT);
	assert_string_equal(pkt.why, why);
}

static void expect_piece(unsigned int i, uint32_t gref, unsigned int offset, unsigned int len)
{
	assert_int_equal(pkt.piece[i].gref.raw, gref);
	assert_int_equal(pkt.piece[i].offset, offset);
	assert_int_equal(pkt.piece[i].len, len);
}

/* --- gtx, well formed ---------------------------------------------------------- */

static void gtx_empty(void **state)
{
	(void)state;
	assert_int_equal(from_gtx(), PKT_NONE);
}

static void gtx_one_slot(void **state)
{
	(void)state;
	put(100, 60, 0);
	expect_ok(1, 1, 60);
	expect_piece(0, 1000, 100, 60);
	assert_false(pkt.csum_blank || pkt.csum_valid);
	assert_int_equal(pkt.gso_type, XEN_NETIF_GSO_TYPE_NONE);
	assert_int_equal(from_gtx(), PKT_NONE);
}

static void gtx_two_slots(void **state)
{
	(void)state;
	put(10, 3000, MORE);
	put(20, 1000, 0);
	expect_ok(2, 2, 3000);
	/* netif.h: "subtracting the sizes of fragments 2..N from the total packet size" */
	expect_piece(0, 1000, 10, 2000);
	expect_piece(1, 1001, 20, 1000);
}

static void gtx_three_slots(void **state)
{
	(void)state;
	put(0, 9000, MORE);
	put(0, 4096, MORE);
	put(0, 4096, 0);
	expect_ok(3, 3, 9000);
	expect_piece(0, 1000, 0, 808);
	expect_piece(2, 1002, 0, 4096);
}

static void gtx_flags(void **state)
{
	(void)state;
	put(0, 60, NETTXF_data_validated);
	expect_ok(1, 1, 60);
	assert_true(!pkt.csum_blank && pkt.csum_valid);
	put(0, 60, NETTXF_csum_blank);
	expect_ok(1, 1, 60);
	assert_true(pkt.csum_blank && pkt.csum_valid);
	put(0, 60, NETTXF_csum_blank | NETTXF_data_validated);
	expect_ok(1, 1, 60);
	assert_true(pkt.csum_blank && pkt.csum_valid);
}

/* Of the flags of later slots only more_data has a meaning. */
static void gtx_flags_of_later_slots(void **state)
{
	(void)state;
	put(0, 200, MORE);
	put(0, 100, NETTXF_csum_blank | EXTRA);
	expect_ok(2, 2, 200);
	assert_false(pkt.csum_blank || pkt.csum_valid);
}

static void gtx_extra(void **state)
{
	(void)state;
	put(0, 4000, EXTRA | NETTXF_csum_blank);
	put_gso(0);
	expect_ok(2, 1, 4000);
	assert_int_equal(pkt.gso_type, XEN_NETIF_GSO_TYPE_TCPV4);
	assert_int_equal(pkt.gso_size, 1448);
}

static void gtx_extra_v6(void **state)
{
	(void)state;
	put(0, 4000, EXTRA);
	put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 8, XEN_NETIF_GSO_TYPE_TCPV6, 0);
	expect_ok(2, 1, 4000);
	assert_int_equal(pkt.gso_type, XEN_NETIF_GSO_TYPE_TCPV6);
	assert_int_equal(pkt.gso_size, 8);
}

/* netif.h: "flags on preceding extras are not relevant here" */
static void gtx_extra_and_fragments(void **state)
{
	(void)state;
	put(0, 6000, EXTRA | MORE);
	put_gso(0);
	put(0, 3000, MORE);
	put(0, 2000, 0);
	expect_ok(4, 3, 6000);
	expect_piece(0, 1000, 0, 1000);
	expect_piece(1, 1002, 0, 3000);
	assert_int_equal(pkt.gso_size, 1448);
}

static void gtx_same_extra_twice(void **state)
{
	(void)state;
	put(0, 4000, EXTRA);
	put_gso(XEN_NETIF_EXTRA_FLAG_MORE);
	put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 500, XEN_NETIF_GSO_TYPE_TCPV6, 0);
	expect_ok(3, 1, 4000);
	assert_int_equal(pkt.gso_type, XEN_NETIF_GSO_TYPE_TCPV6);	/* the last one counts */
	assert_int_equal(pkt.gso_size, 500);
}

static void gtx_wraps(void **state)
{
	static const uint32_t starts[] = { 252, 253, 254, 255, 0xfffffffd, 0xfffffffe, 0xffffffff };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(starts); i++) {
		uint32_t at = starts[i];

		assert_int_equal(setup_at(at), 0);
		put(0, 6000, EXTRA | MORE);
		put_gso(0);
		put(0, 3000, MORE);
		put(0, 2000, 0);
		expect_ok(4, 3, 6000);
		expect_piece(0, 1000 + at % 256, 0, 1000);
		expect_piece(2, 1000 + (at + 3) % 256, 0, 2000);
	}
}

static void gtx_several(void **state)
{
	(void)state;
	put(0, 60, 0);
	put(0, 5000, MORE);
	put(0, 1000, 0);
	put(0, 61, 0);
	expect_ok(1, 1, 60);
	expect_ok(2, 2, 5000);
	expect_ok(1, 1, 61);
	assert_int_equal(from_gtx(), PKT_NONE);
}

static void gtx_full_ring_of_packets(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 256; i++)
		put((uint16_t)i, (uint16_t)(100 + i), 0);
	for (unsigned int i = 0; i < 256; i++) {
		expect_ok(1, 1, 100 + i);
		expect_piece(0, 1000 + i, i, 100 + i);
	}
	assert_int_equal(from_gtx(), PKT_NONE);
}

/* --- gtx, sizes --------------------------------------------------------------------- */

static void gtx_short(void **state)
{
	static const uint16_t sizes[] = { 0, 1, 13 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		put(0, sizes[i], 0);
		expect_drop(1, DROP_SHORT);
	}
	put(0, 14, 0);
	expect_ok(1, 1, 14);
}

static void gtx_largest(void **state)
{
	(void)state;
	put(0, 65535, MORE);
	for (unsigned int i = 0; i < 14; i++)
		put(0, 4096, MORE);
	put(0, 4096, 0);
	expect_ok(16, 16, 65535);
	expect_piece(0, 1000, 0, 4095);
}

static void gtx_largest_in_one_slot(void **state)
{
	(void)state;
	put(0, 65535, 0);
	expect_drop(1, DROP_BOUNDS);
}

static void gtx_first_is_left_nothing(void **state)
{
	(void)state;
	put(40, 100, MORE);
	put(8, 100, 0);
	expect_ok(2, 1, 100);
	expect_piece(0, 1001, 8, 100);
}

static void gtx_slots_exceed_total(void **state)
{
	(void)state;
	put(0, 100, MORE);
	put(0, 101, 0);
	expect_drop(2, DROP_LENGTH);
}

/* 16 * 4096 + 50 is 50 in 16 bits, and so less than the total of 100. */
static void gtx_sum_wraps_16_bits(void **state)
{
	(void)state;
	put(0, 100, MORE);
	for (unsigned int i = 0; i < 16; i++)
		put(0, 4096, MORE);
	put(0, 50, 0);
	expect_drop(18, DROP_LENGTH);
}

/* --- gtx, page bounds --------------------------------------------------------------- */

static void gtx_page_end(void **state)
{
	(void)state;
	put(4096 - 60, 60, 0);
	expect_ok(1, 1, 60);
	put(4096 - 60 + 1, 60, 0);
	expect_drop(1, DROP_BOUNDS);
	put(0, 200, MORE);
	put(4096 - 100, 100, 0);
	expect_ok(2, 2, 200);
	put(0, 200, MORE);
	put(4096 - 100 + 1, 100, 0);
	expect_drop(2, DROP_BOUNDS);
}

static void gtx_offset_and_size_wrap(void **state)
{
	(void)state;
	put(0xffff, 0xffff, 0);
	expect_drop(1, DROP_BOUNDS);
	put(0xffff, 2, 0);		/* ends at 1 in 16 bits; is too short, too */
	expect_drop(1, DROP_SHORT);
	put(0xffff, 20, 0);
	expect_drop(1, DROP_BOUNDS);
	put(0, 200, MORE);
	put(0xffff, 0xffff, 0);
	expect_drop(2, DROP_BOUNDS);
	put(0, 200, MORE);
	put(0xffff, 2, 0);
	expect_drop(2, DROP_BOUNDS);
}

static void gtx_first_remainder_leaves_page(void **state)
{
	(void)state;
	put(0, 4097 + 100, MORE);
	put(0, 100, 0);
	expect_drop(2, DROP_BOUNDS);
}

static void gtx_zero_length_slots(void **state)
{
	(void)state;
	put(0, 300, MORE);
	put(0, 0, MORE);		/* in the middle */
	put(0, 100, 0);
	expect_ok(3, 2, 300);
	expect_piece(1, 1002, 0, 100);
	put(0, 300, MORE);
	put(0, 100, MORE);
	put(4096, 0, 0);		/* the last, at the page's end */
	expect_ok(3, 2, 300);
	put(7, 100, MORE);		/* the first */
	put(0, 100, 0);
	expect_ok(2, 1, 100);
	put(0, 100, MORE);		/* all but one are empty */
	put(0, 0, MORE);
	put(0, 0, MORE);
	put(0, 100, 0);
	expect_ok(4, 1, 100);
}

static void gtx_zero_length_outside_page(void **state)
{
	(void)state;
	put(0, 300, MORE);
	put(4097, 0, 0);
	expect_drop(2, DROP_BOUNDS);
}

/* --- gtx, number of slots ------------------------------------------------------------ */

static void put_slots(unsigned int n)
{
	put(0, (uint16_t)(n * 10), n > 1 ? MORE : 0);
	for (unsigned int i = 1; i < n; i++)
		put(0, 10, i + 1 < n ? MORE : 0);
}

static void gtx_most_slots(void **state)
{
	(void)state;
	put_slots(18);
	expect_ok(18, 18, 180);
}

static void gtx_most_slots_and_extra(void **state)
{
	(void)state;
	put(0, 180, MORE | EXTRA);
	put_gso(0);
	for (unsigned int i = 1; i < 18; i++)
		put(0, 10, i + 1 < 18 ? MORE : 0);
	expect_ok(19, 18, 180);
}

static void gtx_slots_over_limit(void **state)
{
	(void)state;
	put_slots(19);
	expect_drop(19, DROP_SLOTS);
	put_slots(20);
	expect_drop(20, DROP_SLOTS);
}

static void gtx_slots_fatal(void **state)
{
	(void)state;
	put_slots(21);
	expect_fault("packet of too many slots");
}

static void gtx_256_slots(void **state)
{
	(void)state;
	put_slots(256);
	expect_fault("packet of too many slots");
}

/* XSA-432: slots without bytes count as slots. */
static void gtx_many_empty_slots(void **state)
{
	(void)state;
	put(0, 100, MORE);
	for (unsigned int i = 0; i < 30; i++)
		put(0, 0, i < 29 ? MORE : 0);
	expect_fault("packet of too many slots");
}

static void gtx_partial(void **state)
{
	(void)state;
	put(0, 300, MORE);
	expect_fault("packet without end");
}

static void gtx_partial_later(void **state)
{
	(void)state;
	put(0, 300, MORE);
	put(0, 100, MORE);
	expect_fault("packet without end");
}

static void gtx_never_ending(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 256; i++)
		put(0, 100, MORE);
	expect_fault("packet of too many slots");
}

/* --- gtx, extras ---------------------------------------------------------------------- */

static void gtx_extra_missing(void **state)
{
	(void)state;
	put(0, 100, EXTRA);
	expect_fault("extra info without end");
}

static void gtx_extra_chain_to_end_of_ring(void **state)
{
	(void)state;
	put(0, 100, EXTRA);
	for (unsigned int i = 1; i < 256; i++)
		put_gso(XEN_NETIF_EXTRA_FLAG_MORE);
	expect_fault("extra info without end");
	assert_int_equal(pkt.slots, 256);
}

static void gtx_extra_then_partial(void **state)
{
	(void)state;
	put(0, 100, EXTRA | MORE);
	put_gso(0);
	expect_fault("packet without end");
}

/* A chain of extras that is longer than any use is followed to its end. */
static void gtx_extra_long_chain(void **state)
{
	(void)state;
	put(0, 100, EXTRA | MORE);
	for (unsigned int i = 0; i < 100; i++)
		put_gso(i < 99 ? XEN_NETIF_EXTRA_FLAG_MORE : 0);
	put(0, 50, 0);
	expect_ok(102, 2, 100);
}

static void gtx_extra_unknown_types(void **state)
{
	static const uint8_t types[] = { 0, 5, 6, 128, 255 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		put(0, 100, EXTRA);
		put_extra(types[i], 0, 1448, XEN_NETIF_GSO_TYPE_TCPV4, 0);
		expect_drop(2, DROP_EXTRA);
	}
}

static void gtx_multicast_unasked(void **state)
{
	(void)state;
	/* A single multicast extra is a request, whatever the size of its packet. With another extra it
	 * is invalid. */
	put(0, 0, EXTRA);
	put_mcast(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 0);
	assert_int_equal(from_gtx(), PKT_TAKEN);
	assert_int_equal(pkt.drop, DROP_NONE);
	assert_false(pkt_has_frame(&pkt));
	assert_int_equal(pkt.slots, 2);
	assert_int_equal(pkt.mcast, XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
	assert_memory_equal(pkt.addr, "\x01\x00\x5e\x01\x02\x03", 6);
	put(0, 100, EXTRA);
	put_mcast(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, XEN_NETIF_EXTRA_FLAG_MORE);
	put_mcast(XEN_NETIF_EXTRA_TYPE_MCAST_DEL, 0);
	expect_drop(3, DROP_EXTRA);
	put(0, 100, EXTRA);
	put_mcast(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 2);
	expect_drop(2, DROP_EXTRA);
	put(0, 100, EXTRA | MORE);
	put_mcast(XEN_NETIF_EXTRA_TYPE_MCAST_DEL, 0);
	put(0, 50, 0);
	expect_drop(3, DROP_EXTRA);
	put(0, 100, EXTRA);
	put_gso(XEN_NETIF_EXTRA_FLAG_MORE);
	put_extra(XEN_NETIF_EXTRA_TYPE_MCAST_DEL, 0, 0, 0, 0);
	expect_drop(3, DROP_EXTRA);
}

/* A backend that knows the Toeplitz algorithm accepts a hash of any type. */
static void gtx_hash(void **state)
{
	(void)state;
	put(0, 100, EXTRA);
	put_gso(XEN_NETIF_EXTRA_FLAG_MORE);
	put_extra(XEN_NETIF_EXTRA_TYPE_HASH, 0, 0x0103, 0x78, 0x1234);
	expect_ok(3, 1, 100);
	assert_true(pkt.hashed);
	assert_int_equal(pkt.hash_type, 3);
	assert_int_equal(pkt.hash_algorithm, 1);
	assert_int_equal(pkt.gso_size, 1448);
	put(0, 100, 0);
	expect_ok(1, 1, 100);
	assert_false(pkt.hashed);
}

static void gtx_extra_unknown_flags(void **state)
{
	(void)state;
	put(0, 100, EXTRA);
	put_gso(2);
	expect_drop(2, DROP_EXTRA);
	put(0, 100, EXTRA);
	put_gso(0x80 | XEN_NETIF_EXTRA_FLAG_MORE);	/* FLAG_MORE counts beside unknown flags */
	put_gso(0);
	expect_drop(3, DROP_EXTRA);
}

static void gtx_bad_gso(void **state)
{
	static const struct { uint16_t size; uint8_t type; uint16_t features; } bad[] = {
		{ 0, XEN_NETIF_GSO_TYPE_TCPV4, 0 }, { 1448, XEN_NETIF_GSO_TYPE_NONE, 0 },
		{ 1, XEN_NETIF_GSO_TYPE_TCPV4, 0 }, { 7, XEN_NETIF_GSO_TYPE_TCPV6, 0 },
		{ 1448, 3, 0 }, { 1448, 255, 0 }, { 1448, XEN_NETIF_GSO_TYPE_TCPV4, 1 },
		{ 1448, XEN_NETIF_GSO_TYPE_TCPV6, 0x8000 },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		put(0, 100, EXTRA);
		put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, bad[i].size, bad[i].type, bad[i].features);
		expect_drop(2, DROP_GSO);
	}
}

/* --- gtx, the rest ---------------------------------------------------------------------- */

static void gtx_first_cause_wins(void **state)
{
	(void)state;
	put(0, 13, EXTRA | MORE);
	put_extra(77, 0, 0, 0, 0);
	put(4000, 4000, 0);
	expect_drop(3, DROP_EXTRA);
}

static void gtx_drop_answers_each_slot(void **state)
{
	(void)state;
	put(0, 100, EXTRA | MORE);
	put_extra(77, 0, 0, 0, 0);
	put(0, 50, 0);
	assert_int_equal(from_gtx(), PKT_TAKEN);
	assert_false(pkt_has_frame(&pkt));
	gtx_back_reply(&back, pkt.slots, NETIF_RSP_ERROR);
	(void)!gtx_back_push(&back);
	assert_int_equal(raw_ring(page)->rsp_prod, 3);
	assert_int_equal(raw_gtx(page, 0)->rsp.status, NETIF_RSP_ERROR);
	assert_int_equal(raw_gtx(page, 1)->rsp.status, NETIF_RSP_NULL);
	assert_int_equal(raw_gtx(page, 2)->rsp.status, NETIF_RSP_ERROR);
	assert_int_equal(raw_gtx(page, 2)->rsp.id, 2);
}

/* Requests that come after begin wait for the next begin: the chain ends at the snapshot. */
static void gtx_producer_moves_meanwhile(void **state)
{
	(void)state;
	put(0, 60, 0);
	raw_ring(page)->req_prod = prod;
	assert_int_equal(gtx_back_begin(&back), 1);
	put(0, 61, 0);
	raw_ring(page)->req_prod = prod;
	assert_int_equal(pkt_from_gtx(&back, layout, &pkt), PKT_TAKEN);
	assert_int_equal(pkt_from_gtx(&back, layout, &pkt), PKT_NONE);
	expect_ok(1, 1, 61);
}

/* --- grx, the frontend's side ------------------------------------------------------------ */

static void answer(uint16_t offset, uint16_t flags, int16_t status)
{
	raw_grx(page, prod)->rsp = (struct netif_rx_response){
		.id = (uint16_t)(prod % 256), .offset = offset, .flags = flags, .status = status };
	prod++;
}

static void answer_gso(uint8_t type, uint8_t flags, uint16_t size, uint8_t gso_type)
{
	struct netif_extra_info e;

	memset(&e, 0, sizeof(e));
	e.type = type;
	e.flags = flags;
	e.u.gso.size = size;
	e.u.gso.type = gso_type;
	memcpy(raw_grx(page, prod), &e, sizeof(e));
	prod++;
}

static enum pkt_verdict from_grx(uint16_t *first)
{
	raw_ring(page)->rsp_prod = prod;
	assert_true(grx_front_begin(&rfront) >= 0);
	memset(&pkt, 0xee, sizeof(pkt));
	return pkt_from_grx(&rfront, layout, &pkt, first);
}

static void expect_grx_ok(unsigned int slots, unsigned int pieces, uint32_t len)
{
	uint32_t at = rfront.r.rsp_cons;
	uint16_t first;

	assert_int_equal(from_grx(&first), PKT_TAKEN);
	assert_true(pkt_has_frame(&pkt));
	assert_int_equal(first, at % 256);
	assert_int_equal(pkt.slots, slots);
	assert_int_equal(pkt.pieces, pieces);
	assert_int_equal(pkt.len, len);
	check_sound();
	for (unsigned int i = 0; i < pkt.pieces; i++)
		assert_true((uint8_t)(pkt.piece[i].index - first) < slots);
}

static void expect_grx_drop(unsigned int slots, enum drop reason)
{
	uint32_t at = rfront.r.rsp_cons;
	uint16_t first;

	answer(5, 0, 77);
	assert_int_equal(from_grx(&first), PKT_TAKEN);
	assert_false(pkt_has_frame(&pkt));
	assert_int_equal(first, at % 256);
	assert_int_equal(pkt.slots, slots);
	assert_string_equal(drop_name(pkt.drop), drop_name(reason));
	expect_grx_ok(1, 1, 77);
}

static void grx_empty(void **state)
{
	uint16_t first;

	(void)state;
	assert_int_equal(from_grx(&first), PKT_NONE);
}

static void grx_slots(void **state)
{
	(void)state;
	answer(2, 0, 60);
	expect_grx_ok(1, 1, 60);
	assert_int_equal(pkt.piece[0].offset, 2);
	assert_false(pkt.csum_blank || pkt.csum_valid);
	answer(0, NETRXF_more_data, 4096);
	answer(0, 0, 4);
	expect_grx_ok(2, 2, 4100);
	answer(0, NETRXF_more_data, 4096);
	answer(0, NETRXF_more_data, 4096);
	answer(100, 0, 808);
	expect_grx_ok(3, 3, 9000);
	assert_int_equal(pkt.piece[2].index, 5);
	assert_int_equal(pkt.piece[2].offset, 100);
}

/* On grx the two checksum flags are in the reverse order of gtx. */
static void grx_flags(void **state)
{
	(void)state;
	answer(0, NETRXF_data_validated, 60);
	expect_grx_ok(1, 1, 60);
	assert_true(!pkt.csum_blank && pkt.csum_valid);
	answer(0, NETRXF_csum_blank, 60);
	expect_grx_ok(1, 1, 60);
	assert_true(pkt.csum_blank && pkt.csum_valid);
	assert_int_equal(NETRXF_csum_blank, NETTXF_data_validated);
}

static void grx_extra_and_fragments(void **state)
{
	(void)state;
	answer(0, NETRXF_extra_info | NETRXF_more_data | NETRXF_csum_blank, 4096);
	answer_gso(XEN_NETIF_EXTRA_TYPE_GSO, 0, 1448, XEN_NETIF_GSO_TYPE_TCPV6);
	answer(0, 0, 1000);
	expect_grx_ok(3, 2, 5096);
	assert_int_equal(pkt.gso_type, XEN_NETIF_GSO_TYPE_TCPV6);
	assert_int_equal(pkt.gso_size, 1448);
	assert_int_equal(pkt.piece[1].index, 2);	/* the page of the extra has no data */
}

static void grx_wraps(void **state)
{
	static const uint32_t starts[] = { 254, 255, 0xfffffffe, 0xffffffff };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(starts); i++) {
		setup_grx_at(starts[i]);
		answer(0, NETRXF_more_data, 4096);
		answer(0, NETRXF_more_data, 4096);
		answer(0, 0, 808);
		expect_grx_ok(3, 3, 9000);
	}
}

static void grx_bounds(void **state)
{
	(void)state;
	answer(0, 0, 4096);
	expect_grx_ok(1, 1, 4096);
	answer(0, 0, 4097);
	expect_grx_drop(1, DROP_BOUNDS);
	answer(1, 0, 4096);
	expect_grx_drop(1, DROP_BOUNDS);
	answer(0xffff, 0, 32767);
	expect_grx_drop(1, DROP_BOUNDS);
	answer(0, NETRXF_more_data, 100);
	answer(4000, 0, 97);
	expect_grx_drop(2, DROP_BOUNDS);
}

static void grx_errors(void **state)
{
	static const int16_t bad[] = { -1, -2, -32768 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		answer(0, 0, bad[i]);
		expect_grx_drop(1, DROP_PEER);
		answer(0, NETRXF_more_data, 100);
		answer(0, 0, bad[i]);
		expect_grx_drop(2, DROP_PEER);
	}
}

static void grx_short(void **state)
{
	static const int16_t sizes[] = { 0, 1, 13 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		answer(0, 0, sizes[i]);
		expect_grx_drop(1, DROP_SHORT);
	}
	answer(0, 0, 14);
	expect_grx_ok(1, 1, 14);
}

static void grx_zero_length_fragments(void **state)
{
	(void)state;
	answer(0, NETRXF_more_data, 0);
	answer(0, NETRXF_more_data, 60);
	answer(4096, 0, 0);
	expect_grx_ok(3, 1, 60);
	assert_int_equal(pkt.piece[0].index, 1);
}

static void grx_id_is_not_the_slot(void **state)
{
	(void)state;
	answer(0, 0, 60);
	raw_grx(page, 0)->rsp.id = 1;
	expect_grx_drop(1, DROP_PEER);
	answer(0, 0, 60);
	raw_grx(page, prod - 1)->rsp.id = 0x100 | ((prod - 1) & 0xff);
	expect_grx_drop(1, DROP_PEER);
}

static void answer_slots(unsigned int n, int16_t size)
{
	for (unsigned int i = 0; i < n; i++)
		answer(0, i + 1 < n ? NETRXF_more_data : 0, size);
}

static void grx_fragments(void **state)
{
	(void)state;
	answer_slots(18, 100);
	expect_grx_ok(18, 18, 1800);
	answer_slots(19, 100);
	expect_grx_drop(19, DROP_SLOTS);
	answer_slots(100, 100);
	expect_grx_drop(100, DROP_SLOTS);
}

static void grx_too_long(void **state)
{
	(void)state;
	answer_slots(16, 4096);
	expect_grx_drop(16, DROP_BOUNDS);
	answer_slots(15, 4096);
	raw_grx(page, prod - 1)->rsp.flags = NETRXF_more_data;
	answer(0, 0, 4095);
	expect_grx_ok(16, 16, 65535);
}

static void grx_without_end(void **state)
{
	uint16_t first;

	(void)state;
	answer(0, NETRXF_more_data, 100);
	answer(0, NETRXF_more_data, 100);
	assert_int_equal(from_grx(&first), PKT_TAKEN);
	assert_false(pkt_has_frame(&pkt));
	assert_int_equal(pkt.drop, DROP_PEER);
	assert_int_equal(pkt.slots, 2);
	assert_int_equal(from_grx(&first), PKT_NONE);
}

static void grx_whole_ring_without_end(void **state)
{
	uint16_t first;

	(void)state;
	for (unsigned int i = 0; i < 256; i++)
		answer(0, NETRXF_more_data, 4096);
	assert_int_equal(from_grx(&first), PKT_TAKEN);
	assert_false(pkt_has_frame(&pkt));
	assert_int_equal(pkt.slots, 256);
}

static void grx_extra_missing(void **state)
{
	uint16_t first;

	(void)state;
	answer(0, NETRXF_extra_info, 100);
	assert_int_equal(from_grx(&first), PKT_TAKEN);
	assert_false(pkt_has_frame(&pkt));
	assert_int_equal(pkt.drop, DROP_EXTRA);
	assert_int_equal(pkt.slots, 1);
}

static void grx_extras_only(void **state)
{
	uint16_t first;

	(void)state;
	answer(0, NETRXF_extra_info, 100);
	for (unsigned int i = 1; i < 256; i++)
		answer_gso(XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_FLAG_MORE, 1448, XEN_NETIF_GSO_TYPE_TCPV4);
	assert_int_equal(from_grx(&first), PKT_TAKEN);
	assert_false(pkt_has_frame(&pkt));
	assert_int_equal(pkt.drop, DROP_EXTRA);
	assert_int_equal(pkt.slots, 256);
}

static void grx_bad_extras(void **state)
{
	static const uint8_t types[] = { 0, 2, 3, 5, 255 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		answer(0, NETRXF_extra_info, 100);
		answer_gso(types[i], 0, 1448, XEN_NETIF_GSO_TYPE_TCPV4);
		expect_grx_drop(2, DROP_EXTRA);
	}
	answer(0, NETRXF_extra_info, 100);
	answer_gso(XEN_NETIF_EXTRA_TYPE_GSO, 0, 0, XEN_NETIF_GSO_TYPE_TCPV4);
	expect_grx_drop(2, DROP_GSO);
	answer(0, NETRXF_extra_info, 100);
	answer_gso(XEN_NETIF_EXTRA_TYPE_GSO, 0, 7, XEN_NETIF_GSO_TYPE_TCPV6);
	expect_grx_drop(2, DROP_GSO);
	answer(0, NETRXF_extra_info, 100);
	answer_gso(XEN_NETIF_EXTRA_TYPE_GSO, 0, 1448, 3);
	expect_grx_drop(2, DROP_GSO);
}

/* --- packets that go through a ring and back ------------------------------------------------- */

static const uint32_t lengths[] = { 14, 60, 4095, 4096, 4097, 8192, 8193, 65535 };

/* Sends a packet of so many slots into the buffers from 250 on. */
static void send_grx(const struct pkt *out, unsigned int slots)
{
	struct grx_back rback;

	setup_grx_at(250);
	assert_int_equal(grx_back_attach(&rback, page), 0);
	assert_int_equal(grx_back_begin(&rback), 256);
	for (unsigned int i = 0; i < slots; i++)
		assert_true(grx_back_take(&rback, &(struct gref){ 0 }));
	pkt_to_grx(&rback, out);
	(void)!grx_back_push(&rback);
	assert_int_equal(raw_ring(page)->rsp_prod, 250 + slots);	/* exactly what was taken */
}

/* Sends a packet over a grx ring and checks that the same comes back. csum: 0 is unknown, 1 valid, 2 blank,
 * 3 blank and valid, which is what drivers write. */
static void grx_round_trip(uint32_t len, uint8_t gso, int csum, bool hashed)
{
	struct pkt out = { .len = len, .gso_type = gso, .gso_size = gso ? 1448 : 0,
			   .csum_blank = csum & 2, .csum_valid = csum & 1,
			   .hashed = hashed, .hash_type = 3, .hash_value = 0x51ccc178 };
	unsigned int extras = (gso ? 1 : 0) + hashed, slots = pkt_slots_for(&out);

	assert_int_equal(slots, (len + 4095) / 4096 + extras);
	send_grx(&out, slots);
	prod = raw_ring(page)->rsp_prod;
	expect_grx_ok(slots, slots - extras, len);
	assert_int_equal(pkt.hashed, hashed);
	if (hashed)
		assert_true(pkt.hash_type == 3 && pkt.hash_algorithm == 1 && pkt.hash_value == 0x51ccc178);
	assert_int_equal(pkt.gso_type, gso);
	assert_int_equal(pkt.gso_size, out.gso_size);
	assert_int_equal(pkt.csum_blank, !!(csum & 2));
	assert_int_equal(pkt.csum_valid, csum != 0);
}

static void grx_there_and_back(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lengths); i++)
		for (uint8_t gso = 0; gso <= XEN_NETIF_GSO_TYPE_TCPV6; gso++)
			for (int csum = 0; csum < 4; csum++)
				for (int hashed = 0; hashed < 2; hashed++)
					grx_round_trip(lengths[i], gso, csum, hashed);
}

/* Checks slots with headroom: each slot's data starts after it, and an extra says so. The extras are
 * in the order of their types, and each but the last has FLAG_MORE. */
static void grx_headroom(uint32_t len, uint16_t headroom, uint8_t gso, bool hashed)
{
	struct pkt out = { .len = len, .gso_type = gso, .gso_size = 1448, .hashed = hashed, .headroom = headroom };
	unsigned int extras = (gso ? 1 : 0) + hashed + 1, slots = pkt_slots_for(&out), at = 250;
	uint32_t left = len, part = XEN_PAGE - headroom;
	netif_rx_sring_t *raw = (netif_rx_sring_t *)page;

	assert_int_equal(slots, (len + part - 1) / part + extras);
	send_grx(&out, slots);
	for (unsigned int i = 0; i < slots; i++, at++) {
		const netif_rx_response_t *rsp = &raw->ring[at % 256].rsp;
		struct netif_extra_info extra;

		memcpy(&extra, rsp, sizeof(extra));
		if (i == 0 || i > extras) {
			assert_int_equal(rsp->offset, headroom);
			assert_int_equal(rsp->status, left < part ? left : part);
			assert_int_equal(!!(rsp->flags & NETRXF_extra_info), i == 0);
			left -= (uint32_t)rsp->status;
			assert_int_equal(!!(rsp->flags & NETRXF_more_data), left != 0);
			continue;
		}
		assert_int_equal(!!(extra.flags & XEN_NETIF_EXTRA_FLAG_MORE), i < extras);
		if (i == extras) {
			static const uint8_t want[8] = { 5, 0, 0, 1 };

			if (headroom == 256)
				assert_memory_equal(&extra, want, sizeof(want));
			assert_int_equal(extra.u.pad[0], headroom);
		}
		if (i < extras)
			assert_int_equal(extra.type, gso && i == 1 ? XEN_NETIF_EXTRA_TYPE_GSO :
					 XEN_NETIF_EXTRA_TYPE_HASH);
	}
	assert_int_equal(left, 0);
}

static void grx_leaves_headroom(void **state)
{
	static const uint32_t sizes[] = { 14, 60, 3839, 3840, 3841, 4095, 4096, 7680, 7681, 65280, 65535 };
	static const uint16_t rooms[] = { 1, 64, 255, 256 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
		for (unsigned int j = 0; j < ARRAY_SIZE(rooms); j++)
			for (uint8_t gso = 0; gso <= XEN_NETIF_GSO_TYPE_TCPV6; gso++)
				for (int hashed = 0; hashed < 2; hashed++)
					grx_headroom(sizes[i], rooms[j], gso, hashed);
}

static void gtx_round_trip(uint32_t len, uint8_t gso, int csum)
{
	struct pkt out = { .len = len, .gso_type = gso, .gso_size = gso ? 536 : 0,
			   .csum_blank = csum & 2, .csum_valid = csum & 1 };
	uint16_t ids[PKT_SLOTS_MAX];
	struct gtx_front front;

	for (uint32_t left = len; left; out.pieces++) {
		uint16_t part = (uint16_t)min_size(left, XEN_PAGE);

		ids[out.pieces] = (uint16_t)(200 + out.pieces);
		out.piece[out.pieces] = (struct pkt_piece){ .gref = gref_of(3000u + out.pieces), .len = part };
		left -= part;
	}
	memset(page, 0, XEN_PAGE);
	gtx_front_init(&front, page);
	assert_int_equal(gtx_back_attach(&back, page), 0);
	pkt_to_gtx(&front, &out, ids);
	(void)!gtx_front_push(&front);
	prod = raw_ring(page)->req_prod;
	expect_ok(out.pieces + (gso ? 1u : 0u), out.pieces, len);
	assert_int_equal(pkt.gso_type, gso);
	assert_int_equal(pkt.gso_size, out.gso_size);
	assert_int_equal(pkt.csum_blank, !!(csum & 2));
	assert_int_equal(pkt.csum_valid, csum != 0);
	assert_int_equal(prod, pkt.slots);	/* exactly so many requests */
	for (unsigned int i = 0; i < out.pieces; i++)
		expect_piece(i, 3000 + i, 0, out.piece[i].len);
	gtx_back_reply(&back, pkt.slots, NETIF_RSP_OKAY);
	(void)!gtx_back_push(&back);
	assert_int_equal(gtx_front_begin(&front), pkt.slots);
	for (unsigned int i = 0; i < out.pieces; i++) {
		uint16_t id;

		assert_int_equal(gtx_front_take(&front, &id, &(int16_t){ 0 }), 1);
		assert_int_equal(id, ids[i]);
	}
	assert_int_equal(gtx_front_take(&front, &(uint16_t){ 0 }, &(int16_t){ 0 }), 0);
}

static void gtx_there_and_back(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lengths); i++)
		for (uint8_t gso = 0; gso <= XEN_NETIF_GSO_TYPE_TCPV6; gso++)
			for (int csum = 0; csum < 4; csum++)
				gtx_round_trip(lengths[i], gso, csum);
}

/* --- with an offload header ----------------------------------------------------------------- */

static int setup_headed(void **state)
{
	layout = PKT_HEADED;
	return setup(state);
}

static int setup_headed_grx(void **state)
{
	layout = PKT_HEADED;
	return setup_grx(state);
}

static int teardown_headed(void **state)
{
	layout = PKT_PLAIN;
	return teardown(state);
}

/* Checks a packet of len bytes whose first piece is its header and first of them. */
static void expect_headed(unsigned int slots, uint32_t len, unsigned int offset, unsigned int first)
{
	uint32_t sum = 0;

	assert_true(pkt_has_frame(&pkt) && pkt.header);
	assert_int_equal(pkt.slots, slots);
	assert_int_equal(pkt.len, len);
	assert_int_equal(pkt.piece[0].offset, offset);
	assert_int_equal(pkt.piece[0].len, VNET_HDR_LEN + first);
	for (unsigned int i = 0; i < pkt.pieces; i++)
		sum += pkt.piece[i].len;
	assert_int_equal(sum, VNET_HDR_LEN + len);
}

static void headed_gtx(void **state)
{
	(void)state;
	put(12, 60, 0);
	assert_int_equal(from_gtx(), PKT_TAKEN);
	expect_headed(1, 60, 0, 60);
	put(12, 4084 + 100, MORE);
	put(0, 100, 0);
	assert_int_equal(from_gtx(), PKT_TAKEN);
	expect_headed(2, 4184, 0, 4084);
	/* The first slot has the header alone, at the end of its page. */
	put(4096, 100, MORE);
	put(0, 100, 0);
	assert_int_equal(from_gtx(), PKT_TAKEN);
	expect_headed(2, 100, 4084, 0);
	/* The largest: 12 bytes are in a seventeenth page. */
	put(12, 65535, MORE);
	for (unsigned int i = 0; i < 16; i++)
		put(0, i < 15 ? 4096 : 11, i < 15 ? MORE : 0);
	assert_int_equal(from_gtx(), PKT_TAKEN);
	expect_headed(17, 65535, 0, 4084);
	/* A change of the multicast list has no header. */
	put(0, 0, EXTRA);
	put_mcast(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 0);
	assert_int_equal(from_gtx(), PKT_TAKEN);
	assert_true(pkt.drop == DROP_NONE && pkt.mcast == XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
}

/* Checks that a packet is dropped, and that the one after it passes. */
static void expect_headed_drop(enum drop reason)
{
	put(30, 77, 0);
	assert_int_equal(from_gtx(), PKT_TAKEN);
	assert_string_equal(drop_name(pkt.drop), drop_name(reason));
	assert_int_equal(from_gtx(), PKT_TAKEN);
	expect_headed(1, 77, 18, 77);
}

static void headed_gtx_lies(void **state)
{
	(void)state;
	for (uint16_t offset = 0; offset < 12; offset++) {
		put(offset, 60, 0);
		expect_headed_drop(DROP_HEADER);
	}
	put(12, 60, NETTXF_csum_blank);
	expect_headed_drop(DROP_HEADER);
	put(12, 60, NETTXF_data_validated);
	expect_headed_drop(DROP_HEADER);
	put(12, 60, EXTRA);
	put_gso(0);
	expect_headed_drop(DROP_EXTRA);
	put(12, 4085, 0);
	expect_headed_drop(DROP_BOUNDS);
	put(4097, 100, MORE);
	put(0, 100, 0);
	expect_headed_drop(DROP_BOUNDS);
	put(12, 13, 0);
	expect_headed_drop(DROP_SHORT);
	put(12, 60, MORE);
	put(0, 61, 0);
	expect_headed_drop(DROP_LENGTH);
}

static void headed_grx(void **state)
{
	uint16_t first;

	(void)state;
	answer(12, 0, 60);
	assert_int_equal(from_grx(&first), PKT_TAKEN);
	expect_headed(1, 60, 0, 60);
	answer(12, NETRXF_more_data, 4084);
	answer(0, NETRXF_more_data, 4096);
	answer(0, 0, 1);
	assert_int_equal(from_grx(&first), PKT_TAKEN);
	expect_headed(3, 8181, 0, 4084);
	answer(100, NETRXF_more_data, 0);
	answer(0, 0, 100);
	assert_int_equal(from_grx(&first), PKT_TAKEN);
	expect_headed(2, 100, 88, 0);
}

static void expect_headed_grx_drop(enum drop reason)
{
	uint16_t first;

	answer(30, 0, 77);
	assert_int_equal(from_grx(&first), PKT_TAKEN);
	assert_string_equal(drop_name(pkt.drop), drop_name(reason));
	assert_int_equal(from_grx(&first), PKT_TAKEN);
	expect_headed(1, 77, 18, 77);
}

static void headed_grx_lies(void **state)
{
	(void)state;
	for (uint16_t offset = 0; offset < 12; offset++) {
		answer(offset, 0, 60);
		expect_headed_grx_drop(DROP_HEADER);
	}
	answer(12, NETRXF_csum_blank, 60);
	expect_headed_grx_drop(DROP_HEADER);
	answer(12, NETRXF_data_validated, 60);
	expect_headed_grx_drop(DROP_HEADER);
	answer(12, NETRXF_extra_info, 60);
	answer_gso(XEN_NETIF_EXTRA_TYPE_GSO, 0, 1448, XEN_NETIF_GSO_TYPE_TCPV4);
	expect_headed_grx_drop(DROP_EXTRA);
	answer(12, 0, 4085);
	expect_headed_grx_drop(DROP_BOUNDS);
	answer(12, 0, 13);
	expect_headed_grx_drop(DROP_SHORT);
	answer(0, 0, -1);
	expect_headed_grx_drop(DROP_PEER);
}

/* What one end writes is what the other takes, with a hash and without. */
static void headed_there_and_back(void **state)
{
	static const uint32_t sizes[] = { 14, 60, 4083, 4084, 4085, 8180, 8181, 65524, 65525, 65535 };
	uint16_t first;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
		for (int hashed = 0; hashed < 2; hashed++) {
			struct pkt out = { .len = sizes[i], .header = true, .gso_size = 1000, .hashed = hashed };
			unsigned int slots = pkt_slots_for(&out);

			assert_int_equal(slots, (sizes[i] + 12 + 4095) / 4096 + (unsigned int)hashed);
			send_grx(&out, slots);
			prod = raw_ring(page)->rsp_prod;
			assert_int_equal(from_grx(&first), PKT_TAKEN);
			expect_headed(slots, sizes[i], 0, sizes[i] < 4084 ? sizes[i] : 4084);
			assert_int_equal(pkt.hashed, hashed);
		}
}

/* The header is in the headroom. A headroom of less than its 12 bytes is as much as it needs. */
static void headed_headroom(void **state)
{
	static const uint16_t rooms[] = { 1, 11, 12, 13, 256 };
	netif_rx_sring_t *raw = (netif_rx_sring_t *)page;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rooms); i++) {
		struct pkt out = { .len = 8000, .header = true, .headroom = rooms[i] };
		uint16_t from = rooms[i] < 12 ? 12 : rooms[i];

		send_grx(&out, pkt_slots_for(&out));
		assert_int_equal(raw->ring[250].rsp.offset, from);
		assert_int_equal(raw->ring[250].rsp.status, 4096 - from);
		assert_int_equal(raw->ring[252].rsp.offset, rooms[i]);
	}
}

/* XSA-216: no byte of our stack is written to a slot's unused bytes. */
static void gso_extra_has_no_stray_bytes(void **state)
{
	static const uint8_t want[8] = { XEN_NETIF_EXTRA_TYPE_GSO, 0, 0x34, 0x12, XEN_NETIF_GSO_TYPE_TCPV4 };
	struct netif_extra_info e = pkt_gso_extra(XEN_NETIF_GSO_TYPE_TCPV4, 0x1234);

	(void)state;
	assert_memory_equal(&e, want, sizeof(want));
}

#define GTX(f_) cmocka_unit_test_setup_teardown(f_, setup, teardown)
#define HEADED(f_) cmocka_unit_test_setup_teardown(f_, setup_headed, teardown_headed)
#define HEADED_GRX(f_) cmocka_unit_test_setup_teardown(f_, setup_headed_grx, teardown_headed)
#define GRX(f_) cmocka_unit_test_setup_teardown(f_, setup_grx, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		GTX(gtx_empty), GTX(gtx_one_slot), GTX(gtx_two_slots), GTX(gtx_three_slots), GTX(gtx_flags),
		GTX(gtx_flags_of_later_slots), GTX(gtx_extra), GTX(gtx_extra_v6), GTX(gtx_extra_and_fragments),
		GTX(gtx_same_extra_twice), GTX(gtx_wraps), GTX(gtx_several), GTX(gtx_full_ring_of_packets),
		GTX(gtx_short), GTX(gtx_largest), GTX(gtx_largest_in_one_slot), GTX(gtx_first_is_left_nothing),
		GTX(gtx_slots_exceed_total), GTX(gtx_sum_wraps_16_bits),
		GTX(gtx_page_end), GTX(gtx_offset_and_size_wrap), GTX(gtx_first_remainder_leaves_page),
		GTX(gtx_zero_length_slots), GTX(gtx_zero_length_outside_page),
		GTX(gtx_most_slots), GTX(gtx_most_slots_and_extra), GTX(gtx_slots_over_limit),
		GTX(gtx_slots_fatal), GTX(gtx_256_slots), GTX(gtx_many_empty_slots),
		GTX(gtx_partial), GTX(gtx_partial_later), GTX(gtx_never_ending),
		GTX(gtx_extra_missing), GTX(gtx_extra_chain_to_end_of_ring), GTX(gtx_extra_then_partial),
		GTX(gtx_extra_long_chain), GTX(gtx_extra_unknown_types), GTX(gtx_multicast_unasked),
		GTX(gtx_hash), GTX(gtx_extra_unknown_flags), GTX(gtx_bad_gso),
		GTX(gtx_first_cause_wins), GTX(gtx_drop_answers_each_slot), GTX(gtx_producer_moves_meanwhile),
		GRX(grx_empty), GRX(grx_slots), GRX(grx_flags), GRX(grx_extra_and_fragments), GRX(grx_wraps),
		GRX(grx_bounds), GRX(grx_errors), GRX(grx_short), GRX(grx_zero_length_fragments),
		GRX(grx_id_is_not_the_slot), GRX(grx_fragments), GRX(grx_too_long), GRX(grx_without_end),
		GRX(grx_whole_ring_without_end), GRX(grx_extra_missing), GRX(grx_extras_only),
		GRX(grx_bad_extras), GRX(grx_leaves_headroom), GRX(grx_there_and_back), GTX(gtx_there_and_back),
		GTX(gso_extra_has_no_stray_bytes),
		HEADED(headed_gtx), HEADED(headed_gtx_lies), HEADED_GRX(headed_grx), HEADED_GRX(headed_grx_lies),
		HEADED_GRX(headed_there_and_back), HEADED_GRX(headed_headroom),
	};

	return RUN_TESTS(tests);
}
