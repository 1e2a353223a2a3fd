/* SPDX-License-Identifier: MIT */
/* evmask.c - the words of evmask.h */
#include "evmask.h"
#include "common/base/shm.h"

/* The offsets of the words in the page, in bytes; each has a cache line of its own. */
#define TO_BACKEND 0u
#define TO_FRONTEND 64u

static_assert(2 + 2 * (EVMASK_QUEUES_MAX - 1) < 63, "every queue's bits are below the awake bit");

static uint64_t *evmask_word(void *page, unsigned int at)
{
	return (uint64_t *)(void *)((char *)page + at);
}

/* Returns the bits that have a meaning with that many queues. */
static uint64_t evmask_known(unsigned int queues)
{
	uint64_t bits = EVMASK_AWAKE | EVMASK_CTRL;

	for (unsigned int q = 0; q < queues; q++)
		bits |= evmask_gtx_bit(q) | evmask_grx_bit(q);
	return bits;
}

void evmask_back_init(struct evmask *m, void *page, unsigned int queues)
{
	*m = (struct evmask){ .ours = evmask_word(page, TO_BACKEND), .theirs = evmask_word(page, TO_FRONTEND),
			      .known = evmask_known(queues) };
}

void evmask_front_init(struct evmask *m, void *page, unsigned int queues)
{
	*m = (struct evmask){ .ours = evmask_word(page, TO_FRONTEND), .theirs = evmask_word(page, TO_BACKEND),
			      .known = evmask_known(queues) };
}

bool evmask_post(struct evmask *m, uint64_t bit)
{
	m->theirs_seen = shm_fetch_or(m->theirs, bit);			/* E */
	return m->theirs_seen == 0;
}

unsigned int evmask_wake(struct evmask *m)
{
	m->seen = shm_exchange(m->ours, EVMASK_AWAKE);
	return (unsigned int)__builtin_popcountll(m->seen & ~m->known);
}

bool evmask_sleep(struct evmask *m)
{
	m->seen = shm_exchange(m->ours, 0);				/* E */
	return (m->seen & m->known & ~EVMASK_AWAKE) != 0;
}
