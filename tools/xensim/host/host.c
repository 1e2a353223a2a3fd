/* SPDX-License-Identifier: MIT */
/*
 * The host process: start, domains, end.
 *
 * A lock on DIR/lock says that a host is alive; whoever gets it may clear
 * what an earlier, killed host left: its directories, and the namespaces
 * whose names are in DIR/dom/ID/netns.
 */
#include "host.h"

#include "../store/store.h"
#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *state_dir;
static uint32_t next_domid;

static void netns_remove(const char *name)
{
	const char *const argv[] = { "ip", "netns", "del", name, NULL };

	run_quiet(argv, 1);
}

static int netns_make(const char *name)
{
	const char *const add[] = { "ip", "netns", "add", name, NULL };
	const char *const up[] = { "ip", "-n", name, "link", "set", "lo", "up", NULL };
	char *path = xprintf("/run/netns/%s", name);
	int there = access(path, F_OK) == 0;

	free(path);
	if (there) {
		errno = EEXIST;
		return -1;
	}
	errno = EPERM;
	return run_quiet(add, 1) == 0 && run_quiet(up, 1) == 0 ? 0 : -1;
}

static char *netns_name(const char *domain)
{
	const char *base = strrchr(state_dir, '/');

	base = base ? base + 1 : state_dir;
	if (!strncmp(base, "xensim", 6))
		return xprintf("%s-%s", base, domain);
	return xprintf("xensim-%s-%s", base, domain);
}

static int remember_netns(const struct dom *d)
{
	char *path = xprintf("%s/netns", d->dir);
	FILE *f = fopen(path, "we");
	int ok = f && fprintf(f, "%s\n", d->netns) > 0;

	if (f && fclose(f))
		ok = 0;
	free(path);
	return ok ? 0 : -1;
}

static int dom_netns(struct dom *d, char **why)
{
	d->netns = netns_name(d->name);
	if (netns_make(d->netns) < 0) {
		*why = xprintf("network namespace %s: %s", d->netns, errno == EEXIST ? "exists already" : "cannot be made (root? iproute2?)");
		free(d->netns);
		d->netns = NULL;
		return -1;
	}
	if (remember_netns(d) == 0)
		return 0;
	*why = xprintf("%s: %s", d->dir, strerror(errno));
	return -1;
}

/* The nodes that libxl makes for a new domain. */
static void dom_nodes(const struct dom *d, int driver)
{
	static const char *const own[] = { "control/shutdown", "data", "drivers", "feature", "attr", "error" };
	char *top = xprintf("/local/domain/%u", d->id);
	char *id = xprintf("%u", d->id);
	char *path;
	size_t i;

	store_put(top, "", 0, d->id ? (int)d->id : -1);
	store_put(path = xprintf("%s/name", top), d->name, 0, (int)d->id);
	free(path);
	store_put(path = xprintf("%s/domid", top), id, 0, (int)d->id);
	free(path);
	for (i = 0; d->id && i < sizeof(own) / sizeof(own[0]); i++) {
		store_put(path = xprintf("%s/%s", top, own[i]), "", d->id, -1);
		free(path);
	}
	if (d->id) {
		store_put(path = xprintf("%s/device", top), "", 0, (int)d->id);
		free(path);
		store_put(path = xprintf("/libxl/%u", d->id), "", 0, -1);
		free(path);
	}
	if (driver) {
		store_put(path = xprintf("%s/backend", top), "", d->id, -1);
		free(path);
	}
	free(id);
	free(top);
}

static int name_ok(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > 32 || (*name >= '0' && *name <= '9'))
		return 0;
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}

struct dom *host_domain(const char *name, int netns, int driver, const struct dom_options *opt, char **why)
{
	struct dom *d;

	if (!name_ok(name)) {
		*why = xprintf("domain name \"%s\": letters, digits, - and _, a letter first, at most 32", name);
		return NULL;
	}
	if (dom_named(name)) {
		*why = xprintf("domain %s exists already", name);
		return NULL;
	}
	d = dom_create(state_dir, next_domid, name, opt);
	if (!d) {
		*why = xprintf("domain %s: %s", name, strerror(errno));
		return NULL;
	}
	if (netns && dom_netns(d, why) < 0) {
		if (d->netns)
			netns_remove(d->netns);
		dom_destroy(d);
		return NULL;
	}
	next_domid++;
	dom_nodes(d, driver);
	store_introduce(d->id);
	return d;
}

void host_destroy(struct dom *d)
{
	uint32_t id = d->id;
	char *path;

	procs_signal(d->dir, SIGKILL);
	if (d->netns)
		netns_remove(d->netns);
	dom_destroy(d);
	store_wipe(path = xprintf("/local/domain/%u", id));
	free(path);
	store_wipe(path = xprintf("/libxl/%u", id));
	free(path);
	store_release(id);
}

void host_clean(const char *dir)
{
	char *doms_dir = xprintf("%s/dom", dir);
	DIR *d = opendir(doms_dir);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		char *path = xprintf("%s/%s/netns", doms_dir, e->d_name);
		char *dom_dir = xprintf("%s/%s", doms_dir, e->d_name);
		FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "re");
		char name[256];

		if (e->d_name[0] != '.')
			procs_signal(dom_dir, SIGKILL);
		if (f && fgets(name, sizeof(name), f)) {
			name[strcspn(name, "\n")] = '\0';
			netns_remove(name);
		}
		if (f)
			fclose(f);
		free(dom_dir);
		free(path);
	}
	if (d)
		closedir(d);
	free(doms_dir);
	remove_tree(dir);
}

static void on_signal(struct source *s, uint32_t events)
{
	struct signalfd_siginfo si;

	(void)events;
	if (read(s->fd, &si, sizeof(si)) > 0)
		loop_stop();
}

static void watch_signals(void)
{
	static struct source s = { .ready = on_signal };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s.fd < 0 || loop_add(&s, EPOLLIN) < 0)
		die("signalfd");
}

static void more_files(void)
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
		host_destroy(d);
	}
	remove_tree(state_dir);
}

static int make_dirs(const char *dir)
{
	char *path = xprintf("%s/dom", dir);
	int ret = mkdir(dir, 0755) < 0 && errno != EEXIST ? -1 : 0;

	if (ret == 0)
		ret = mkdir(path, 0755);
	free(path);
	return ret;
}

/* The lock, on an empty directory; ends the process if another host has it. */
static int take_lock(const char *dir)
{
	char *path = xprintf("%s/lock", dir);
	char *left = xprintf("%s/dom", dir);
	int fd = -1;
	int i;

	for (i = 0; i < 2; i++) {
		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			die(dir);
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0)
			die(path);
		if (flock(fd, LOCK_EX | LOCK_NB) < 0)
			fail("%s: a host runs there already", dir);
		if (access(left, F_OK) < 0)
			break;
		host_clean(dir);
		close(fd);
	}
	free(left);
	free(path);
	return fd;
}

static void serve(const struct host_options *opt, int ready)
{
	char *why = NULL;
	struct dom *d;

	more_files();
	loop_init();
	watch_signals();
	store_init();
	d = host_domain("dom0", opt->netns, 0, &opt->dom, &why);
	if (!d || ctl_init(opt->dir, &opt->dom) < 0) {
		fprintf(stderr, "xensim: %s\n", why ? why : strerror(errno));
		host_end();
		exit(1);
	}
	if (write(ready, "", 1) != 1)
		die("start");
	close(ready);
	loop_run();
	host_end();
}

static void detach_from_terminal(void)
{
	char *path = xprintf("%s/log", state_dir);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	free(path);
	setsid();
	if (chdir("/") < 0 || null < 0 || log < 0)
		die("start");
	dup2(null, 0);
	dup2(null, 1);
	dup2(log, 2);
}

int host_start(const struct host_options *opt)
{
	int fds[2];
	char byte;
	pid_t pid;

	state_dir = opt->dir;
	take_lock(opt->dir);
	if (make_dirs(opt->dir) < 0)
		die(opt->dir);
	if (pipe2(fds, O_CLOEXEC) < 0)
		die("pipe");
	if (opt->foreground) {
		serve(opt, fds[1]);
		return 0;
	}
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		int keep = dup(2);

		close(fds[0]);
		fcntl(keep, F_SETFD, FD_CLOEXEC);
		detach_from_terminal();
		dup2(keep, 2);
		close(keep);
		serve(opt, fds[1]);
		exit(0);
	}
	close(fds[1]);
	return read(fds[0], &byte, 1) == 1 ? 0 : 1;
}
