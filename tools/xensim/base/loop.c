/* SPDX-License-Identifier: MIT */
/* loop.c - one epoll set
 *
 * A source that is dropped may still be in the current round's list of events,
 * so it is freed when the round is over.
 */
#include "loop.h"

#include "util.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define LOOP_BATCH 64

struct timer {
	struct timer *next;
	uint64_t due;
	void (*fn)(void *arg);
	void *arg;
};

struct dropped {
	struct dropped *next;
	struct source *s;
};

static int loop_epfd = -1;
static bool loop_stopping;
static struct timer *loop_timers;
static struct dropped *loop_dropped;

static uint64_t loop_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

void loop_init(void)
{
	loop_epfd = epoll_create1(EPOLL_CLOEXEC);
	if (loop_epfd < 0)
		die("epoll_create1");
}

int loop_add(struct source *s, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data = { .ptr = s } };

	return epoll_ctl(loop_epfd, EPOLL_CTL_ADD, s->fd, &ev);
}

void loop_change(struct source *s, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data = { .ptr = s } };

	epoll_ctl(loop_epfd, EPOLL_CTL_MOD, s->fd, &ev);
}

void loop_pause(struct source *s)
{
	epoll_ctl(loop_epfd, EPOLL_CTL_DEL, s->fd, NULL);
}

void loop_drop(struct source *s)
{
	struct dropped *d = xalloc(sizeof(*d));

	epoll_ctl(loop_epfd, EPOLL_CTL_DEL, s->fd, NULL);
	close(s->fd);
	s->fd = -1;
	s->ready = NULL;
	d->s = s;
	d->next = loop_dropped;
	loop_dropped = d;
}

void loop_after(uint32_t ms, void (*fn)(void *arg), void *arg)
{
	struct timer *t = xalloc(sizeof(*t));
	struct timer **p;

	t->due = loop_now_ms() + ms;
	t->fn = fn;
	t->arg = arg;
	for (p = &loop_timers; *p && (*p)->due <= t->due; p = &(*p)->next)
		;
	t->next = *p;
	*p = t;
}

static int loop_run_timers(void)
{
	uint64_t now = loop_now_ms();
	struct timer *t;

	while ((t = loop_timers) && t->due <= now) {
		loop_timers = t->next;
		t->fn(t->arg);
		free(t);
	}
	return loop_timers ? (int)(loop_timers->due - now) : -1;
}

static void loop_free_dropped(void)
{
	struct dropped *d;

	while ((d = loop_dropped)) {
		loop_dropped = d->next;
		free(d->s);
		free(d);
	}
}

void loop_run(void)
{
	struct epoll_event ev[LOOP_BATCH];

	while (!loop_stopping) {
		int n = epoll_wait(loop_epfd, ev, LOOP_BATCH, loop_run_timers());
		int i;

		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (i = 0; i < n; i++) {
			struct source *s = ev[i].data.ptr;

			if (s->ready)
				s->ready(s, ev[i].events);
		}
		loop_free_dropped();
	}
}

void loop_stop(void)
{
	loop_stopping = true;
}
