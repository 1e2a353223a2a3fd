/* SPDX-License-Identifier: MIT */
/* stuck.c - the looks of stuck.h */
#include "stuck.h"

/* FNV-1a's numbers, by words. */
#define STUCK_BASIS UINT64_C(0xcbf29ce484222325)
#define STUCK_PRIME UINT64_C(0x100000001b3)

static uint64_t stuck_mix(uint64_t activity, uint64_t word)
{
	return ((activity ? activity : STUCK_BASIS) ^ word) * STUCK_PRIME;
}

static uint64_t stuck_mix_stats(uint64_t activity, const struct stats *stats)
{
	for (unsigned int i = 0; i < STAT_MAX; i++)
		activity = stuck_mix(activity, stats_get(stats, (enum counter)i));
	return activity;
}

static uint64_t stuck_mix_ring(uint64_t activity, const struct ring_position *at)
{
	activity = stuck_mix(activity, at->req_prod);
	activity = stuck_mix(activity, at->rsp_prod);
	return stuck_mix(activity, at->cons);
}

uint64_t stuck_mix_queue(uint64_t activity, const struct stats *stats, const struct queue_position *at)
{
	const struct worker_position none = { .turns = 0 };
	struct positions now;

	positions_get(&now, at, &none, 0);
	activity = stuck_mix_ring(activity, &now.queue.gtx);
	activity = stuck_mix_ring(activity, &now.queue.grx);
	return stuck_mix_stats(activity, stats);
}

uint64_t stuck_mix_worker(uint64_t activity, const struct stats *stats, const struct worker_position *at)
{
	activity = stuck_mix(activity, __atomic_load_n(&at->turns, __ATOMIC_RELAXED));
	return stuck_mix_stats(activity, stats);
}

enum stuck_verdict stuck_look(struct stuck *s, uint64_t activity, const struct worker_position *at)
{
	bool asleep = __atomic_load_n(&at->turns, __ATOMIC_RELAXED) % 2;

	if (asleep || activity != s->activity) {
		*s = (struct stuck){ .activity = activity };
		return STUCK_NOT;
	}
	if (++s->looks < STUCK_LOOKS)
		return STUCK_SUSPECT;
	s->looks = 0;
	return STUCK_FOUND;
}
