/* SPDX-License-Identifier: MIT */
/* main.c - the xensim command: reads the command line and runs a command */
#include "ask.h"
#include "exec.h"
#include "restore.h"
#include "tools/xensim/base/util.h"
#include "tools/xensim/host/host.h"
#include "vif_cmds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: xensim [--dir=DIR] COMMAND\n"
	"  start [--foreground] [--netns] [--max-pages=N] [--max-refs=N]\n"
	"  stop | status\n"
	"  domain NAME [--netns] [--driver-domain] [--max-pages=N] [--domid=N]\n"
	"  exec DOMAIN -- COMMAND...\n"
	"  attach-vif BACKDOM FRONTDOM [DEVID] [--hotplug | --script=PATH] [key=value...]\n"
	"  detach-vif FRONTDOM [DEVID] [--script=PATH] [--force]\n"
	"  save-restore|freeze|thaw|kill|destroy DOMAIN\n"
	"  store stop|cont|kill|start [--empty]\n"
	"  fault DOMAIN map|copy|notify|share|bind [fail|delay|drop|partial|kill|freeze]\n"
	"        [all|first|middle|last|every=N|random=PPM] [status=N] [seed=N]\n"
	"        [times=N] [after=N] [ms=N]\n"
	"  fault DOMAIN unmap|unshare|unbind|wake kill|freeze [times=N] [after=N]\n"
	"  fault DOMAIN store path=END [value=V] kill|freeze [times=N] [after=N]\n"
	"  fault DOMAIN read path=END fail|kill|freeze [status=ERRNO] [times=N] [after=N]\n"
	"  fault DOMAIN clear | storm [N]\n"
	"DIR is $XENSIM_DIR or /run/xensim-UID (/tmp without /run).\n";

static uint32_t count_option(const char *arg, const char *v, uint32_t max)
{
	unsigned long n = strtoul(v, NULL, 10);

	if (!n || n > max)
		fail("%s: 1 to %u", arg, max);
	return (uint32_t)n;
}

static int cmd_start(int argc, char **argv)
{
	struct host_options opt = { .dir = ask_dir(), .dom = { .max_pages = 1024, .max_refs = 32768 } };
	int i;

	for (i = 1; i < argc; i++) {
		const char *v;

		if (!strcmp(argv[i], "--foreground"))
			opt.foreground = 1;
		else if (!strcmp(argv[i], "--netns"))
			opt.netns = 1;
		else if ((v = option(argv[i], "max-pages")))
			opt.dom.max_pages = count_option(argv[i], v, XSIM_NR_PAGES);
		else if ((v = option(argv[i], "max-refs")))
			opt.dom.max_refs = count_option(argv[i], v, XSIM_MAX_REFS);
		else
			fail("start: unknown option %s", argv[i]);
	}
	return host_start(&opt);
}

static int cmd_stop(int argc, char **argv)
{
	(void)argc, (void)argv;
	if (ask_stop() < 0)
		fail("no host runs in %s", ask_dir());
	return 0;
}

static int cmd_ask(int argc, char **argv)
{
	char *text = ask_host(argv, argc);

	fputs(text, stdout);
	free(text);
	return 0;
}

static const struct command {
	const char *name;
	int (*fn)(int argc, char **argv);
	int min_args;
} commands[] = {
	{ "start", cmd_start, 0 },
	{ "stop", cmd_stop, 0 },
	{ "status", cmd_ask, 0 },
	{ "domain", cmd_ask, 1 },
	{ "exec", cmd_exec, 2 },
	{ "attach-vif", cmd_attach, 2 },
	{ "detach-vif", cmd_detach, 1 },
	{ "destroy", cmd_destroy, 1 },
	{ "save-restore", cmd_restore, 1 },
	{ "freeze", cmd_ask, 1 },
	{ "thaw", cmd_ask, 1 },
	{ "kill", cmd_ask, 1 },
	{ "fault", cmd_ask, 2 },
	{ "lookup", cmd_ask, 1 },
	{ "store", cmd_ask, 1 },
};

static const char *default_dir(void)
{
	const char *dir = getenv("XENSIM_DIR");

	if (dir && *dir)
		return dir;
	return xprintf("%s/xensim-%u", access("/run", W_OK) == 0 ? "/run" : "/tmp", (unsigned)getuid());
}

int main(int argc, char **argv)
{
	const char *dir = NULL;
	size_t i;

	while (argc > 1 && !strncmp(argv[1], "--", 2)) {
		if (!strcmp(argv[1], "--help")) {
			fputs(usage, stdout);
			return 0;
		}
		dir = option(argv[1], "dir");
		if (!dir)
			fail("unknown option %s", argv[1]);
		argc--;
		argv++;
	}
	ask_set_dir(dir && *dir ? dir : default_dir());
	for (i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		if (argc - 2 < commands[i].min_args)
			break;
		return commands[i].fn(argc - 1, argv + 1);
	}
	fputs(usage, stderr);
	return 2;
}
