/* SPDX-License-Identifier: MIT */
/* hotplug.c - control's end of the runner's socket */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "hotplug.h"

/* A runner that has not told of a script's end so long after its limit is given up. */
#define HOTPLUG_LATE_S 15u

struct hotplug_job {
	uint32_t id;		/* 0: free */
	uint64_t asked_us;
	struct hotplug_result result;
};

struct hotplug {
	int fd;			/* -1: the runner has ended */
	const char *dir, *real_dir;
	uint64_t late_us;
	uint32_t last_id;
	struct hotplug_job job[HOTPLUG_JOBS_MAX];
};

struct hotplug *hotplug_new(int fd, const char *dir, const char *real_dir, unsigned int limit_s)
{
	struct hotplug *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->fd = fd;
	h->dir = dir;
	h->real_dir = real_dir;
	h->late_us = (limit_s + HOTPLUG_LATE_S) * 1000000ull;
	return h;
}

int hotplug_fd(const struct hotplug *h)
{
	return h->fd;
}

static struct hotplug_job *hotplug_find(struct hotplug *h, uint32_t domid, uint32_t devid)
{
	for (unsigned int i = 0; i < HOTPLUG_JOBS_MAX; i++)
		if (h->job[i].id && h->job[i].result.domid == domid && h->job[i].result.devid == devid)
			return &h->job[i];
	return NULL;
}

/* Returns a job that is free, or NULL. */
static struct hotplug_job *hotplug_find_free(struct hotplug *h)
{
	for (unsigned int i = 0; i < HOTPLUG_JOBS_MAX; i++)
		if (!h->job[i].id)
			return &h->job[i];
	return NULL;
}

/* Sends a request; the socket has room for all that may be on their way. */
static int hotplug_send(const struct hotplug *h, const struct hotplug_request *q)
{
	if (send(h->fd, q, sizeof(*q), MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(*q))
		return 0;
	return errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM ? -EBUSY : -EPIPE;
}

int hotplug_ask(struct hotplug *h, const struct hotplug_request *want, const char *script)
{
	struct hotplug_request q = *want;
	struct hotplug_job *j;
	int err;

	if (h->fd < 0)
		return -EPIPE;
	err = hotplug_script_name(q.script, h->dir, script);
	if (err == -EPERM)
		err = hotplug_script_name(q.script, h->real_dir, script);
	if (err)
		return err;
	j = hotplug_find_free(h);
	if (!j || hotplug_find(h, q.domid, q.devid))
		return -EBUSY;
	if (++h->last_id == 0)
		h->last_id = 1;
	q.magic = HOTPLUG_MAGIC;
	q.kind = HOTPLUG_RUN;
	q.id = h->last_id;
	if (!hotplug_request_check(&q, sizeof(q)))
		return -EINVAL;
	err = hotplug_send(h, &q);
	if (err)
		return err;
	j->id = q.id;
	j->asked_us = now_us();
	j->result = (struct hotplug_result){ .domid = q.domid, .devid = q.devid, .action = (enum hotplug_action)q.action };
	memcpy(j->result.script, q.script, sizeof(j->result.script));
	return 0;
}

void hotplug_stop(struct hotplug *h, uint32_t domid, uint32_t devid)
{
	const struct hotplug_job *j = hotplug_find(h, domid, devid);
	struct hotplug_request q = { .magic = HOTPLUG_MAGIC, .kind = HOTPLUG_STOP };

	if (!j || h->fd < 0)
		return;
	q.id = j->id;
	/* One that cannot be told has its limit. */
	(void)!hotplug_send(h, &q);
}

static void hotplug_finish(struct hotplug_job *j, enum hotplug_end end, uint32_t code,
			   void (*ended)(void *arg, const struct hotplug_result *result), void *arg)
{
	struct hotplug_result result = j->result;

	result.end = end;
	result.code = code;
	/* Free before the callback, which may ask for the next script of this VIF. */
	j->id = 0;
	ended(arg, &result);
}

/* Gives up the runner: every script that was asked for has ended, as far as anyone knows. */
static void hotplug_lose(struct hotplug *h, const char *why, void (*ended)(void *arg, const struct hotplug_result *result),
			 void *arg)
{
	log_error("no hotplug script runs any more reason=\"the process that runs them %s\" todo=\"restart netbackd, which "
		  "leaves the guests connected\"", why);
	close(h->fd);
	h->fd = -1;
	for (unsigned int i = 0; i < HOTPLUG_JOBS_MAX; i++)
		if (h->job[i].id)
			hotplug_finish(&h->job[i], HOTPLUG_LOST, 0, ended, arg);
}

void hotplug_events(struct hotplug *h, void (*ended)(void *arg, const struct hotplug_result *result), void *arg)
{
	struct hotplug_reply r;
	ssize_t n;

	if (h->fd < 0)
		return;
	while ((n = recv(h->fd, &r, sizeof(r), MSG_DONTWAIT | MSG_TRUNC)) > 0) {
		struct hotplug_job *j = NULL;

		if (!hotplug_reply_check(&r, (size_t)n)) {
			hotplug_lose(h, "says what makes no sense", ended, arg);
			return;
		}
		for (unsigned int i = 0; i < HOTPLUG_JOBS_MAX; i++)
			if (h->job[i].id == r.id)
				j = &h->job[i];
		if (j)
			hotplug_finish(j, (enum hotplug_end)r.end, r.code, ended, arg);
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		hotplug_lose(h, "has ended", ended, arg);
}

void hotplug_tick(struct hotplug *h, void (*ended)(void *arg, const struct hotplug_result *result), void *arg)
{
	uint64_t now = now_us();

	for (unsigned int i = 0; i < HOTPLUG_JOBS_MAX && h->fd >= 0; i++)
		if (h->job[i].id && now - h->job[i].asked_us >= h->late_us)
			hotplug_lose(h, "does not answer", ended, arg);
}
