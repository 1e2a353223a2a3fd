/* SPDX-License-Identifier: MIT */
/* change.c - netpair log-level, set, drain, attach and detach */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/errtext.h"
#include "common/host/options.h"
#include "netpair.h"

/* Sends the words of the command line as a request, which must be so many after the command's name. */
static int change(const struct tool *t, const char *synopsis, int words, int argc, char **argv)
{
	int next = options_parse(PROGRAM, synopsis, NULL, 0, argc, argv), code;
	json_t *doc;

	if (argc - next != words) {
		fprintf(stderr, PROGRAM ": usage: " PROGRAM " %s\n", synopsis);
		return TOOL_USAGE;
	}
	code = ask(t, &doc, "%s %s %s", argv[0], words > 0 ? argv[next] : "", words > 1 ? argv[next + 1] : "");
	if (code)
		return code;
	if (t->json)
		return ask_print_json(doc);
	json_decref(doc);
	return TOOL_OK;
}

int log_level_run(const struct tool *t, int argc, char **argv)
{
	return change(t, "log-level error|warn|info|debug", 1, argc, argv);
}

int set_run(const struct tool *t, int argc, char **argv)
{
	static char rate[64] = "rate=";

	if (argc == 3 && strncmp(argv[2], "rate=", 5) == 0) {
		if (!rate_key(rate + 5, sizeof(rate) - 5, argv[2] + 5)) {
			fprintf(stderr, PROGRAM ": rate \"%s\" is not like 10MB/s, 800Kb/s@20ms, 500000,50000 or none\n", argv[2] + 5);
			return TOOL_USAGE;
		}
		argv[2] = rate;
	}
	return change(t, "set VIF rate=RATE|rate=none", 2, argc, argv);
}

int drain_run(const struct tool *t, int argc, char **argv)
{
	return change(t, "drain", 0, argc, argv);
}

/* Becomes a script of xenstore-scripts/, which has its own options and help. */
static int change_run_script(const char *script, char **argv)
{
	execvp(script, argv);
	fprintf(stderr, PROGRAM ": cannot run %s, which is to be in PATH: %s\n", script, errtext(ERRTEXT_FILE, -errno));
	return TOOL_FAILED;
}

int attach_run(const struct tool *t, int argc, char **argv)
{
	(void)t;
	(void)argc;
	return change_run_script("vif-add", argv);
}

int detach_run(const struct tool *t, int argc, char **argv)
{
	(void)t;
	(void)argc;
	return change_run_script("vif-remove", argv);
}
