/* SPDX-License-Identifier: MIT */
/* run-hash.c - a guest's hash settings: the control messages in any order and out of bounds, the
 * hash of a frame, and the saved text of the settings */
#include "unit.h"
#include "common/wire/hash.c"

#define TOEPLITZ XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ
#define NONE XEN_NETIF_CTRL_HASH_ALGORITHM_NONE

static const uint8_t key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
	0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
	0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static struct hash ready(uint32_t flags)
{
	struct hash h;

	hash_init(&h);
	assert_int_equal(hash_set_algorithm(&h, TOEPLITZ), OK);
	assert_int_equal(hash_set_flags(&h, flags), OK);
	assert_int_equal(hash_set_key(&h, key, 40), OK);
	return h;
}

static void algorithm_comes_first(void **state)
{
	struct hash h;
	uint32_t flags = 99;

	(void)state;
	hash_init(&h);
	assert_int_equal(hash_get_flags(&h, &flags), NOT_SUPPORTED);
	assert_int_equal(flags, 99);
	assert_int_equal(hash_set_flags(&h, 1), INVALID);
	assert_int_equal(hash_set_algorithm(&h, 2), INVALID);
	assert_int_equal(hash_set_algorithm(&h, UINT32_MAX), INVALID);
	assert_false(hash_steers(&h));
	assert_int_equal(hash_set_algorithm(&h, TOEPLITZ), OK);
	assert_int_equal(hash_get_flags(&h, &flags), OK);
	assert_int_equal(flags, 15);
	assert_false(hash_steers(&h));
	assert_int_equal(hash_set_flags(&h, 16), INVALID);
	assert_int_equal(hash_set_flags(&h, 15), OK);
	assert_true(hash_steers(&h));
	assert_int_equal(hash_set_flags(&h, UINT32_MAX), INVALID);
	assert_int_equal(h.flags, 15);
	assert_int_equal(hash_set_flags(&h, 0), OK);
	assert_false(hash_steers(&h));
	assert_int_equal(hash_set_flags(&h, 3), OK);
	assert_int_equal(hash_set_algorithm(&h, NONE), OK);
	assert_false(hash_steers(&h));
}

static void keys(void **state)
{
	static const uint8_t none[40];
	struct hash h = ready(1);

	(void)state;
	assert_int_equal(hash_set_key(&h, key, 41), OVERFLOW);
	assert_int_equal(hash_set_key(&h, key, 4096), OVERFLOW);
	assert_int_equal(hash_set_key(&h, key, 4097), INVALID);
	assert_int_equal(hash_set_key(&h, key, UINT32_MAX), INVALID);
	assert_memory_equal(h.key, key, 40);
	assert_int_equal(hash_set_key(&h, key, 3), OK);
	assert_memory_equal(h.key, key, 3);
	assert_memory_equal(h.key + 3, none, 37);
	assert_int_equal(hash_set_key(&h, NULL, 0), OK);
	assert_memory_equal(h.key, none, 40);
	assert_int_equal(toeplitz_hash(&h.toeplitz, key, 36), 0);
}

static void mapping_bounds(void **state)
{
	static const uint32_t at[] = { 0, 1, 127, 128, 129, 0x7fffffff, 0x80000000, 0xffffff80, 0xffffffff };
	uint32_t entry[HASH_MAPPING_MAX] = { 0 };
	struct hash h = ready(1);

	(void)state;
	assert_int_equal(hash_set_size(&h, 129), INVALID);
	assert_int_equal(hash_set_size(&h, UINT32_MAX), INVALID);
	assert_int_equal(hash_set_mapping(&h, entry, 1, 0, 4), INVALID);
	assert_int_equal(hash_set_size(&h, 128), OK);
	for (unsigned int n = 0; n < ARRAY_SIZE(at); n++)
		for (unsigned int o = 0; o < ARRAY_SIZE(at); o++) {
			uint32_t status = at[n] > 128 ? OVERFLOW :
				(uint64_t)at[n] + at[o] > 128 ? INVALID : OK;

			assert_int_equal(hash_check_mapping(&h, at[n], at[o]), status);
			assert_int_equal(hash_set_mapping(&h, entry, at[n], at[o], 4), status);
		}
}

static void mapping_is_all_or_nothing(void **state)
{
	uint32_t entry[HASH_MAPPING_MAX];
	struct hash h = ready(1), before;

	(void)state;
	assert_int_equal(hash_set_size(&h, 8), OK);
	for (unsigned int i = 0; i < 8; i++)
		entry[i] = i % 4;
	assert_int_equal(hash_set_mapping(&h, entry, 8, 0, 4), OK);
	before = h;
	for (unsigned int bad = 0; bad < 8; bad++) {
		for (unsigned int i = 0; i < 8; i++)
			entry[i] = i == bad ? 4 : 3;
		assert_int_equal(hash_set_mapping(&h, entry, 8, 0, 4), INVALID);
		entry[bad] = 0x100;	/* is 0 if it is cut to eight bits */
		assert_int_equal(hash_set_mapping(&h, entry, 8, 0, 4), INVALID);
		entry[bad] = UINT32_MAX;
		assert_int_equal(hash_set_mapping(&h, entry, 8, 0, 4), INVALID);
		assert_memory_equal(&h, &before, sizeof(h));
	}
	/* Setting a part of the table does not change the rest. */
	entry[0] = entry[1] = 3;
	assert_int_equal(hash_set_mapping(&h, entry, 2, 3, 4), OK);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(hash_queue(&h, i, 4), i % 8 == 3 || i % 8 == 4 ? 3 : i % 4);
	/* A new size clears the table. */
	assert_int_equal(hash_set_size(&h, 3), OK);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(hash_queue(&h, i, 4), 0);
	assert_int_equal(hash_set_size(&h, 0), OK);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(hash_queue(&h, i, 3), i % 3);
}

/* Builds a frame with the addresses of the RSS verification suite's first vector. Returns its length. */
static size_t frame4(uint8_t *b, uint8_t proto, unsigned int options, bool fragment)
{
	uint8_t *ip = b + 14, *l4 = ip + 20 + 4 * options;

	memset(b, 0, 128);
	put16(b + 12, ETHERTYPE_IPV4);
	ip[0] = (uint8_t)(0x45 + options);
	ip[6] = fragment ? 0x20 : 0;
	ip[9] = proto;
	memcpy(ip + 12, "\x42\x09\x95\xbb\xa1\x8e\x64\x50", 8);
	put16(l4, 2794);
	put16(l4 + 2, 1766);
	l4[12] = 0x50;
	return (size_t)(l4 - b) + 20;
}

static size_t frame6(uint8_t *b, uint8_t proto)
{
	uint8_t *ip = b + 14;

	memset(b, 0, 128);
	put16(b + 12, ETHERTYPE_IPV6);
	ip[0] = 0x60;
	ip[6] = proto;
	memcpy(ip + 8, "\x3f\xfe\x25\x01\x02\0\x1f\xff\0\0\0\0\0\0\0\x07\x3f\xfe\x25\x01\x02\0\0\x03\0\0\0\0\0\0\0\x01", 32);
	put16(ip + 40, 2794);
	put16(ip + 42, 1766);
	ip[52] = 0x50;
	return 14 + 40 + 20;
}

static void hashes_to(const struct hash *h, const uint8_t *b, size_t len, int type, uint32_t value)
{
	struct hash_value v = hash_frame(h, b, len);

	assert_int_equal(v.known, type >= 0);
	assert_int_equal(v.value, value);
	if (type >= 0)
		assert_int_equal(v.type, type);
}

static void maximal_type_wins(void **state)
{
	struct hash all = ready(15), plain = ready(5), tcp = ready(10), six = ready(12);
	uint8_t b[128];
	size_t len;

	(void)state;
	len = frame4(b, 6, 0, false);
	hashes_to(&all, b, len, 1, 0x51ccc178);
	hashes_to(&plain, b, len, 0, 0x323e8fc2);
	hashes_to(&tcp, b, len, 1, 0x51ccc178);
	hashes_to(&six, b, len, -1, 0);
	len = frame4(b, 6, 3, false);
	hashes_to(&all, b, len, 1, 0x51ccc178);
	len = frame4(b, 17, 0, false);
	hashes_to(&all, b, len, 0, 0x323e8fc2);
	hashes_to(&tcp, b, len, -1, 0);
	len = frame4(b, 6, 0, true);
	hashes_to(&all, b, len, 0, 0x323e8fc2);
	hashes_to(&tcp, b, len, -1, 0);
	len = frame6(b, 6);
	hashes_to(&all, b, len, 3, 0x40207d3d);
	hashes_to(&plain, b, len, 2, 0x2cc18cd5);
	hashes_to(&six, b, len, 3, 0x40207d3d);
	len = frame6(b, 58);
	hashes_to(&all, b, len, 2, 0x2cc18cd5);
	put16(b + 12, 0x0806);
	hashes_to(&all, b, len, -1, 0);
	for (len = 0; len < 14 + 40; len++) {
		frame6(b, 6);
		hashes_to(&all, b, len, -1, 0);
	}
}

static void survives_as_text(void **state)
{
	uint32_t entry[HASH_MAPPING_MAX];
	char text[HASH_TEXT_MAX], bad[HASH_TEXT_MAX + 1];
	struct hash h = ready(15), back;

	(void)state;
	for (uint32_t size = 0; size <= HASH_MAPPING_MAX; size += 32) {
		for (uint32_t i = 0; i < size; i++)
			entry[i] = i % 16;
		assert_int_equal(hash_set_size(&h, size), OK);
		assert_int_equal(hash_set_mapping(&h, entry, size, 0, 16), OK);
		hash_print(&h, text, sizeof(text));
		memset(&back, 0x55, sizeof(back));
		assert_true(hash_parse(&back, text, 16));
		assert_memory_equal(&back, &h, sizeof(h));
		for (size_t cut = 0; cut < strlen(text); cut++) {
			memcpy(bad, text, cut);
			bad[cut] = '\0';
			if (size)
				assert_false(hash_parse(&back, bad, 16));
		}
		snprintf(bad, sizeof(bad), "%s0", text);
		assert_false(hash_parse(&back, bad, 16));
		if (size)
			assert_false(hash_parse(&back, text, 15));
	}
	hash_init(&h);
	hash_print(&h, text, sizeof(text));
	assert_true(hash_parse(&back, text, 1));
	assert_false(hash_steers(&back));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(algorithm_comes_first),
		cmocka_unit_test(keys),
		cmocka_unit_test(mapping_bounds),
		cmocka_unit_test(mapping_is_all_or_nothing),
		cmocka_unit_test(maximal_type_wins),
		cmocka_unit_test(survives_as_text),
	};

	return RUN_TESTS(tests);
}
