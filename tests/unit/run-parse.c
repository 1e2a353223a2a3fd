/* SPDX-License-Identifier: MIT */
/* run-parse.c - parses numbers and MAC addresses that a peer wrote to xenstore: only one spelling
 * passes, and nothing beyond the text's end is read */
#include "unit.h"
#include "common/wire/parse.c"

static void numbers(void **state)
{
	static const struct { const char *text; uint32_t value; } good[] = {
		{ "0", 0 }, { "1", 1 }, { "007", 7 }, { "256", 256 }, { "4294967295", 4294967295 },
		{ "00000000000000000000000000000000000001", 1 },
	};
	uint32_t v;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(good); i++) {
		v = 0xdeadbeef;
		assert_true(parse_u32(&v, good[i].text));
		assert_int_equal(v, good[i].value);
	}
}

static void not_numbers(void **state)
{
	static const char *const bad[] = {
		"", " ", "-1", "+1", " 1", "1 ", "1\n", "2x", "x2", "0x10", "1.0", "1e3", "abc", "4294967296",
		"4294967300", "42949672950", "18446744073709551616", "18446744073709551617",
		"99999999999999999999999999999999999999", "\xb2", "1\xff", "--1", "1,2",
	};
	uint32_t v = 0xdeadbeef;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		if (parse_u32(&v, bad[i]))
			fail_msg("taken for a number: \"%s\"", bad[i]);
		assert_int_equal(v, 0xdeadbeef);	/* untouched */
	}
}

static void addresses(void **state)
{
	static const uint8_t want[6] = { 0x00, 0x16, 0x3e, 0xab, 0xcd, 0xef };
	uint8_t mac[6];

	(void)state;
	assert_true(parse_mac(mac, "00:16:3e:ab:cd:ef"));
	assert_memory_equal(mac, want, 6);
	assert_true(parse_mac(mac, "00:16:3E:AB:Cd:eF"));
	assert_memory_equal(mac, want, 6);
	assert_true(parse_mac(mac, "fe:ff:ff:ff:ff:ff"));
}

static void groups(void **state)
{
	static const uint8_t want[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	uint8_t addr[6];

	(void)state;
	assert_true(parse_ether(addr, "33:33:00:00:00:01"));
	assert_memory_equal(addr, want, 6);
	assert_true(parse_ether(addr, "00:16:3e:ab:cd:ef"));
	assert_false(parse_ether(addr, "33:33:00:00:00"));
	assert_false(parse_mac(addr, "33:33:00:00:00:01"));
}

static void not_addresses(void **state)
{
	static const char *const bad[] = {
		"", "0", "00", "00:", "00:16:3e:ab:cd", "00:16:3e:ab:cd:", "00:16:3e:ab:cd:e", "00:16:3e:ab:cd:ef:",
		"00:16:3e:ab:cd:ef:00", "00:16:3e:ab:cd:eff", "00-16-3e-ab-cd-ef", "00163eabcdef", "zz:16:3e:ab:cd:ef",
		" 00:16:3e:ab:cd:ef", "00:16:3e:ab:cd:ef ", "0:16:3e:ab:cd:ef", "00:16:3e:ab:cd:g0", "00:16:3e:ab:cd:0g",
		"01:16:3e:ab:cd:ef", "ff:ff:ff:ff:ff:ff", "33:33:00:00:00:01",	/* groups */
		"00:16:3e:ab:cd:\x10\x11", "00:16:3e:ab:cd:@a", "00:16:3e:ab:cd:`a", "00:16:3e:ab:cd:/0", "00:16:3e:ab:cd::0",
	};
	static const uint8_t before[6] = { 1, 2, 3, 4, 5, 6 };
	uint8_t mac[6];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		memcpy(mac, before, 6);
		if (parse_mac(mac, bad[i]))
			fail_msg("taken for an address: \"%s\"", bad[i]);
		assert_memory_equal(mac, before, 6);
	}
}

/* Each character at each place: only hex digits pass, and only at their places. */
static void every_character(void **state)
{
	(void)state;
	for (unsigned int at = 0; at < 17; at++) {
		for (unsigned int c = 0; c < 256; c++) {
			char text[18] = "22:22:22:22:22:22";
			bool colon = at % 3 == 2, want;
			uint8_t mac[6];

			want = colon ? c == ':' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
			/* An odd first byte is a multicast address. */
			if (at == 1 && want)
				want = !((c & 0x40 ? c + 9 : c) & 1);
			text[at] = (char)c;
			if (parse_mac(mac, text) != want)
				fail_msg("character 0x%02x at %u", c, at);
		}
	}
}

/* No byte beyond the text's end is read, wherever the text is cut off. */
static void cut_anywhere(void **state)
{
	static const char whole[] = "00:16:3e:ab:cd:ef";
	uint8_t mac[6];

	(void)state;
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		char *tight = strndup(whole, len);

		assert_non_null(tight);
		assert_false(parse_mac(mac, tight));
		free(tight);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers), cmocka_unit_test(not_numbers), cmocka_unit_test(addresses), cmocka_unit_test(groups),
		cmocka_unit_test(not_addresses), cmocka_unit_test(every_character), cmocka_unit_test(cut_anywhere),
	};

	return RUN_TESTS(tests);
}
