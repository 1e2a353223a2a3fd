/* SPDX-License-Identifier: MIT */
/* loop_control.c - watches, ticks, commands; a lost connection to xenstored is made again */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/errtext.h"
#include "common/base/log.h"
#include "daemon.h"
#include "loop_control.h"
#include "loop_internal.h"

/* #syscalls-control eventfd write */

#define TICK_MS 1000u

/* Ticks between two requests that check whether xenstored lives, where no socket hangs up. */
#define ALIVE_TICKS 5u

/* Time from a loss until the connection is closed and made again, in microseconds. libxenstore's reading thread closes
 * the socket, too, when it sees its end: xs_close() at that moment ends the thread before, and the descriptor is lost. */
#define REOPEN_US 50000u

/* Time until the first and last retry of a connection, in microseconds; it doubles each time. */
#define RETRY_MIN_US 100000u
#define RETRY_MAX_US 2000000u

/* --- xenstored ---------------------------------------------------------------- */

static int loop_control_on_store(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	const struct loop *l = arg;

	(void)source;
	(void)fd;
	(void)events;
	l->conf.ops->events(l->conf.daemon);
	return 0;
}

static int loop_control_on_hangup(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	const struct loop *l = arg;

	(void)source;
	(void)fd;
	(void)events;
	store_lose(l->store);
	return 0;
}

static void loop_control_watch_store(struct loop *l)
{
	int err = sd_event_add_io(l->control_event, &l->store_readable, store_fd(l->store), EPOLLIN, loop_control_on_store, l);

	if (err >= 0 && store_hangup_fd(l->store) >= 0)
		err = sd_event_add_io(l->control_event, &l->store_hangup, store_hangup_fd(l->store), EPOLLRDHUP,
				      loop_control_on_hangup, l);
	loop_source_made(l, err);
}

/* Called before the descriptors are closed: others may get their numbers. */
static void loop_control_unwatch_store(struct loop *l)
{
	l->store_readable = sd_event_source_disable_unref(l->store_readable);
	l->store_hangup = sd_event_source_disable_unref(l->store_hangup);
}

static void loop_control_retry_at(struct loop *l, uint64_t when)
{
	int err = sd_event_source_set_time(l->retry, when);

	if (err >= 0)
		err = sd_event_source_set_enabled(l->retry, SD_EVENT_ONESHOT);
	if (err < 0)
		loop_source_broken(err);
}

/* Any callback may find that the connection is lost; the first attempt to connect follows soon. */
static void loop_control_check_store(struct loop *l)
{
	if (l->lost || !store_lost(l->store))
		return;
	log_warn("xenstored is gone: frames go on, and changes of VIFs wait until it is back");
	l->lost = true;
	l->retry_us = RETRY_MIN_US;
	l->retry_err = -ECONNREFUSED;	/* the loss has been logged already */
	loop_control_unwatch_store(l);
	loop_control_retry_at(l, now_us() + REOPEN_US);
}

static int loop_control_on_retry(sd_event_source *source, uint64_t due, void *arg)
{
	struct loop *l = arg;
	int how = store_reopen(l->store);

	(void)source;
	(void)due;
	/* A connection that is lost again at once is not logged: a xenstored that ends still accepts some. */
	if (how < 0 && how != l->retry_err && how != -ENOTCONN) {
		log_warn("cannot connect to xenstored again, trying further error=\"%s\"", errtext(ERRTEXT_STORE, how));
		l->retry_err = how;
	}
	if (how < 0) {
		loop_control_retry_at(l, now_us() + l->retry_us);
		l->retry_us = min_size(l->retry_us * 2, RETRY_MAX_US);
		return 0;
	}
	l->lost = false;
	loop_control_watch_store(l);
	log_info("xenstored is back%s", how == STORE_EMPTIED ? " and has lost what it knew: VIFs go on as they are until "
		 "they are in xenstore again" : "");
	l->conf.ops->reconnected(l->conf.daemon, how);
	return 0;
}

/* --- ticks and commands --------------------------------------------------------- */

static void loop_control_tick(void *arg)
{
	struct loop *l = arg;

	if (++l->ticks % ALIVE_TICKS == 0)
		store_alive(l->store);
	l->conf.ops->tick(l->conf.daemon);
}

static void loop_control_commands(void *arg, int fd)
{
	struct loop *l = arg;
	unsigned int bits = atomic_exchange(&l->commands, 0);

	(void)fd;
	for (int signo = 1; bits >> signo; signo++)
		if (bits >> signo & 1)
			l->conf.ops->command(l->conf.daemon, signo);
}

/* --- the thread ----------------------------------------------------------------- */

void loop_control_init(struct loop *l)
{
	int err;

	loop_source_made(l, sd_event_new(&l->control_event));
	l->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	loop_source_counter(l, l->control_event, l->kick_fd < 0 ? -errno : l->kick_fd, loop_control_commands, l);
	loop_source_every(l, l->control_event, TICK_MS, loop_control_tick, l);
	err = sd_event_add_time(l->control_event, &l->retry, CLOCK_MONOTONIC, 0, 1, loop_control_on_retry, l);
	loop_source_kept(l, err, l->retry);
	loop_source_made(l, sd_event_source_set_enabled(l->retry, SD_EVENT_OFF));
}

static void loop_control_start(struct loop *l)
{
	const struct loop_conf *c = &l->conf;
	int err = store_open(&l->store, c->mark);

	if (err)
		die(c->program, EXIT_ENVIRONMENT, "cannot reach xenstored: %s", errtext(ERRTEXT_STORE, err));
	err = c->ops->start(c->daemon, l->store);
	if (err)
		die(c->program, EXIT_ENVIRONMENT, "cannot watch %s in xenstore: %s", c->root, errtext(ERRTEXT_STORE, err));
	loop_control_watch_store(l);
	log_info("started version=%s", NETPAIR_VERSION);
	daemon_ready();
}

/* Waits for an event and serves one source. */
static void loop_control_round(struct loop *l)
{
	int err = sd_event_prepare(l->control_event);

	if (err == 0) {
		atomic_store(&l->idle, true);
		err = sd_event_wait(l->control_event, UINT64_MAX);
	}
	atomic_fetch_add(&l->beat, 1);
	atomic_store(&l->idle, false);
	if (err > 0)
		err = sd_event_dispatch(l->control_event);
	if (err < 0)
		loop_source_broken(err);
}

void *loop_control_main(void *arg)
{
	struct loop *l = arg;
	uint64_t one = 1;

	loop_control_start(l);
	while (!l->conf.ops->ended(l->conf.daemon)) {
		loop_control_check_store(l);
		loop_control_round(l);
	}
	loop_control_unwatch_store(l);
	l->conf.ops->finish(l->conf.daemon);
	store_close(l->store);
	if (write(l->done_fd, &one, sizeof(one)) < 0)
		log_error("eventfd write failed errno=%d", errno);
	return NULL;
}
