/* SPDX-License-Identifier: MIT */
/* drops.c - netpair drops: what was dropped, why, and what helps */
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/host/options.h"
#include "netpair.h"

static void drops_print_vif(const json_t *vif)
{
	const json_t *drop;
	unsigned int at;
	size_t i;

	printf("%s", text_of(vif, "name"));
	if (json_object_get(vif, "guest"))
		printf(" (%s)", text_of(vif, "guest"));
	puts(json_array_size(json_object_get(vif, "drops")) ? "" : ": nothing was dropped");
	json_array_foreach(json_object_get(vif, "drops"), i, drop) {
		at = (unsigned int)printf("  %-10s %-8s %10" PRIu64 "  ", text_of(drop, "direction"), text_of(drop, "reason"), number_of(drop, "count"));
		text_wrap(text_of(drop, "help"), 33, at);
	}
}

/* --- --follow -------------------------------------------------------------------- */

/* Returns the count that a document has for a drop of another one; 0 if it has none. */
static uint64_t drops_before(const json_t *doc, const json_t *vif, const json_t *drop)
{
	const json_t *was = ask_find_vif(doc, text_of(vif, "name")), *d;
	size_t i;

	json_array_foreach(json_object_get(was, "drops"), i, d)
		if (strcmp(text_of(d, "reason"), text_of(drop, "reason")) == 0 &&
		    strcmp(text_of(d, "direction"), text_of(drop, "direction")) == 0)
			return number_of(d, "count");
	return 0;
}

/* Prints a line for each drop that has grown. */
static void drops_print_new(const json_t *before, const json_t *now)
{
	time_t when = (time_t)number_of(now, "time");
	char text[16] = "";
	json_t *vif, *drop;
	struct tm tm;
	size_t i, k;

	if (localtime_r(&when, &tm))
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	json_array_foreach(json_object_get(now, "vifs"), i, vif)
		json_array_foreach(json_object_get(vif, "drops"), k, drop) {
			uint64_t was = drops_before(before, vif, drop), count = number_of(drop, "count");
			unsigned int at;

			if (count <= was)
				continue;
			at = (unsigned int)printf("%s %-9s %-10s %-8s +%" PRIu64 "  ", text, text_of(vif, "name"), text_of(drop, "direction"),
						  text_of(drop, "reason"), count - was);
			text_wrap(text_of(drop, "help"), 20, at);
		}
}

/* Prints what is dropped from now on, until there is no daemon, or nobody reads. */
static int drops_follow(const struct tool *t, json_t *before, const char *which)
{
	for (;;) {
		json_t *now;
		int code;

		if (text_end()) {
			json_decref(before);
			return TOOL_FAILED;
		}
		poll(NULL, 0, 1000);
		code = ask_vifs(t, &now, "drops", which);
		if (code) {
			json_decref(before);
			return code;
		}
		if (t->json)
			(void)!json_dumpf(now, stdout, JSON_COMPACT), putchar('\n');
		else
			drops_print_new(before, now);
		json_decref(before);
		before = now;
	}
}

int drops_run(const struct tool *t, int argc, char **argv)
{
	bool follow = false;
	const struct option_row rows[] = {
		{ "follow", NULL, "print what is dropped from now on, each second", OPTION_FLAG, { .flag = &follow }, 0, 0 },
	};
	int next = options_parse(PROGRAM, "drops [--follow] [VIF|GUEST|DOMID]", rows, ARRAY_SIZE(rows), argc, argv), code;
	json_t *doc;

	code = ask_argument(t, &doc, "drops", next, argc, argv);
	if (code)
		return code;
	return follow ? drops_follow(t, doc, next < argc ? argv[next] : "") : ask_print_vifs(t, doc, NULL, drops_print_vif);
}
