/* SPDX-License-Identifier: MIT */
/* loop.h - the event loop of the host's only thread: descriptors that become ready, and timers */
#ifndef XENSIM_LOOP_H
#define XENSIM_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* A descriptor to wait for; the first member of the object that it belongs to. */
struct source {
	int fd;
	void (*ready)(struct source *s, uint32_t events);
};

/* Creates the epoll set; ends the process if the kernel refuses. */
void loop_init(void);

/* Waits for events (EPOLLIN ...) on s. Returns 0, or -1 and errno. */
int loop_add(struct source *s, uint32_t events);

/* Changes the events that are waited for. */
void loop_change(struct source *s, uint32_t events);

/* Stops waiting until loop_add(). */
void loop_pause(struct source *s);

/* Stops waiting and closes the descriptor; frees s at the end of the current round. */
void loop_drop(struct source *s);

/* Calls fn(arg) once, in ms milliseconds. */
void loop_after(uint32_t ms, void (*fn)(void *arg), void *arg);

/* Serves until loop_stop(). */
void loop_run(void);

/* Makes loop_run() return. */
void loop_stop(void);

#endif
