/* SPDX-License-Identifier: MIT */
/* stats.c - names and printing of the counters */
#include <inttypes.h>
#include <stdio.h>

#include "log.h"
#include "stats.h"
#include "util.h"

#define STATS_NAME_(id_, name_) [STAT_##id_] = name_,
#define STATS_GTX_NAME_(id_, direction_, name_, help_) [STAT_GTX_DROP_##id_] = "gtx_drop_" name_,
#define STATS_GRX_NAME_(id_, direction_, name_, help_) [STAT_GRX_DROP_##id_] = "grx_drop_" name_,
static const char *const stats_names[] = {
	STATS_GTX_LIST(STATS_NAME_)
	DROP_LIST(STATS_GTX_NAME_)
	STATS_GRX_LIST(STATS_NAME_)
	DROP_LIST(STATS_GRX_NAME_)
	STATS_WORKER_LIST(STATS_NAME_)
};
#undef STATS_NAME_
#undef STATS_GTX_NAME_
#undef STATS_GRX_NAME_

static_assert(ARRAY_SIZE(stats_names) == STAT_MAX, "a name for each counter");

const char *stats_name(enum counter id)
{
	return stats_names[id];
}

void stats_sum(struct stats *sum, const struct stats *from)
{
	for (unsigned int i = 0; i < STAT_MAX; i++)
		sum->v[i] += stats_get(from, (enum counter)i);
}

void stats_subtract(struct stats *s, const struct stats *before)
{
	for (unsigned int i = 0; i < STAT_MAX; i++)
		s->v[i] -= s->v[i] < before->v[i] ? s->v[i] : before->v[i];
}

void stats_print(const struct stats *s, char *buf, unsigned int len)
{
	unsigned int used = 0;

	buf[0] = '\0';
	for (unsigned int i = 0; i < STAT_MAX; i++) {
		uint64_t v = stats_get(s, (enum counter)i);
		int n;

		if (v == 0)
			continue;
		n = snprintf(buf + used, len - used, "%s%s=%" PRIu64, used ? " " : "", stats_names[i], v);
		if (n < 0 || (unsigned int)n >= len - used) {
			buf[used] = '\0';	/* remove the incomplete entry */
			return;
		}
		used += (unsigned int)n;
	}
}

static void stats_log_drops(const struct stats *s, const char *what, const char *name)
{
	for (enum drop reason = DROP_NONE + 1; reason < DROP_MAX; reason++) {
		uint64_t gtx = stats_get(s, stats_gtx_drop(reason)), grx = stats_get(s, stats_grx_drop(reason));

		if (gtx || grx)
			log_info("dropped %s=%s reason=%s from-guest=%" PRIu64 " to-guest=%" PRIu64 " help=\"%s\"",
				 what, name, drop_name(reason), gtx, grx, drop_help(reason));
	}
}

void stats_log(const char *what, const char *name, const char *state, const struct stats *s)
{
	char text[STATS_TEXT_MAX] = "";

	if (s)
		stats_print(s, text, sizeof(text));
	log_info("counters %s=%s state=%s %s", what, name, state, text);
	if (s)
		stats_log_drops(s, what, name);
}

void stats_log_queue(const char *what, const char *name, unsigned int queue, const struct stats *s)
{
	char text[STATS_TEXT_MAX];

	stats_print(s, text, sizeof(text));
	log_info("counters %s=%s queue=%u %s", what, name, queue, text);
}
