/* SPDX-License-Identifier: MIT */
/* list.c - netpair list and show */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "common/host/options.h"
#include "netpair.h"

static void list_print_row(const json_t *vif)
{
	char from[TEXT_BYTES_MAX], to[TEXT_BYTES_MAX], drops[TEXT_BYTES_MAX];

	printf("%-9.9s %-13.13s %-11.11s %-12.12s %-5.5s %8s %8s %6s\n", text_of(vif, "name"), text_of(vif, "guest"), text_of(vif, "device"),
	       text_of(vif, "state"), text_of(vif, "channels"), text_bytes(from, number_in(vif, "from_guest", "bytes")),
	       text_bytes(to, number_in(vif, "to_guest", "bytes")),
	       text_count(drops, (double)(number_in(vif, "from_guest", "drops") + number_in(vif, "to_guest", "drops"))));
}

#define LIST_HEAD "VIF       GUEST         DEVICE      STATE        CHAN      FROM TO GUEST  DROPS"

int list_run(const struct tool *t, int argc, char **argv)
{
	int next = options_parse(PROGRAM, "list [VIF|GUEST|DOMID]", NULL, 0, argc, argv), code;
	json_t *doc;

	code = ask_argument(t, &doc, "list", next, argc, argv);
	return code ? code : ask_print_vifs(t, doc, LIST_HEAD, list_print_row);
}

/* --- show ---------------------------------------------------------------------- */

static void show_line(const char *what, const char *text)
{
	printf("  %-16s ", what);
	text_wrap(text, 19, 19);
}

static void show_number(const json_t *object, const char *key, const char *what, const char *unit)
{
	char text[40];

	if (!json_object_get(object, key))
		return;
	snprintf(text, sizeof(text), "%" PRIu64 "%s%s", number_of(object, key), *unit ? " " : "", unit);
	show_line(what, text);
}

/* Prints the names of the flags that are set, or of those that are not. */
static void show_flags(const json_t *flags, bool set, const char *what)
{
	json_t *object = json_object_get(flags, "features");
	char text[400] = "";
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		size_t used = strlen(text);

		if (json_is_true(value) == set)
			snprintf(text + used, sizeof(text) - used, "%s%s", used ? " " : "", key);
	}
	if (object)
		show_line(what, *text ? text : "-");
}

static void show_totals(const json_t *vif, const char *member, const char *what)
{
	const json_t *way = json_object_get(vif, member);
	char bytes[TEXT_BYTES_MAX], text[120];

	snprintf(text, sizeof(text), "%" PRIu64 " packets, %s, %" PRIu64 " dropped", number_of(way, "packets"),
		 text_bytes(bytes, number_of(way, "bytes")), number_of(way, "drops"));
	show_line(what, text);
}

/* Prints the lines of /proc/PID/status that say how well a process is locked in. */
static void show_locked(uint64_t pid)
{
	static const char *const wanted[] = { "Uid:", "Seccomp:", "NoNewPrivs:", "CapEff:" };
	char path[40], line[160], text[200];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%" PRIu64 "/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		for (unsigned int i = 0; i < ARRAY_SIZE(wanted); i++) {
			size_t len = strlen(wanted[i]);

			if (strncmp(line, wanted[i], len) != 0)
				continue;
			snprintf(text, sizeof(text), "%.*s %.*s", (int)len - 1, wanted[i], (int)strcspn(line + len + 1, "\t\n"), line + len + 1);
			show_line("", text);
		}
	}
	if (f)
		fclose(f);
}

static void show_process(const json_t *vif)
{
	const json_t *process = json_object_get(vif, "process");
	char text[80];

	if (!process)
		return;
	if (number_of(process, "pid") == 0) {
		snprintf(text, sizeof(text), "netbackd's own (isolation %s), %" PRIu64 " workers", text_of(process, "isolation"),
			 number_of(process, "workers"));
		show_line("process", text);
		return;
	}
	snprintf(text, sizeof(text), "%" PRIu64 ", %" PRIu64 " workers", number_of(process, "pid"), number_of(process, "workers"));
	show_line("process", text);
	show_locked(number_of(process, "pid"));
}

static void show_since(const json_t *vif)
{
	time_t since = (time_t)number_of(vif, "since");
	struct tm tm;
	char text[40];

	if (!since || !localtime_r(&since, &tm))
		return;
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	show_line("since", text);
}

/* Prints the indices of a ring, which are free-running, and how many requests wait for an answer. */
static void show_ring(const json_t *at, const char *ring)
{
	const json_t *r = json_object_get(at, ring);
	char what[24], text[120];

	snprintf(what, sizeof(what), "%s %" PRIu64, ring, number_of(at, "queue"));
	snprintf(text, sizeof(text), "req_prod %" PRIu64 ", rsp_prod %" PRIu64 ", cons %" PRIu64 ": %" PRIu64 " unanswered",
		 number_of(r, "req_prod"), number_of(r, "rsp_prod"), number_of(r, "cons"), number_of(r, "unanswered"));
	show_line(what, text);
}

static void show_rings(const json_t *vif)
{
	const bool mask = strcmp(text_of(vif, "channels"), "mask") == 0;
	json_t *at;
	size_t i;

	json_array_foreach(json_object_get(vif, "rings"), i, at) {
		char text[120];

		show_ring(at, "gtx");
		show_ring(at, "grx");
		snprintf(text, sizeof(text), "%" PRIu64 " %s, slept %" PRIu64 " times", number_of(at, "worker"),
			 json_is_true(json_object_get(at, "asleep")) ? "sleeps" : "works", number_of(at, "sleeps"));
		show_line("worker", text);
		snprintf(text, sizeof(text), "%#" PRIx64 ", theirs %#" PRIx64, number_of(at, "mask_ours"), number_of(at, "mask_theirs"));
		if (mask)
			show_line("event mask", text);
	}
}

static void show_settings(const json_t *vif)
{
	const json_t *s = json_object_get(vif, "settings");
	char text[120];

	if (!s)
		return;
	snprintf(text, sizeof(text), "%s%s%s%s", text_of(s, "rate"), json_is_true(json_object_get(s, "rate_from_guest")) ? " from guest" : "",
		 json_is_true(json_object_get(s, "rate_to_guest")) ? " to guest" : "", json_object_get(s, "rate") ? "" : " (no limit)");
	show_line("rate", json_object_get(s, "rate") ? text : "no limit");
	show_line("multicast filter", json_is_true(json_object_get(s, "multicast_filter")) ? "on" : "off");
	show_number(s, "headroom", "headroom", "bytes");
	show_number(s, "hold_ms", "hold", "ms");
	show_number(s, "stall_ms", "stall", "ms");
	show_number(s, "queue_bytes", "queue", "bytes at most");
}

static void show_print(const json_t *vif)
{
	char text[200];

	printf("%s\n", text_of(vif, "name"));
	snprintf(text, sizeof(text), "%s, domain %" PRIu64, text_of(vif, "guest"), number_of(vif, "domid"));
	show_line(json_object_get(vif, "guest") ? "guest" : "peer", text);
	if (json_object_get(vif, "uuid"))
		show_line("uuid", text_of(vif, "uuid"));
	show_line("device", text_of(vif, "device"));
	if (json_object_get(vif, "mac"))
		show_line("mac", text_of(vif, "mac"));
	if (json_object_get(vif, "switch"))
		snprintf(text, sizeof(text), "%s, %s", text_of(vif, "port"), json_is_true(json_object_get(vif, "switch")) ? "a switch is connected" : "no switch");
	else
		snprintf(text, sizeof(text), "%s", text_of(vif, "port"));
	if (json_object_get(vif, "port"))
		show_line("port", text);
	snprintf(text, sizeof(text), "%s (the other end: %s)", text_of(vif, "state"), text_of(vif, "peer_state"));
	show_line("state", text);
	if (json_object_get(vif, "error"))
		show_line("error", text_of(vif, "error"));
	show_since(vif);
	if (json_object_get(vif, "channels"))
		show_line("channels", text_of(vif, "channels"));
	show_number(vif, "queues", "queues", "");
	show_flags(vif, true, "agreed");
	show_flags(vif, false, "not agreed");
	show_totals(vif, "from_guest", "from guest");
	show_totals(vif, "to_guest", "to guest");
	show_rings(vif);
	show_settings(vif);
	show_process(vif);
}

int show_run(const struct tool *t, int argc, char **argv)
{
	int next = options_parse(PROGRAM, "show [VIF|GUEST|DOMID]", NULL, 0, argc, argv), code;
	json_t *doc;

	code = ask_argument(t, &doc, "show", next, argc, argv);
	return code ? code : ask_print_vifs(t, doc, NULL, show_print);
}
