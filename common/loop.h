/* SPDX-License-Identifier: MIT */
/* loop.h - the two threads of a daemon that are not workers
 *
 * The control thread runs the state machines. It waits for watches, timers and
 * what workers have to tell, and each request to xenstored holds it up for as
 * long as xenstored likes. So the main thread asks xenstored nothing: it takes
 * the signals, feeds systemd's watchdog, and ends the daemon where the control
 * thread cannot. A xenstored that stalls or dies stops control, not the frames,
 * which are the workers'.
 */
#ifndef NETPAIR_LOOP_H
#define NETPAIR_LOOP_H

#include <stdbool.h>

#include "store.h"
#include "util.h"

struct loop;

/* What a daemon does on the control thread; daemon is the pointer in struct loop_conf. */
struct loop_ops {
	/* Sets the watches and looks at what is there. -errno: the daemon ends. */
	int (*start)(void *daemon, struct store *store);
	/* Watches have fired. */
	void (*events)(void *daemon);
	/* There is a new connection to xenstored, and anything may have changed.
	 * how is what store_reopen() returned: 0 or STORE_EMPTIED. */
	void (*reconnected)(void *daemon, int how);
	/* About a second has gone by. */
	void (*tick)(void *daemon);
	/* A signal came: SIGTERM, SIGINT, SIGHUP, SIGUSR1 or SIGUSR2. */
	void (*command)(void *daemon, int signo);
	/* Whether nothing is left to wait for; asked each time. */
	bool (*ended)(const void *daemon);
	/* Frees everything but the store. */
	void (*finish)(void *daemon);
};

struct loop_conf {
	const char *program;
	const struct loop_ops *ops;
	void *daemon;
	const char *root;	/* what start() watches, for an error line */
	const char *mark;	/* for store_open() */
	int drain_signal;	/* asks for the end too, after work with xenstored; 0: none does */
	unsigned int end_ms;	/* what the control thread gets to end in */
};

/* Sets up the one loop of the process, blocks the signals. Exits with a line on stderr if that fails. */
struct loop *loop_new(const struct loop_conf *conf);

/* Has ready called on the control thread while fd is readable. fd is borrowed;
 * a negative one is the -errno of what should have made it, and ends the program. */
void loop_watch(struct loop *l, int fd, void (*ready)(void *daemon, int fd));

/* Connects to xenstored, starts the daemon and runs until it has ended or was
 * told to. Returns the exit code. Exits with a line on stderr if xenstored
 * cannot be reached. */
MUST_CHECK int loop_run(struct loop *l);

#endif
