/* SPDX-License-Identifier: MIT */
/* stats.c - names and printing of the counters */
#include <inttypes.h>
#include <stdio.h>

#include "stats.h"
#include "util.h"

#define STATS_NAME_(id_, name_) [STAT_##id_] = name_,
static const char *const names[] = { STATS_LIST(STATS_NAME_) };
#undef STATS_NAME_

static_assert(ARRAY_SIZE(names) == STAT_MAX, "a name for each counter");

const char *stats_name(enum stat id)
{
	return names[id];
}

void stats_sum(struct stats *sum, const struct stats *from)
{
	for (unsigned int i = 0; i < STAT_MAX; i++)
		sum->v[i] += stats_get(from, (enum stat)i);
}

void stats_print(const struct stats *s, char *buf, unsigned int len)
{
	unsigned int used = 0;

	buf[0] = '\0';
	for (unsigned int i = 0; i < STAT_MAX; i++) {
		uint64_t v = stats_get(s, (enum stat)i);
		int n;

		if (v == 0)
			continue;
		n = snprintf(buf + used, len - used, "%s%s=%" PRIu64, used ? " " : "", names[i], v);
		if (n < 0 || (unsigned int)n >= len - used) {
			buf[used] = '\0';	/* remove the incomplete entry */
			return;
		}
		used += (unsigned int)n;
	}
}
