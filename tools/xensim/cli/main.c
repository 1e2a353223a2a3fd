/* SPDX-License-Identifier: MIT */
/* xensim: the command. */
#include "cli.h"

#include "../host/host.h"
#include "../host/util.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const char *cli_dir;

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
	"  fault DOMAIN read path=END fail [status=ERRNO] [times=N] [after=N]\n"
	"  fault DOMAIN clear | storm [N]\n"
	"DIR is $XENSIM_DIR or /run/xensim-UID (/tmp without /run).\n";

static char *pack(char **words, int n, size_t *len)
{
	size_t room = 1;
	char *buf;
	char *p;
	int i;

	for (i = 0; i < n; i++)
		room += strlen(words[i]) + 1;
	buf = p = xalloc(room);
	for (i = 0; i < n; i++)
		p = stpcpy(p, words[i]) + 1;
	*len = (size_t)(p - buf);
	return buf;
}

void cli_ask(char **words, int n, char **text)
{
	char *path = xprintf("%s/ctl.sock", cli_dir);
	int fd = connect_to(path, SOCK_SEQPACKET);
	char *in = xalloc(65537);
	size_t len;
	char *out = pack(words, n, &len);

	if (fd < 0)
		fail("no host runs in %s", cli_dir);
	errno = 0;
	if (send(fd, out, len, MSG_NOSIGNAL) < 0 || recv(fd, in, 65536, 0) < 1)
		fail("the host in %s %s", cli_dir, errno == EAGAIN ? "does not answer" : "has gone");
	if (*in != '0')
		fail("%s", in + 1);
	close(fd);
	free(out);
	free(path);
	*text = xprintf("%s", in + 1);
	free(in);
}

void cli_lookup(const char *name, struct cli_dom *d)
{
	char lookup[] = "lookup";
	char *arg = xprintf("%s", name);
	char *words[] = { lookup, arg };
	char *text;

	cli_ask(words, 2, &text);
	if (sscanf(text, "%u %63s %255s %127s", &d->id, d->name, d->dir, d->netns) != 4)
		fail("the host's answer is not understood");
	if (!strcmp(d->netns, "-"))
		d->netns[0] = '\0';
	free(text);
	free(arg);
}

static uint32_t count_option(const char *arg, const char *v, uint32_t max)
{
	unsigned long n = strtoul(v, NULL, 10);

	if (!n || n > max)
		fail("%s: 1 to %u", arg, max);
	return (uint32_t)n;
}

static int cmd_start(int argc, char **argv)
{
	struct host_options opt = { .dir = cli_dir, .dom = { .max_pages = 1024, .max_refs = 32768 } };
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
	char *path = xprintf("%s/ctl.sock", cli_dir);
	int fd = connect_to(path, SOCK_SEQPACKET);
	size_t len;
	char *out = pack(argv, argc, &len);
	int dying = fd >= 0;
	ssize_t n = 1;
	char byte;

	/* Until it hangs up; that may also be because it was just killed. */
	if (fd >= 0 && send(fd, out, len, MSG_NOSIGNAL) > 0)
		while (n > 0)
			n = recv(fd, &byte, 1, 0);
	if (n < 0 && errno == EAGAIN)
		dying = 0;
	free(out);
	free(path);
	if (state_clear(cli_dir, dying) == 0 || (dying && errno == ENOENT))
		return 0;
	if (errno == EWOULDBLOCK)
		fail("the host in %s does not answer", cli_dir);
	fail("no host runs in %s", cli_dir);
}

static int cmd_ask(int argc, char **argv)
{
	char *text;

	cli_ask(argv, argc, &text);
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

static void set_dir(const char *dir)
{
	char cwd[4096];

	if (*dir == '/')
		cli_dir = dir;
	else if (getcwd(cwd, sizeof(cwd)))
		cli_dir = xprintf("%s/%s", cwd, dir);
	else
		die("the current directory");
	if (strlen(cli_dir) > 64)
		fail("%s: too long for the path of a socket (64)", cli_dir);
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
	set_dir(dir && *dir ? dir : default_dir());
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
