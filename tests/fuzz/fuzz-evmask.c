/* SPDX-License-Identifier: MIT */
/* fuzz-evmask.c - the event mask's words while a hostile peer writes them between our own steps */
#include "common/wire/evmask.h"
#include "fuzz.h"

static _Alignas(64) uint8_t page[4096];

static uint64_t word(unsigned int at)
{
	uint64_t v;

	memcpy(&v, page + at, sizeof(v));
	return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evmask back;
	unsigned int queues = size ? 1 + data[0] % EVMASK_QUEUES_MAX : 1;
	uint64_t rings = (1ull << (1 + 2 * queues)) - 1, w;

	if (!size)
		return 0;
	memset(page, 0, sizeof(page));
	evmask_back_init(&back, page, queues);
	for (data++, size--; size >= 9; data += 9, size -= 9) {
		memcpy(page + 64, data + 1, 8);
		memcpy(page, data + 1, 8);
		w = word(0);
		switch (data[0] % 3) {
		case 0:
			PROMISE(evmask_wake(&back) == (unsigned int)__builtin_popcountll(w & ~rings & ~EVMASK_AWAKE));
			PROMISE(word(0) == EVMASK_AWAKE);
			break;
		case 1:
			PROMISE(evmask_sleep(&back) == ((w & rings) != 0));
			PROMISE(word(0) == 0);
			break;
		default:
			PROMISE(evmask_post(&back, evmask_gtx_bit(data[0] % queues)) == (w == 0));
			PROMISE(word(64) == (w | evmask_gtx_bit(data[0] % queues)) && word(0) == w);
			break;
		}
	}
	/* No other part of the page was written. */
	for (unsigned int i = 8; i < sizeof(page); i++)
		PROMISE(page[i] == 0 || (i >= 64 && i < 72));
	return 0;
}
