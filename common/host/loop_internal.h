/* SPDX-License-Identifier: MIT */
/* loop_internal.h - the loops of the two threads, for loop.c, loop_control.c and loop_source.c alone */
#ifndef NETPAIR_LOOP_INTERNAL_H
#define NETPAIR_LOOP_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "loop.h"
#include "systemd.h"

/* Sources that stay until the end, of both threads together. */
#define LOOP_SOURCES_MAX 16

/* A descriptor that is waited for, or a timer. */
struct loop_source {
	void *arg;			/* of the callback that is set */
	void (*ready)(void *arg, int fd);
	void (*due)(void *arg);
	uint64_t interval_us;
};

/* An sd-event loop belongs to one thread. Both are made before the control thread is. */
struct loop {
	struct loop_conf conf;
	pthread_t control;
	struct loop_source source[LOOP_SOURCES_MAX];
	unsigned int nsources;
	/* Shared by the threads. */
	atomic_uint commands;		/* signals, a bit each */
	atomic_uint beat;		/* rounds of the control thread */
	atomic_bool idle;		/* the control thread waits for events */
	int kick_fd;			/* eventfd: there are commands */
	int done_fd;			/* eventfd: the control thread has ended */
	/* Private to the main thread. */
	sd_event *main_event;
	sd_event_source *leave;		/* off until the end is requested */
	uint64_t request_since;
	uint64_t asked_at;		/* time at which the end was requested; 0: not yet */
	unsigned int request;		/* the one in progress at the last check */
	unsigned int beat_seen;
	bool stuck, stalled, done;
	/* Private to the control thread. */
	sd_event *control_event;
	sd_event_source *store_readable, *store_hangup;	/* NULL: there is no connection */
	sd_event_source *retry;		/* off while there is one; the time of the next attempt to connect */
	struct store *store;
	uint64_t retry_us;
	int retry_err;			/* error of the last attempt that was logged; 0: none */
	unsigned int ticks;
	bool lost;			/* the connection is lost, and that was logged */
};

/* Ends the program with a line on stderr if err, of a loop that is being set up, is negative. */
void loop_source_made(const struct loop *l, int err);

/* Gives a source that was just made to its loop, which frees it at its end. err is the result of
 * making it, as for loop_source_made(). */
void loop_source_kept(const struct loop *l, int err, sd_event_source *source);

/* Ends the program, as a crash would, with a log line that says which error its loop runs into. */
_Noreturn void loop_source_broken(int err);

/* Calls ready(arg, fd) on the thread of event while fd is readable. fd is as in loop_watch(). */
void loop_source_readable(struct loop *l, sd_event *event, int fd, void (*ready)(void *arg, int fd), void *arg);

/* As loop_source_readable(), for an eventfd or a timer: reads it first, and calls ready
 * only if it had fired. */
void loop_source_counter(struct loop *l, sd_event *event, int fd, void (*ready)(void *arg, int fd), void *arg);

/* Calls due(arg) on the thread of event each interval_ms milliseconds. Returns the source,
 * which is event's. */
sd_event_source *loop_source_every(struct loop *l, sd_event *event, unsigned int interval_ms, void (*due)(void *arg), void *arg);

#endif
