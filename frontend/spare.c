/* SPDX-License-Identifier: MIT */
/* spare.c - the set of spare.h */
#include <assert.h>
#include <string.h>

#include "spare.h"

static uint64_t bit_of(uint16_t id)
{
	return UINT64_C(1) << (id % 64);
}

void spare_init(struct spare *s)
{
	memset(s, 0, sizeof(*s));
	for (uint16_t id = 0; id < POOL_GTX_PAGES; id++)
		spare_put(s, id);
}

void spare_put(struct spare *s, uint16_t id)
{
	assert(id < POOL_GTX_PAGES && !(s->word[id / 64] & bit_of(id)));
	s->word[id / 64] |= bit_of(id);
	s->count++;
}

unsigned int spare_lowest(const struct spare *s, uint16_t *ids, unsigned int n)
{
	unsigned int got = 0;

	for (unsigned int w = 0; w < SPARE_WORDS; w++)
		for (uint64_t left = s->word[w]; left; left &= left - 1) {
			if (got == n)
				return got;
			ids[got++] = (uint16_t)(w * 64 + (unsigned int)__builtin_ctzll(left));
		}
	return got;
}

void spare_take(struct spare *s, const uint16_t *ids, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		assert(s->word[ids[i] / 64] & bit_of(ids[i]));
		s->word[ids[i] / 64] &= ~bit_of(ids[i]);
	}
	s->count -= n;
}
