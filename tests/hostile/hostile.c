/* SPDX-License-Identifier: MIT */
/* hostile.c - for hostile.h: time, log, hooks, threads, the table */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hostile.h"

#define LOG_CHUNK 65536

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {
		[V_PASS] = "nothing", [V_DROP] = "dropped", [V_FAULT] = "faulted",
		[V_REFUSE] = "refused", [V_ANY] = "survived",
	};

	return names[v];
}

void trouble(struct trouble *t, const char *fmt, ...)
{
	va_list ap;

	if (*t->text)
		return;
	va_start(ap, fmt);
	vsnprintf(t->text, sizeof(t->text), fmt, ap);
	va_end(ap);
}

uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

void pass_time(unsigned int ms)
{
	const struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000L };

	nanosleep(&ts, NULL);
}

uint32_t surprise(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* --- log ----------------------------------------------------------------- */

bool log_open(struct logfile *l, const char *path)
{
	l->fd = open(path, O_RDONLY | O_CLOEXEC);
	l->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return l->fd >= 0 && l->notify >= 0 && inotify_add_watch(l->notify, path, IN_MODIFY) >= 0;
}

void log_mark(struct logfile *l)
{
	if (l->fd >= 0)
		l->mark = lseek(l->fd, 0, SEEK_END);
}

static bool find_line(char *text, const char *a, const char *b, char *line, size_t len)
{
	char *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (!strstr(l, a) || !strstr(l, b))
			continue;
		snprintf(line, len, "%s", l);
		return true;
	}
	return false;
}

bool log_wait(struct logfile *l, const char *a, const char *b, char *line, size_t len, unsigned int ms)
{
	uint64_t end = now_us() + ms * 1000ull;
	char *text = malloc(LOG_CHUNK + 1);
	char events[1024];
	bool found = false;

	while (text && !found) {
		struct pollfd p = { .fd = l->notify, .events = POLLIN };
		ssize_t n = 1;

		/* Drain the events first: the log is read afterwards, so no line is missed. */
		while (read(l->notify, events, sizeof(events)) > 0)
			;
		for (off_t at = l->mark; n > 0 && !found; at += n > LOG_CHUNK / 2 ? n / 2 : n) {
			n = pread(l->fd, text, LOG_CHUNK, at);
			text[n > 0 ? n : 0] = '\0';
			found = find_line(text, a, b, line, len);
		}
		if (found || now_us() >= end)
			break;
		poll(&p, 1, (int)((end - now_us()) / 1000) + 1);
	}
	free(text);
	return found;
}

uint64_t counter(const char *line, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = strstr(line, name); at; at = strstr(at + 1, name))
		if (at[len] == '=' && (at == line || at[-1] == ' '))
			return strtoull(at + len + 1, NULL, 10);
	return 0;
}

static bool is_damage(const char *name)
{
	return strstr(name, "_drop_") || strncmp(name, "peer_faults", 11) == 0;
}

void check_counters(struct trouble *t, const char *line, const char *want)
{
	char text[1024], *save = NULL;

	snprintf(text, sizeof(text), "%s", want);
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *eq = strchr(w, '=');
		uint64_t n;

		if (!eq)
			continue;
		*eq = '\0';
		n = counter(line, w);
		if (n != strtoull(eq + 1, NULL, 10))
			trouble(t, "%s is %" PRIu64 ", not %s", w, n, eq + 1);
	}
	snprintf(text, sizeof(text), "%s", line);
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *eq = strchr(w, '=');

		if (!eq)
			continue;
		*eq = '\0';
		if (is_damage(w) && !strstr(want, w))
			trouble(t, "%s=%s was not expected", w, eq + 1);
	}
}

/* --- the host's side ------------------------------------------------------ */

bool hook_there(void)
{
	const char *prog = getenv("HOSTILE_HOOK");

	return prog && *prog;
}

bool hook(const char *verb, const char *words)
{
	char line[512];
	int status;

	snprintf(line, sizeof(line), "exec \"$HOSTILE_HOOK\" %s %s", verb, words);
	/* xensim's libraries in this process act for this domain, not for the host. */
	status = hook_there() ? system(line) : -1;
	return status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int socket_in(const char *netns, int family, int type)
{
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), other, fd = -1;
	char path[128];

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	other = open(path, O_RDONLY | O_CLOEXEC);
	if (own >= 0 && other >= 0 && setns(other, CLONE_NEWNET) == 0) {
		fd = socket(family, type | SOCK_CLOEXEC, 0);
		if (setns(own, CLONE_NEWNET) < 0)
			abort();
	}
	close(own);
	close(other);
	return fd;
}

/* --- threads --------------------------------------------------------------- */

struct again {
	pthread_t thread;
	bool stop;
	void (*fn)(void *arg);
	void *arg;
};

static void *again_main(void *arg)
{
	struct again *a = arg;

	while (!__atomic_load_n(&a->stop, __ATOMIC_RELAXED))
		a->fn(a->arg);
	return NULL;
}

struct again *again_start(void (*fn)(void *arg), void *arg)
{
	struct again *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	a->fn = fn;
	a->arg = arg;
	if (pthread_create(&a->thread, NULL, again_main, a))
		abort();
	return a;
}

void again_stop(struct again *a)
{
	__atomic_store_n(&a->stop, true, __ATOMIC_RELAXED);
	pthread_join(a->thread, NULL);
	free(a);
}

/* --- the table ------------------------------------------------------------- */

void report(struct score *s, const char *who, unsigned int group, const char *name, enum verdict v,
	    const char *want, const struct trouble *t)
{
	printf("%s %2u %s %-34s -> %s%s%s\n", *t->text ? "not ok" : "ok", group, who, name, verdict_name(v),
	       *want ? ": " : "", want);
	if (*t->text) {
		printf("# %s\n", t->text);
		s->failed++;
	} else {
		s->passed++;
	}
	fflush(stdout);
}

void report_skip(struct score *s, const char *who, unsigned int group, const char *name, const char *why)
{
	printf("skip %2u %s %-34s # %s\n", group, who, name, why);
	s->skipped++;
	fflush(stdout);
}
