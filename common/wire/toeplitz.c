/* SPDX-License-Identifier: MIT */
/* toeplitz.c - the hash is linear: each set bit of the input adds the 32 bits of the key at its place */
#include "toeplitz.h"
#include "common/base/util.h"

/* Returns the 32 bits of the key from bit at on. */
static uint32_t toeplitz_window(const uint8_t *key, unsigned int at)
{
	const uint8_t *p = key + at / 8;
	uint32_t word = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	unsigned int shift = at % 8;

	return shift ? word << shift | (uint32_t)p[4] >> (8 - shift) : word;
}

static_assert(TOEPLITZ_INPUT_MAX + 4 == TOEPLITZ_KEY, "the last bit's window ends with the key");

void toeplitz_init(struct toeplitz *t, const uint8_t key[TOEPLITZ_KEY])
{
	for (unsigned int n = 0; n < ARRAY_SIZE(t->part); n++) {
		t->part[n][0] = 0;
		for (unsigned int v = 1; v < 16; v++) {
			/* Add the highest bit of v to the entry of the other bits. */
			unsigned int high = v >= 8 ? 3 : v >= 4 ? 2 : v >= 2 ? 1 : 0;

			t->part[n][v] = t->part[n][v & ~(1u << high)] ^ toeplitz_window(key, n * 4 + 3 - high);
		}
	}
}

uint32_t toeplitz_hash(const struct toeplitz *t, const uint8_t *input, uint32_t len)
{
	uint32_t hash = 0;

	for (uint32_t i = 0; i < len; i++)
		hash ^= t->part[2 * i][input[i] >> 4] ^ t->part[2 * i + 1][input[i] & 15];
	return hash;
}
