/* SPDX-License-Identifier: MIT */
/* The host process: start, domains, end. */
#include "host.h"

#include "../store/store.h"
#include "util.h"

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

static const char *state_dir;
static uint32_t next_domid;

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

const char *host_dir(void)
{
	return state_dir;
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

/* Which guest it is, whatever its id. */
static void dom_uuid(struct dom *d)
{
	FILE *f = fopen("/proc/sys/kernel/random/uuid", "re");

	if (!f || fscanf(f, "%36s", d->uuid) != 1)
		snprintf(d->uuid, sizeof(d->uuid), "00000000-0000-0000-0000-%012u", d->id);
	if (f)
		fclose(f);
}

/* As libxl: what is of the guest and not of its id. */
static void uuid_nodes(const struct dom *d)
{
	char *vm = xprintf("/vm/%s", d->uuid);
	char *path;

	store_put(path = xprintf("/local/domain/%u/vm", d->id), vm, 0, (int)d->id);
	free(path);
	store_put(path = xprintf("%s/uuid", vm), d->uuid, 0, (int)d->id);
	free(path);
	store_put(path = xprintf("%s/name", vm), d->name, 0, (int)d->id);
	free(path);
	free(vm);
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
		store_put(path = xprintf("/libxl/%u/type", d->id), "pv", 0, -1);
		free(path);
		uuid_nodes(d);
	}
	if (driver) {
		store_put(path = xprintf("%s/backend", top), "", d->id, -1);
		free(path);
	}
	free(id);
	free(top);
}

void host_dom0_nodes(void)
{
	dom_nodes(dom_find(0), 0);
}

static void wipe_nodes(uint32_t id, const char *uuid)
{
	char *path;

	store_wipe(path = xprintf("/vm/%s", uuid));
	free(path);
	store_wipe(path = xprintf("/local/domain/%u", id));
	free(path);
	store_wipe(path = xprintf("/libxl/%u", id));
	free(path);
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
	if (opt->domid && dom_find(opt->domid)) {
		*why = xprintf("domain id %u is in use", opt->domid);
		return NULL;
	}
	d = dom_create(state_dir, opt->domid ? opt->domid : next_domid, name, opt);
	if (!d) {
		*why = xprintf("domain %s: %s", name, errno == ENOSYS ? "this kernel has no memory files (memfd_create)" : strerror(errno));
		return NULL;
	}
	if (netns && dom_netns(d, why) < 0) {
		if (d->netns)
			state_netns_remove(d->netns);
		dom_destroy(d);
		return NULL;
	}
	if (d->id >= next_domid)
		next_domid = d->id + 1;
	dom_uuid(d);
	d->driver = driver;
	dom_nodes(d, driver);
	store_introduce(d->id);
	return d;
}

void host_destroy(struct dom *d)
{
	uint32_t id = d->id;
	char uuid[sizeof(d->uuid)];

	memcpy(uuid, d->uuid, sizeof(uuid));
	procs_signal(d->dir, SIGKILL);
	if (d->netns)
		state_netns_remove(d->netns);
	dom_destroy(d);
	wipe_nodes(id, uuid);
	store_release(id);
}

void host_restore(struct dom *d)
{
	uint32_t old = d->id;

	dom_rename(d, next_domid++);
	store_rename(old, d->id); /* before the nodes go: nobody in there shall hear of it */
	wipe_nodes(old, d->uuid);
	store_release(old);
	dom_nodes(d, d->driver);
	store_introduce(d->id);
	store_resume(d->id);
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
	state_remove(state_dir);
}

/* In the host itself: one line, nothing left behind. */
static void give_up(const char *what) __attribute__((noreturn));

static void give_up(const char *what)
{
	fprintf(stderr, "xensim: %s: %s\n", what, strerror(errno));
	host_end();
	exit(1);
}

static void serve(const struct host_options *opt, int ready)
{
	char *why = NULL;
	struct dom *d;

	more_files();
	loop_init();
	watch_signals();
	store_init();
	if (state_sign() < 0)
		give_up(opt->dir);
	d = host_domain("dom0", opt->netns, 0, &opt->dom, &why);
	if (!d) {
		fprintf(stderr, "xensim: %s\n", why);
		host_end();
		exit(1);
	}
	if (ctl_init(opt->dir, &opt->dom) < 0)
		give_up(opt->dir);
	if (opt->foreground)
		printf("serving %s\n", opt->dir);
	else
		dup2(1, 2); /* no more on the terminal, but in the log */
	fflush(stdout);
	if (write(ready, "", 1) != 1)
		give_up("start");
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
	if (null < 0 || log < 0 || chdir("/") < 0)
		give_up(state_dir);
	dup2(null, 0);
	dup2(log, 1);
}

/* From here on, until the host serves them, signals wait. */
static void block_signals(void)
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

	state_dir = opt->dir;
	block_signals();
	state_take(opt->dir);
	if (pipe2(fds, O_CLOEXEC) < 0)
		give_up("pipe");
	if (opt->foreground) {
		serve(opt, fds[1]);
		return 0;
	}
	pid = fork();
	if (pid < 0)
		give_up("fork");
	if (pid == 0) {
		close(fds[0]);
		detach_from_terminal();
		serve(opt, fds[1]);
		exit(0);
	}
	close(fds[1]);
	return read(fds[0], &byte, 1) == 1 ? 0 : 1;
}
