/* SPDX-License-Identifier: MIT */
/* host.c - starts the host, serves, and ends it */
#include "host.h"

#include "ctl.h"
#include "faults.h"
#include "state.h"
#include "tools/xensim/base/loop.h"
#include "tools/xensim/base/util.h"
#include "tools/xensim/store/hooks.h"
#include "tools/xensim/store/nodes.h"
#include "toolstack.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const char *host_dir;

static bool host_domain_exists(uint32_t domid)
{
	return dom_find(domid) != NULL;
}

static const struct store_hooks host_store_hooks = {
	.domain_exists = host_domain_exists,
	.on_read = faults_on_read,
	.on_write = faults_on_write,
};

static void host_on_signal(struct source *s, uint32_t events)
{
	struct signalfd_siginfo si;

	(void)events;
	if (read(s->fd, &si, sizeof(si)) > 0)
		loop_stop();
}

static void host_watch_signals(void)
{
	static struct source s = { .ready = host_on_signal };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	s.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s.fd < 0 || loop_add(&s, EPOLLIN) < 0)
		die("signalfd");
}

static void host_raise_file_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
}

static void host_end(void)
{
	while (doms) {
		struct dom *d = doms;

		while (d->next)
			d = d->next;
		toolstack_destroy(d);
	}
	state_remove(host_dir);
}

/* Ends a host that cannot start: writes one line and removes what it has made. */
static void host_give_up(const char *what) __attribute__((noreturn));

static void host_give_up(const char *what)
{
	fprintf(stderr, "xensim: %s: %s\n", what, strerror(errno));
	host_end();
	exit(1);
}

static void host_serve(const struct host_options *opt, int ready)
{
	char *why = NULL;
	struct dom *d;

	host_raise_file_limit();
	loop_init();
	host_watch_signals();
	store_hooks_set(&host_store_hooks);
	nodes_init();
	if (state_sign() < 0)
		host_give_up(opt->dir);
	d = toolstack_create("dom0", opt->netns ? TOOLSTACK_NETNS : 0, &opt->dom, &why);
	if (!d) {
		fprintf(stderr, "xensim: %s\n", why);
		host_end();
		exit(1);
	}
	if (ctl_init(opt->dir, &opt->dom) < 0)
		host_give_up(opt->dir);
	if (opt->foreground)
		printf("serving %s\n", opt->dir);
	else
		dup2(1, 2); /* from now on errors go to the log */
	fflush(stdout);
	if (write(ready, "", 1) != 1)
		host_give_up("start");
	close(ready);
	loop_run();
	host_end();
}

static void host_detach(void)
{
	char *path = xprintf("%s/log", host_dir);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	free(path);
	setsid();
	if (null < 0 || log < 0 || chdir("/") < 0)
		host_give_up(host_dir);
	dup2(null, 0);
	dup2(log, 1);
}

/* Signals wait until the host's loop reads them. */
static void host_block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

int host_start(const struct host_options *opt)
{
	int fds[2];
	char byte;
	pid_t pid;

	host_dir = opt->dir;
	toolstack_init(opt->dir);
	host_block_signals();
	state_take(opt->dir);
	if (pipe2(fds, O_CLOEXEC) < 0)
		host_give_up("pipe");
	if (opt->foreground) {
		host_serve(opt, fds[1]);
		return 0;
	}
	pid = fork();
	if (pid < 0)
		host_give_up("fork");
	if (pid == 0) {
		close(fds[0]);
		host_detach();
		host_serve(opt, fds[1]);
		exit(0);
	}
	close(fds[1]);
	return read(fds[0], &byte, 1) == 1 ? 0 : 1;
}
