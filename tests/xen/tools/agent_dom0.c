/* SPDX-License-Identifier: MIT */
/* agent_dom0.c - dom0's end of the agent: asks, and waits for events */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"
#include "xs.h"

#define AGENT_LATE 124
#define AGENT_GONE 125

static struct xs agent_xs;

static int64_t agent_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Tells what failed, for a verdict's remark. */
static int agent_fail(const char *what, int err)
{
	fprintf(stderr, "labtool: %s: %s\n", what, strerror(-err));
	return AGENT_GONE;
}

static void agent_path(char path[128], const char *domid, const char *below)
{
	snprintf(path, 128, "/local/domain/%s%s", domid, below);
}

/* Waits until the node is there, and reads it. Returns its length, -ETIMEDOUT, -ENODEV: the
 * domain has gone, or other -errno. */
static ssize_t agent_await(const char *domid, const char *path, unsigned int seconds, char *buf, size_t size)
{
	int64_t end = agent_now_ms() + seconds * 1000ll;
	char domain[128], name[8];
	int err = xs_watch(&agent_xs, path);

	agent_path(domain, domid, "");
	if (!err)
		err = xs_watch(&agent_xs, "@releaseDomain");
	while (!err) {
		ssize_t n = xs_read(&agent_xs, path, buf, size);
		int64_t left = end - agent_now_ms();

		if (n > 0 || (n < 0 && n != -ENOENT))
			return n;
		if (xs_read(&agent_xs, domain, name, sizeof(name)) == -ENOENT)
			return -ENODEV;
		if (left <= 0)
			return -ETIMEDOUT;
		err = xs_wait(&agent_xs, (int)left);
		if (err > 0)
			err = 0;
	}
	return err;
}

static int agent_ask(const char *domid, const char *command, char seq[64])
{
	struct timespec t;
	char path[128], below[96], domain[128], name[8];

	clock_gettime(CLOCK_REALTIME, &t);
	snprintf(seq, 64, "%lld%06ld%d", (long long)t.tv_sec, t.tv_nsec / 1000, (int)getpid());
	agent_path(domain, domid, "");
	/* A write would make the directory of a domain that has gone. */
	if (xs_read(&agent_xs, domain, name, sizeof(name)) < 0)
		return -ENODEV;
	snprintf(below, sizeof(below), "/data/lab/cmd/%s", seq);
	agent_path(path, domid, below);
	return xs_write(&agent_xs, path, command, strlen(command));
}

static int agent_collect(const char *domid, const char *seq, unsigned int seconds)
{
	char path[128], below[96], text[XENSTORE_PAYLOAD_MAX + 1];
	int status, chunks, at = 0;
	ssize_t n;

	snprintf(below, sizeof(below), "/data/lab/r/%s", seq);
	agent_path(path, domid, below);
	n = agent_await(domid, path, seconds, text, sizeof(text));
	if (n == -ETIMEDOUT) {
		printf("no answer from domain %s in %u s\n", domid, seconds);
		return AGENT_LATE;
	}
	if (n == -ENODEV) {
		printf("domain %s is gone\n", domid);
		return AGENT_GONE;
	}
	if (n < 0 || sscanf(text, "%d %d %n", &status, &chunks, &at) < 2)
		return agent_fail(path, n < 0 ? (int)n : -EPROTO);
	/* %n also skips what the output begins with. */
	at = (int)(strchr(strchr(text, ' ') + 1, ' ') + 1 - text);
	fwrite(text + at, 1, (size_t)(n - at), stdout);
	for (int i = 1; i <= chunks; i++) {
		char part[160];

		snprintf(part, sizeof(part), "%s/%d", path, i);
		n = xs_read(&agent_xs, part, text, sizeof(text));
		if (n > 0)
			fwrite(text, 1, (size_t)n, stdout);
	}
	fflush(stdout);
	xs_remove(&agent_xs, path);
	return status;
}

static bool agent_opens(int *status)
{
	int err = xs_open(&agent_xs);

	if (err)
		*status = agent_fail("xenstore", err);
	return !err;
}

int agent_spawn(const char *domid, const char *command)
{
	char seq[64];
	int status, err;

	if (!agent_opens(&status))
		return status;
	err = agent_ask(domid, command, seq);
	if (err)
		return agent_fail("cannot ask the guest", err);
	puts(seq);
	return 0;
}

int agent_wait(const char *domid, const char *seq, unsigned int seconds)
{
	int status;

	return agent_opens(&status) ? agent_collect(domid, seq, seconds) : status;
}

int agent_run(const char *domid, const char *command, unsigned int seconds)
{
	char seq[64];
	int status, err;

	if (!agent_opens(&status))
		return status;
	err = agent_ask(domid, command, seq);
	return err ? agent_fail("cannot ask the guest", err) : agent_collect(domid, seq, seconds);
}

int agent_ready(const char *domid, unsigned int seconds)
{
	char path[128], text[16];
	int status;
	ssize_t n;

	if (!agent_opens(&status))
		return status;
	agent_path(path, domid, "/data/lab/ready");
	n = agent_await(domid, path, seconds, text, sizeof(text));
	if (n > 0)
		return 0;
	return n == -ETIMEDOUT ? AGENT_LATE : n == -ENODEV ? AGENT_GONE : agent_fail(path, (int)n);
}

int agent_node(const char *path)
{
	char text[XENSTORE_PAYLOAD_MAX + 1];
	int status;

	if (!agent_opens(&status))
		return status;
	if (xs_read(&agent_xs, path, text, sizeof(text)) < 0)
		return 1;
	puts(text);
	return 0;
}

int agent_await_node(const char *path, const char *value, unsigned int seconds)
{
	int64_t end = agent_now_ms() + seconds * 1000ll, left;
	char text[XENSTORE_PAYLOAD_MAX + 1];
	int status, err;
	bool holds;

	if (!agent_opens(&status))
		return status;
	err = xs_watch(&agent_xs, path);
	do {
		ssize_t n = err < 0 ? err : xs_read(&agent_xs, path, text, sizeof(text));

		if (n < 0 && n != -ENOENT)
			return agent_fail(path, (int)n);
		holds = n >= 0 && (!value || strcmp(text, value) == 0);
		if (n < 0)
			text[0] = '\0';
		left = end - agent_now_ms();
		if (!holds && left > 0)
			err = xs_wait(&agent_xs, (int)left);
	} while (!holds && left > 0);
	puts(text);
	return holds ? 0 : AGENT_LATE;
}
