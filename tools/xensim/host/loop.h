/* SPDX-License-Identifier: MIT */
/* The host's one thread: descriptors that become ready, and timers. */
#ifndef XENSIM_LOOP_H
#define XENSIM_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/** Something to wait for; embedded first in what it belongs to. */
struct source {
	int fd;
	void (*ready)(struct source *s, uint32_t events);
};

/** Start; exits the process if the kernel refuses. */
void loop_init(void);

/** Wait for @events (EPOLLIN ...) on @s; 0 or -1 and errno. */
int loop_add(struct source *s, uint32_t events);

/** Change what is waited for. */
void loop_change(struct source *s, uint32_t events);

/** Stop waiting until loop_add(). */
void loop_pause(struct source *s);

/** Stop waiting, close the descriptor and free(@s) once this round is over. */
void loop_drop(struct source *s);

/** Call @fn(@arg) once, @ms from now. */
void loop_after(uint32_t ms, void (*fn)(void *arg), void *arg);

/** Serve until loop_stop(). */
void loop_run(void);

/** Make loop_run() return. */
void loop_stop(void);

#endif
