/* SPDX-License-Identifier: MIT */
/* free_pages.c - the set of free_pages.h */
#include <assert.h>
#include <string.h>

#include "free_pages.h"

static uint64_t free_pages_bit_of(uint16_t id)
{
	return UINT64_C(1) << (id % 64);
}

void free_pages_init(struct free_pages *s)
{
	memset(s, 0, sizeof(*s));
	for (uint16_t id = 0; id < POOL_GTX_PAGES; id++)
		free_pages_put(s, id);
}

void free_pages_put(struct free_pages *s, uint16_t id)
{
	assert(id < POOL_GTX_PAGES && !(s->word[id / 64] & free_pages_bit_of(id)));
	s->word[id / 64] |= free_pages_bit_of(id);
	s->count++;
}

unsigned int free_pages_lowest(const struct free_pages *s, uint16_t *ids, unsigned int n)
{
	unsigned int got = 0;

	for (unsigned int w = 0; w < FREE_PAGES_WORDS; w++)
		for (uint64_t left = s->word[w]; left; left &= left - 1) {
			if (got == n)
				return got;
			ids[got++] = (uint16_t)(w * 64 + (unsigned int)__builtin_ctzll(left));
		}
	return got;
}

uint16_t free_pages_lowest_run(const struct free_pages *s, unsigned int n)
{
	const uint64_t all = n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
	unsigned int w = 0, bit;
	uint64_t have;

	while (w < FREE_PAGES_WORDS && !s->word[w])
		w++;
	if (w == FREE_PAGES_WORDS)
		return FREE_PAGES_NONE;
	bit = (unsigned int)__builtin_ctzll(s->word[w]);
	have = s->word[w] >> bit;
	if (bit && w + 1 < FREE_PAGES_WORDS)
		have |= s->word[w + 1] << (64 - bit);
	return (have & all) == all ? (uint16_t)(w * 64 + bit) : FREE_PAGES_NONE;
}

void free_pages_claim(struct free_pages *s, const uint16_t *ids, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		assert(s->word[ids[i] / 64] & free_pages_bit_of(ids[i]));
		s->word[ids[i] / 64] &= ~free_pages_bit_of(ids[i]);
	}
	s->count -= n;
}
