/* SPDX-License-Identifier: MIT */
/* main.c - netpair: the options before the command, and the commands */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/host/instance.h"
#include "common/host/options.h"
#include "netpair.h"

static const struct command {
	const char *name;
	tool_command *run;
	const char *help;
} commands[] = {
	{ "list", list_run, "each VIF, its guest, device and state, what it moved and dropped" },
	{ "show", show_run, "a VIF in full" },
	{ "stats", stats_run, "all counters, as a table or for Prometheus" },
	{ "drops", drops_run, "what was dropped, why, and what helps" },
	{ "top", top_run, "a live table of rates" },
	{ "capture", capture_run, "frames at the ring with their fate, to a pcapng file" },
	{ "latency", latency_run, "how long a VIF's workers and answers take, as histograms" },
	{ "log-level", log_level_run, "set the level of the daemon's log" },
	{ "set", set_run, "set a VIF's rate" },
	{ "drain", drain_run, "close every VIF in order and end the daemon" },
	{ "check", check_run, "what a daemon's start would need on this host" },
	{ "attach", attach_run, "attach a VIF (the script vif-add)" },
	{ "detach", detach_run, "detach a VIF (the script vif-remove)" },
};

static int main_usage(FILE *f)
{
	fprintf(f, "usage: " PROGRAM " [-f] [-j] COMMAND [VIF|GUEST|DOMID]\n\n");
	for (unsigned int i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(f, "  %-10s %s\n", commands[i].name, commands[i].help);
	fprintf(f, "\n" PROGRAM " COMMAND --help prints a command's options.\n");
	return TOOL_USAGE;
}

/* Returns the synopsis for --help, with the names of all commands. */
static const char *main_synopsis(void)
{
	static char text[300] = "[OPTION...] COMMAND [VIF|GUEST|DOMID]\n\ncommands:";

	for (unsigned int i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, " %s", commands[i].name);
	}
	return text;
}

int main(int argc, char **argv)
{
	struct tool t = { .run_dir = NULL };
	const struct option_row rows[] = {
		{ "f,frontend", NULL, "ask netfrontd, not netbackd", OPTION_FLAG, { .flag = &t.frontend }, 0, 0 },
		{ "j,json", NULL, "print the daemon's document, or for check one of its own", OPTION_FLAG, { .flag = &t.json }, 0, 0 },
		{ "run-dir", "DIR", "where the daemon's socket is (/run/netpair; with -f /run/netfrontd)", OPTION_TEXT, { .text = &t.run_dir }, 0, 0 },
	};
	int next = options_parse(PROGRAM, main_synopsis(),
				 rows, ARRAY_SIZE(rows), argc, argv);

	if (!t.run_dir)
		t.run_dir = t.frontend ? INSTANCE_FRONT_DIR : INSTANCE_RUN_DIR;
	t.daemon = t.frontend ? "netfrontd" : "netbackd";
	/* A reader that ends early is no error of ours: the write fails, and we end. */
	signal(SIGPIPE, SIG_IGN);
	if (next == argc)
		return main_usage(stderr);
	for (unsigned int i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, argv[next]) == 0)
			return commands[i].run(&t, argc - next, argv + next);
	fprintf(stderr, PROGRAM ": there is no command %s; " PROGRAM " --help lists them\n", argv[next]);
	return TOOL_USAGE;
}
