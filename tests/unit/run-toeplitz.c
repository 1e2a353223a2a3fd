/* SPDX-License-Identifier: MIT */
/* run-toeplitz.c - the Toeplitz hash against the RSS verification suite that NIC vendors publish,
 * and against the definition in netif.h */
#include "unit.h"
#include "common/wire/toeplitz.c"

/* The key of the suite. */
static const uint8_t key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
	0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
	0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* Returns the hash as netif.h defines it: the key shifts left by one for each bit of the input. */
static uint32_t by_definition(const uint8_t *k, const uint8_t *in, unsigned int len)
{
	uint32_t value = 0;

	for (unsigned int bit = 0; bit < len * 8; bit++) {
		uint32_t left = 0;

		if (!(in[bit / 8] & 0x80 >> bit % 8))
			continue;
		for (unsigned int i = 0; i < 32; i++) {
			unsigned int at = bit + i;

			left = left << 1 | (at / 8 < 40 && (k[at / 8] & 0x80 >> at % 8));
		}
		value ^= left;
	}
	return value;
}

struct vector {
	uint8_t src[16], dst[16];
	uint16_t sport, dport;
	uint32_t plain, tcp;
};

static void verify(const struct vector *v, size_t n, unsigned int alen)
{
	struct toeplitz t;

	toeplitz_init(&t, key);
	for (size_t i = 0; i < n; i++) {
		uint8_t in[36];

		memcpy(in, v[i].src, alen);
		memcpy(in + alen, v[i].dst, alen);
		in[2 * alen] = (uint8_t)(v[i].sport >> 8);
		in[2 * alen + 1] = (uint8_t)v[i].sport;
		in[2 * alen + 2] = (uint8_t)(v[i].dport >> 8);
		in[2 * alen + 3] = (uint8_t)v[i].dport;
		assert_int_equal(toeplitz_hash(&t, in, 2 * alen), v[i].plain);
		assert_int_equal(toeplitz_hash(&t, in, 2 * alen + 4), v[i].tcp);
	}
}

static void verification_suite_ipv4(void **state)
{
	static const struct vector v[] = {
		{ { 66, 9, 149, 187 }, { 161, 142, 100, 80 }, 2794, 1766, 0x323e8fc2, 0x51ccc178 },
		{ { 199, 92, 111, 2 }, { 65, 69, 140, 83 }, 14230, 4739, 0xd718262a, 0xc626b0ea },
		{ { 24, 19, 198, 95 }, { 12, 22, 207, 184 }, 12898, 38024, 0xd2d0a5de, 0x5c2b394a },
		{ { 38, 27, 205, 30 }, { 209, 142, 163, 6 }, 48228, 2217, 0x82989176, 0xafc7327f },
		{ { 153, 39, 163, 191 }, { 202, 188, 127, 2 }, 44251, 1303, 0x5d1809c5, 0x10e828a2 },
	};

	(void)state;
	verify(v, ARRAY_SIZE(v), 4);
}

static void verification_suite_ipv6(void **state)
{
	static const struct vector v[] = {
		{ { 0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7 },
		  { 0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03, 0, 0, 0, 0, 0, 0, 0, 1 },
		  2794, 1766, 0x2cc18cd5, 0x40207d3d },
		{ { 0x3f, 0xfe, 0x05, 0x01, 0x00, 0x08, 0, 0, 0x02, 0x60, 0x97, 0xff, 0xfe, 0x40, 0xef, 0xab },
		  { 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 },
		  14230, 4739, 0x0f0c461c, 0xdde51bbf },
		{ { 0x3f, 0xfe, 0x19, 0x00, 0x45, 0x45, 0x00, 0x03, 0x02, 0x00, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf },
		  { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x02, 0x00, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf },
		  44251, 38024, 0x4b61e985, 0x02d1feef },
	};

	(void)state;
	verify(v, ARRAY_SIZE(v), 16);
}

static void every_bit_of_every_length(void **state)
{
	struct toeplitz t;
	uint8_t in[36];

	(void)state;
	toeplitz_init(&t, key);
	for (unsigned int bit = 0; bit < 288; bit++) {
		memset(in, 0, sizeof(in));
		in[bit / 8] = (uint8_t)(0x80 >> bit % 8);
		assert_int_equal(toeplitz_hash(&t, in, 36), by_definition(key, in, 36));
	}
	for (unsigned int len = 0; len <= 36; len++) {
		for (unsigned int i = 0; i < len; i++)
			in[i] = (uint8_t)(i * 89 + len * 7 + 3);
		assert_int_equal(toeplitz_hash(&t, in, len), by_definition(key, in, len));
	}
}

static void no_key_no_hash(void **state)
{
	static const uint8_t none[40], in[36] = { 1, 2, 3, 255, [35] = 255 };
	struct toeplitz t;

	(void)state;
	toeplitz_init(&t, none);
	assert_int_equal(toeplitz_hash(&t, in, 36), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(verification_suite_ipv4),
		cmocka_unit_test(verification_suite_ipv6),
		cmocka_unit_test(every_bit_of_every_length),
		cmocka_unit_test(no_key_no_hash),
	};

	return RUN_TESTS(tests);
}
