/* SPDX-License-Identifier: MIT */
/* fates.h - what the counters of a connection must say of the packets' fates, for fuzz-back and fuzz-front */
#ifndef NETPAIR_FUZZ_FATES_H
#define NETPAIR_FUZZ_FATES_H

#include "fuzz.h"
#include "common/base/stats.h"

/* Checks that each drop reason is counted in its direction only (drop.h). */
static inline void fates_check_directions(const struct stats *s)
{
#define CHECK_(id_, direction_, name_, help_) \
	PROMISE(strcmp(#direction_, "grx") != 0 || stats_get(s, STAT_GTX_DROP_##id_) == 0); \
	PROMISE(strcmp(#direction_, "gtx") != 0 || stats_get(s, STAT_GRX_DROP_##id_) == 0);
	DROP_LIST(CHECK_)
#undef CHECK_
}

/* Returns the number of frames to the guest whose fate was counted. */
static inline uint64_t fates_grx(const struct stats *s)
{
	uint64_t sum = stats_get(s, STAT_GRX_PACKETS);

	for (enum drop reason = DROP_NONE + 1; reason < DROP_MAX; reason++)
		sum += stats_get(s, stats_grx_drop(reason));
	return sum;
}

#endif
