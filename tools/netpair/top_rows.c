/* SPDX-License-Identifier: MIT */
/* top_rows.c - rates out of counters, for top.h */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netpair.h"
#include "top.h"
#include "xen.h"

/* Processor time of one process or domain at the last look. */
struct top_time {
	uint64_t id, ns;
};

/* Returns the processor time that a process has used, in nanoseconds; 0: not known. */
static uint64_t top_process_time(uint64_t pid)
{
	unsigned long user = 0, kernel = 0;
	char path[40], line[512];
	const char *at;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%" PRIu64 "/stat", pid);
	f = fopen(path, "re");
	if (f && fgets(line, sizeof(line), f) && (at = strrchr(line, ')')) != NULL)
		(void)!sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel);
	if (f)
		fclose(f);
	return (uint64_t)(user + kernel) * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* Returns the VIF of an earlier document, or NULL. index is where it is now, and most likely was. */
static const json_t *top_find(const json_t *doc, const char *name, size_t index)
{
	const json_t *vif = json_array_get(json_object_get(doc, "vifs"), index);

	return vif && strcmp(text_of(vif, "name"), name) == 0 ? vif : ask_find_vif(doc, name);
}

/* Returns how much a counter grew; what is new, or began anew, counts from 0. */
static double top_grown(const json_t *before, const json_t *now, const char *object, const char *key)
{
	uint64_t was = before ? number_in(before, object, key) : 0, is = number_in(now, object, key);

	return (double)(is >= was ? is - was : is);
}

/* Returns the requests of the guest's transmit rings that are not answered. */
static unsigned int top_waiting(const json_t *vif)
{
	unsigned int sum = 0;
	json_t *at;
	size_t i;

	json_array_foreach(json_object_get(vif, "rings"), i, at)
		sum += (unsigned int)number_in(at, "gtx", "unanswered");
	return sum;
}

static void top_fill(struct top_row *r, const json_t *before, const json_t *now, double seconds)
{
	double packets;

	snprintf(r->name, sizeof(r->name), "%s", text_of(now, "name"));
	snprintf(r->guest, sizeof(r->guest), "%s", text_of(now, "guest"));
	snprintf(r->state, sizeof(r->state), "%s", text_of(now, "state"));
	r->domid = (uint32_t)number_of(now, "domid");
	r->from_pps = top_grown(before, now, "from_guest", "packets") / seconds;
	r->to_pps = top_grown(before, now, "to_guest", "packets") / seconds;
	r->from_bps = top_grown(before, now, "from_guest", "bytes") * 8 / seconds;
	r->to_bps = top_grown(before, now, "to_guest", "bytes") * 8 / seconds;
	r->drops = (top_grown(before, now, "from_guest", "drops") + top_grown(before, now, "to_guest", "drops")) / seconds;
	r->wakeups = top_grown(before, now, "counters", "sleeps") / seconds;
	packets = (r->from_pps + r->to_pps) * seconds;
	r->copies = packets > 0 ? top_grown(before, now, "counters", "grant_ops") / packets : 0;
	r->waiting = top_waiting(now);
	r->cpu = r->guest_cpu = -1;
}

/* Adds the processor shares since the last call. A process serves all VIFs of its guest: each has its whole share. */
static void top_add_times(struct top_row *r, const json_t *vif, double seconds)
{
	static struct top_time *times;
	static size_t n;
	const json_t *process = json_object_get(vif, "process");
	/* A domain's entry is told from a process's by its high bit. */
	const uint64_t ids[2] = { number_of(process, "pid"), number_of(vif, "domid") | UINT64_C(1) << 63 };
	double *const shares[2] = { &r->cpu, &r->guest_cpu };

	for (unsigned int k = 0; k < 2; k++) {
		struct top_time *t = NULL, *more;
		uint64_t ns = 0;

		if (k == 0 ? !ids[0] || !(ns = top_process_time(ids[0])) : xen_domain_time(r->domid, &ns) != 0)
			continue;
		for (size_t i = 0; i < n && !t; i++)
			if (times[i].id == ids[k])
				t = &times[i];
		if (t) {
			*shares[k] = (double)(ns - t->ns) / (seconds * 1e7);
			t->ns = ns;
		} else if ((more = realloc(times, (n + 1) * sizeof(*times))) != NULL) {
			times = more;
			times[n++] = (struct top_time){ ids[k], ns };
		}
	}
}

void top_make(struct top_table *table, const struct top_look *before, const struct top_look *now, const char *filter)
{
	const json_t *vifs = json_object_get(now->doc, "vifs"), *vif;
	double seconds = (double)(now->when - before->when) / 1e6;
	size_t i;

	table->n = 0;
	table->rows = calloc(json_array_size(vifs) + 1, sizeof(*table->rows));
	if (!table->rows)
		return;
	json_array_foreach(vifs, i, vif) {
		struct top_row *r = &table->rows[table->n];

		top_fill(r, top_find(before->doc, text_of(vif, "name"), i), vif, seconds > 0.001 ? seconds : 0.001);
		if (*filter && !strstr(r->name, filter) && !strstr(r->guest, filter))
			continue;
		top_add_times(r, vif, seconds > 0.001 ? seconds : 0.001);
		table->n++;
	}
}

static int top_by_name(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	return strverscmp(x->name, y->name);
}

#define TOP_BY_(name_, value_) \
	static int name_(const void *a, const void *b) \
	{ \
		const struct top_row *x = a, *y = b; \
		\
		return x->value_ < y->value_ ? 1 : x->value_ > y->value_ ? -1 : top_by_name(a, b); \
	}
TOP_BY_(top_by_from, from_bps)
TOP_BY_(top_by_to, to_bps)
TOP_BY_(top_by_drops, drops)
TOP_BY_(top_by_cpu, cpu)
#undef TOP_BY_

void top_sort(struct top_table *table, enum top_sort by)
{
	static int (*const compare[])(const void *, const void *) = {
		[TOP_SORT_NAME] = top_by_name, [TOP_SORT_FROM] = top_by_from, [TOP_SORT_TO] = top_by_to,
		[TOP_SORT_DROPS] = top_by_drops, [TOP_SORT_CPU] = top_by_cpu,
	};

	qsort(table->rows, table->n, sizeof(*table->rows), compare[by]);
}

void top_free(struct top_table *table)
{
	free(table->rows);
	*table = (struct top_table){ NULL, 0 };
}
