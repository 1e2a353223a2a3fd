/* SPDX-License-Identifier: MIT */
/* loop_source.c - descriptors, timers and processes as sources of an sd-event loop
 *
 * All have sd-event's normal priority. Of the sources that are ready it takes the
 * one that has been so for the most rounds, so none starves.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/errtext.h"
#include "common/base/log.h"
#include "daemon.h"
#include "linkwatch.h"
#include "loop_internal.h"

/* #syscalls-control read waitid */

/* How late a timer may be, so that several share a wake; microseconds. 0 would be sd-event's quarter of a second. */
#define LATE_US 1000u

void loop_source_made(const struct loop *l, int err)
{
	if (err < 0)
		die(l->conf.program, EXIT_ENVIRONMENT, "cannot set up the event loop: %s", errtext(ERRTEXT_FILE, err));
}

void loop_source_broken(int err)
{
	log_error("ending at once: the event loop fails error=\"%s\"", errtext(ERRTEXT_FILE, err));
	_exit(EXIT_ENVIRONMENT);
}

void loop_source_kept(const struct loop *l, int err, sd_event_source *source)
{
	if (err >= 0)
		err = sd_event_source_set_floating(source, 1);
	loop_source_made(l, err);
	sd_event_source_unref(source);
}

static struct loop_source *loop_source_new(struct loop *l, void *arg)
{
	struct loop_source *s = &l->source[l->nsources];

	assert(l->nsources < LOOP_SOURCES_MAX);
	l->nsources++;
	s->arg = arg;
	return s;
}

/* --- descriptors -------------------------------------------------------------- */

static int loop_source_on_ready(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	const struct loop_source *s = arg;

	(void)source;
	(void)events;
	s->ready(s->arg, fd);
	return 0;
}

static int loop_source_on_counter(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? loop_source_on_ready(source, fd, events, arg) : 0;
}

static void loop_source_add(struct loop *l, sd_event *event, int fd, sd_event_io_handler_t handler,
			    void (*ready)(void *arg, int fd), void *arg)
{
	struct loop_source *s = loop_source_new(l, arg);

	s->ready = ready;
	loop_source_made(l, fd < 0 ? fd : sd_event_add_io(event, NULL, fd, EPOLLIN, handler, s));
}

void loop_source_readable(struct loop *l, sd_event *event, int fd, void (*ready)(void *arg, int fd), void *arg)
{
	loop_source_add(l, event, fd, loop_source_on_ready, ready, arg);
}

void loop_source_counter(struct loop *l, sd_event *event, int fd, void (*ready)(void *arg, int fd), void *arg)
{
	loop_source_add(l, event, fd, loop_source_on_counter, ready, arg);
}

void loop_watch(struct loop *l, int fd, void (*ready)(void *daemon, int fd))
{
	loop_source_readable(l, l->control_event, fd, ready, l->conf.daemon);
}

void loop_watch_counter(struct loop *l, int fd, void (*ready)(void *daemon, int fd))
{
	loop_source_counter(l, l->control_event, fd, ready, l->conf.daemon);
}

int loop_watch_links(struct loop *l, void (*ready)(void *daemon, int fd))
{
	int fd = linkwatch_open();

	if (fd >= 0)
		loop_watch(l, fd, ready);
	else
		log_warn("cannot watch devices, one that is deleted is noticed by traffic only error=\"%s\"",
			 errtext(ERRTEXT_FILE, fd));
	return fd;
}

/* --- timers ------------------------------------------------------------------- */

static int loop_source_on_due(sd_event_source *source, uint64_t due, void *arg)
{
	const struct loop_source *s = arg;
	uint64_t next = due + s->interval_us, now = now_us();
	int err = sd_event_source_set_time(source, next > now ? next : now + s->interval_us);

	if (err >= 0)
		err = sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	if (err < 0)
		loop_source_broken(err);
	s->due(s->arg);
	return 0;
}

sd_event_source *loop_source_every(struct loop *l, sd_event *event, unsigned int interval_ms, void (*due)(void *arg), void *arg)
{
	struct loop_source *s = loop_source_new(l, arg);
	sd_event_source *source = NULL;
	int err;

	s->due = due;
	s->interval_us = interval_ms * 1000ull;
	err = sd_event_add_time(event, &source, CLOCK_MONOTONIC, now_us() + s->interval_us, LATE_US, loop_source_on_due, s);
	loop_source_kept(l, err, source);
	return source;
}

void loop_watch_time(struct loop *l, unsigned int interval_ms, void (*due)(void *daemon))
{
	loop_source_every(l, l->control_event, interval_ms, due, l->conf.daemon);
}

/* --- processes ---------------------------------------------------------------- */

/* Not sd-event's child source, which refuses a process that is not a child. */
struct loop_process {
	sd_event_source *source;
	void (*ended)(void *arg, const siginfo_t *how);
	void *arg;
};

static int loop_source_on_ended(sd_event_source *source, int pidfd, uint32_t events, void *arg)
{
	const struct loop_process *p = arg;
	siginfo_t how = { 0 };

	(void)events;
	if (waitid(P_PIDFD, (id_t)pidfd, &how, WEXITED | WNOHANG) < 0)
		how = (siginfo_t){ 0 };
	else if (how.si_pid == 0)
		return 0;	/* not yet */
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	p->ended(p->arg, &how);
	return 0;
}

int loop_watch_process(struct loop *l, struct loop_process **out, int pidfd, void (*ended)(void *arg, const siginfo_t *how),
		       void *arg)
{
	struct loop_process *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	*p = (struct loop_process){ .ended = ended, .arg = arg };
	err = sd_event_add_io(l->control_event, &p->source, pidfd, EPOLLIN, loop_source_on_ended, p);
	if (err < 0) {
		free(p);
		return err;
	}
	*out = p;
	return 0;
}

void loop_forget_process(struct loop_process *p)
{
	if (!p)
		return;
	sd_event_source_disable_unref(p->source);
	free(p);
}
