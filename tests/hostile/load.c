/* SPDX-License-Identifier: MIT */
/* load.c - for load.h: clocks of processes and threads */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "load.h"

struct rival {
	pthread_t thread;
	cpu_set_t where;
	bool stop;
	clockid_t theirs;	/* of the victim */
	uint64_t used, since;	/* its own time; the victim's time before; microseconds */
};

static uint64_t clock_us(clockid_t clock)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static pid_t victim(void)
{
	const char *pid = getenv("HOSTILE_VICTIM");

	return pid ? atoi(pid) : 0;
}

void load_begin(struct load *l)
{
	l->there = victim() && clock_getcpuclockid(victim(), &l->clock) == 0;
	l->used = l->there ? clock_us(l->clock) : 0;
	l->wall = now_us();
}

void load_end(const struct load *l, struct trouble *t, unsigned int percent)
{
	uint64_t used, wall = now_us() - l->wall;

	if (!l->there)
		return;
	used = clock_us(l->clock) - l->used;
	if (used * 100 > wall * percent)
		trouble(t, "the daemon used %u of %u ms", (unsigned int)(used / 1000), (unsigned int)(wall / 1000));
}

static void *rival_main(void *arg)
{
	struct rival *r = arg;

	if (sched_setaffinity(0, sizeof(r->where), &r->where) < 0)
		abort();
	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED))
		;
	r->used = clock_us(CLOCK_THREAD_CPUTIME_ID);
	return NULL;
}

struct rival *rival_start(void)
{
	struct rival *r = calloc(1, sizeof(*r));

	if (!victim())
		return r;
	if (!r || sched_getaffinity(victim(), sizeof(r->where), &r->where) < 0 ||
	    clock_getcpuclockid(victim(), &r->theirs))
		abort();
	r->since = clock_us(r->theirs);
	if (pthread_create(&r->thread, NULL, rival_main, r))
		abort();
	return r;
}

void rival_stop(struct rival *r, struct trouble *t, unsigned int percent)
{
	uint64_t both;

	if (victim()) {
		__atomic_store_n(&r->stop, true, __ATOMIC_RELAXED);
		pthread_join(r->thread, NULL);
		/* The share of what both had, as other programs use the processor too. */
		both = r->used + clock_us(r->theirs) - r->since;
		if (r->used * 100 < both * percent)
			trouble(t, "another program got %u of the %u ms of both", (unsigned int)(r->used / 1000),
				(unsigned int)(both / 1000));
	}
	free(r);
}
