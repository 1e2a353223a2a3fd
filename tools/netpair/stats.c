/* SPDX-License-Identifier: MIT */
/* stats.c - netpair stats */
#include <inttypes.h>

#include "common/host/options.h"
#include "netpair.h"

static void stats_print_counters(const json_t *counters, bool nonzero, const char *indent)
{
	json_t *object = json_object_get(counters, "counters"), *value;
	const char *key;

	json_object_foreach(object, key, value) {
		if (!nonzero || json_integer_value(value))
			printf("%s%-28s %20" PRIu64 "\n", indent, key, (uint64_t)json_integer_value(value));
	}
}

static void stats_print_vif(const json_t *vif, bool nonzero)
{
	const json_t *queue;
	size_t i;

	printf("%s\n", text_of(vif, "name"));
	stats_print_counters(vif, nonzero, "  ");
	json_array_foreach(json_object_get(vif, "per_queue"), i, queue) {
		printf("  queue %" PRIu64 "\n", number_of(queue, "queue"));
		stats_print_counters(queue, true, "    ");
	}
}

static void stats_print_all(const json_t *vif)
{
	stats_print_vif(vif, false);
}

static void stats_print_nonzero(const json_t *vif)
{
	stats_print_vif(vif, true);
}

int stats_run(const struct tool *t, int argc, char **argv)
{
	bool nonzero = false, prometheus = false;
	const struct option_row rows[] = {
		{ "nonzero", NULL, "leave out counters that are 0", OPTION_FLAG, { .flag = &nonzero }, 0, 0 },
		{ "prometheus", NULL, "print the text format of Prometheus, for node_exporter's textfile collector", OPTION_FLAG,
		  { .flag = &prometheus }, 0, 0 },
	};
	int next = options_parse(PROGRAM, "stats [OPTION...] [VIF|GUEST|DOMID]", rows, ARRAY_SIZE(rows), argc, argv), code;
	json_t *doc;

	code = ask_argument(t, &doc, "stats", next, argc, argv);
	if (code)
		return code;
	if (!prometheus || t->json)
		return ask_print_vifs(t, doc, NULL, nonzero ? stats_print_nonzero : stats_print_all);
	metrics_print(doc);
	json_decref(doc);
	return text_end();
}
