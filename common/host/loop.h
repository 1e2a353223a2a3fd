/* SPDX-License-Identifier: MIT */
/* loop.h - the two threads of a daemon that are not workers
 *
 * The control thread runs the state machines. It waits for watches, timers and
 * events of the workers. Each request to xenstored blocks it until xenstored
 * answers. So the main thread sends no requests to xenstored: it takes the
 * signals, feeds systemd's watchdog, and ends the daemon where the control thread
 * cannot. If xenstored stalls or dies, control stops; the workers go on moving
 * frames.
 */
#ifndef NETPAIR_LOOP_H
#define NETPAIR_LOOP_H

#include <stdbool.h>

#include "store.h"
#include "common/base/util.h"

struct loop;

/* The callbacks of a daemon, on the control thread. daemon is the pointer in struct
 * loop_conf. */
struct loop_ops {
	/* Sets the watches and reads the present state. Returns 0; -errno: the daemon ends. */
	int (*start)(void *daemon, struct store *store);
	/* Handles the watches that have fired. */
	void (*events)(void *daemon);
	/* Reads everything again after a new connection to xenstored. how is what
	 * store_reopen() returned: 0 or STORE_EMPTIED. */
	void (*reconnected)(void *daemon, int how);
	/* Runs about once a second. */
	void (*tick)(void *daemon);
	/* Handles a signal: SIGTERM, SIGINT, SIGHUP, SIGUSR1 or SIGUSR2. */
	void (*command)(void *daemon, int signo);
	/* Returns whether the daemon has ended; called in each round. */
	bool (*ended)(const void *daemon);
	/* Frees everything but the store. */
	void (*finish)(void *daemon);
};

struct loop_conf {
	const char *program;
	const struct loop_ops *ops;
	void *daemon;
	const char *root;	/* the path that start() watches, for an error line */
	const char *mark;	/* for store_open() */
	int drain_signal;	/* the signal for an end that first needs requests to xenstored; 0: none */
	unsigned int end_ms;	/* time for the control thread to end, milliseconds */
};

/* Sets up the one loop of the process and blocks the signals. Exits with a line on
 * stderr if that fails. */
struct loop *loop_new(const struct loop_conf *conf);

/* Calls ready on the control thread while fd is readable. fd is borrowed. A
 * negative fd is the -errno of the call that should have made it, and ends the
 * program. */
void loop_watch(struct loop *l, int fd, void (*ready)(void *daemon, int fd));

/* As loop_watch(), for an eventfd or a timer: reads it first, and calls ready only
 * if it had fired. */
void loop_watch_counter(struct loop *l, int fd, void (*ready)(void *daemon, int fd));

/* Watches rtnetlink for changes of devices (linkwatch.h). Returns the descriptor that
 * linkwatch_take() reads, which the caller owns; -errno, after a log line, if there
 * are no such events. */
int loop_watch_links(struct loop *l, void (*ready)(void *daemon, int fd));

/* Connects to xenstored, starts the daemon and runs until it has ended. Returns
 * the exit code. Exits with a line on stderr if xenstored cannot be reached. */
MUST_CHECK int loop_run(struct loop *l);

#endif
