/* SPDX-License-Identifier: MIT */
/* loop.h - the two threads of a daemon that are not workers
 *
 * The control thread runs the state machines. It waits for watches, timers and
 * events of the workers. Each request to xenstored blocks it until xenstored
 * answers. So the main thread sends no requests to xenstored: it takes the
 * signals, feeds systemd's watchdog, and ends the daemon where the control thread
 * cannot. If xenstored stalls or dies, control stops; the workers go on moving
 * frames.
 *
 * Each of the two threads has an sd-event loop. A process that is forked off uses neither.
 */
#ifndef NETPAIR_LOOP_H
#define NETPAIR_LOOP_H

#include <stdbool.h>

#include "loop_source.h"
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

/* Connects to xenstored, starts the daemon and runs until it has ended. Returns
 * the exit code. Exits with a line on stderr if xenstored cannot be reached. */
MUST_CHECK int loop_run(struct loop *l);

#endif
