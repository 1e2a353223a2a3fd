/* SPDX-License-Identifier: MIT */
/* run-flow.c - flow_hash(): the frames of one flow have one hash, and flows spread over hashes */
#include <string.h>

#include "unit.h"
#include "common/wire/flow.c"

#define FRAME 60u

static const uint8_t *tcp4(uint8_t host, uint16_t port, uint8_t id, uint16_t fragment)
{
	static uint8_t f[FRAME];

	memset(f, 0, sizeof(f));
	put16(f + 12, ETHERTYPE_IPV4);
	f[14] = 0x45;
	put16(f + 16, FRAME - 14);
	f[18] = id;
	put16(f + 20, fragment);
	f[23] = 6;
	f[26] = 10;
	f[30] = 10;
	f[33] = host;
	put16(f + 34, port);
	put16(f + 36, 80);
	f[46] = 0x50;
	return f;
}

static void one_flow_one_hash(void **state)
{
	uint32_t a;

	(void)state;
	a = flow_hash(tcp4(1, 1000, 1, 0), FRAME);
	assert_int_equal(a, flow_hash(tcp4(1, 1000, 2, 0), FRAME));
	assert_int_not_equal(a, flow_hash(tcp4(2, 1000, 1, 0), FRAME));
	assert_int_not_equal(a, flow_hash(tcp4(1, 1001, 1, 0), FRAME));
}

/* Only the first fragment has ports. So that all get one hash, no fragment's ports count. */
static void fragments(void **state)
{
	uint32_t first;

	(void)state;
	first = flow_hash(tcp4(1, 1000, 1, 0x2000), FRAME);
	assert_int_equal(first, flow_hash(tcp4(1, 7, 1, 0x0010), FRAME));
}

static void spread(void **state)
{
	unsigned int count[16] = { 0 };

	(void)state;
	for (uint16_t port = 1000; port < 2600; port++)
		count[flow_hash(tcp4(1, port, 1, 0), FRAME) % 16]++;
	for (unsigned int i = 0; i < 16; i++)
		assert_in_range(count[i], 50, 150);
}

static void no_flow(void **state)
{
	static const uint8_t arp[FRAME] = { [12] = 0x08, [13] = 0x06 };

	(void)state;
	assert_int_equal(flow_hash(arp, sizeof(arp)), 0);
	for (size_t len = 0; len < 34; len++)
		assert_int_equal(flow_hash(tcp4(1, 1000, 1, 0), len), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_flow_one_hash),
		cmocka_unit_test(fragments),
		cmocka_unit_test(spread),
		cmocka_unit_test(no_flow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
