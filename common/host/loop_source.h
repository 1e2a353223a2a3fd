/* SPDX-License-Identifier: MIT */
/* loop_source.h - what a daemon has the control thread wait for, beside xenstored and signals
 *
 * loop.h includes this file. The loop serves its sources in turn, one call each: a
 * source that is always ready delays another by one call. All functions but
 * loop_watch_process() are called before loop_run(), and end the program with a line
 * on stderr if they fail.
 */
#ifndef NETPAIR_LOOP_SOURCE_H
#define NETPAIR_LOOP_SOURCE_H

#include <signal.h>

#include "common/base/util.h"

struct loop;
struct loop_process;

/* Calls ready on the control thread while fd is readable or hung up. fd is borrowed; once it
 * is closed nothing waits for it. A negative fd is the -errno of the call that
 * should have made it, and ends the program. */
void loop_watch(struct loop *l, int fd, void (*ready)(void *daemon, int fd));

/* As loop_watch(), for an eventfd or a timer: reads it first, and calls ready only
 * if it had fired. */
void loop_watch_counter(struct loop *l, int fd, void (*ready)(void *daemon, int fd));

/* Calls due on the control thread each interval_ms milliseconds. Calls that are late
 * are not made up for. */
void loop_watch_time(struct loop *l, unsigned int interval_ms, void (*due)(void *daemon));

/* Watches rtnetlink for changes of devices (linkwatch.h). Returns the descriptor that
 * linkwatch_take() reads, which the caller owns; -errno, after a log line, if there
 * are no such events. */
int loop_watch_links(struct loop *l, void (*ready)(void *daemon, int fd));

/* Calls ended(arg, how) on the control thread, once, when the process of pidfd has
 * ended. A child is reaped before, and how is what waitid() tells of it; si_pid is 0
 * if the process is not a child of this one, such as one that an earlier daemon has
 * started. pidfd is borrowed, and stays open until loop_forget_process(). Called before
 * loop_run() or on the control thread. Returns 0 and *out, or -errno. */
MUST_CHECK int loop_watch_process(struct loop *l, struct loop_process **out, int pidfd,
				  void (*ended)(void *arg, const siginfo_t *how), void *arg);

/* Frees p; ended is not called any more. Safe within ended. NULL is ignored. */
void loop_forget_process(struct loop_process *p);

#endif
