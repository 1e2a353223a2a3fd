/* SPDX-License-Identifier: MIT */
/* loop.c - the main thread and the control thread */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "daemon.h"
#include "common/base/clock.h"
#include "common/base/errtext.h"
#include "common/base/log.h"
#include "linkwatch.h"
#include "loop.h"

/* The longest interval of the watchdog messages to systemd, in milliseconds. */
#define HEARTBEAT_MS 5000u

#define TICK_MS 1000u

/* Ticks between two requests that check whether xenstored lives, where no socket hangs up. */
#define ALIVE_TICKS 5u

/* Time of a request after which a warning is logged, in microseconds. */
#define STALLED_US 5000000u

/* The longest time of a request once the daemon must end, in microseconds. */
#define LEAVE_US 2000000u

/* Interval at which the main thread checks that, in milliseconds. */
#define LEAVE_POLL_MS 100

/* Time until the first and last retry of a connection, in microseconds; it doubles each time. */
#define RETRY_MIN_US 100000u
#define RETRY_MAX_US 2000000u

/* What the control thread waits for; the daemon's own come last. */
enum { SOURCE_KICK, SOURCE_TICK, SOURCE_STORE, SOURCE_HANGUP, SOURCE_DAEMON, SOURCES_MAX = 12 };

struct loop {
	struct loop_conf conf;
	pthread_t control;
	/* Shared by the threads. */
	atomic_uint commands;		/* signals, a bit each */
	atomic_uint beat;		/* rounds of the control thread */
	atomic_bool idle;		/* the control thread waits for events */
	/* Private to the main thread. */
	uint64_t request_since;
	uint64_t asked_at;		/* time at which the end was requested; 0: not yet */
	unsigned int request;		/* the one in progress at the last check */
	unsigned int beat_seen;
	int signal_fd, heartbeat_fd;
	int done_fd;			/* eventfd: the control thread has ended */
	bool stuck, stalled;
	/* Private to the control thread. */
	struct store *store;
	uint64_t retry_at, retry_us;
	int retry_err;			/* error of the last attempt that was logged; 0: none */
	int epoll_fd, kick_fd, tick_fd;
	struct { int fd; bool counter; void (*ready)(void *daemon, int fd); } source[SOURCES_MAX];
	unsigned int nsources;
	unsigned int ticks;
	bool lost;			/* the connection is lost, and that was logged */
};

/* --- the control thread ------------------------------------------------------ */

static void loop_add(struct loop *l, unsigned int source, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.u32 = source };

	if (fd < 0 || epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		die(l->conf.program, EXIT_ENVIRONMENT, "cannot set up the event loop: %s",
		    errtext(ERRTEXT_FILE, fd < 0 ? fd : -errno));
	l->source[source].fd = fd;
}

static void loop_add_store(struct loop *l)
{
	loop_add(l, SOURCE_STORE, store_fd(l->store), EPOLLIN);
	/* Once it has hung up, it stays readable. */
	if (store_hangup_fd(l->store) >= 0)
		loop_add(l, SOURCE_HANGUP, store_hangup_fd(l->store), EPOLLRDHUP | EPOLLONESHOT);
}

/* Returns whether the timer or eventfd had fired. */
static bool loop_take(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count);
}

static void loop_tick(struct loop *l)
{
	if (!loop_take(l->tick_fd))
		return;
	if (++l->ticks % ALIVE_TICKS == 0)
		store_alive(l->store);
	l->conf.ops->tick(l->conf.daemon);
}

static void loop_commands(struct loop *l)
{
	unsigned int bits;

	if (!loop_take(l->kick_fd))
		return;
	bits = atomic_exchange(&l->commands, 0);
	for (int signo = 1; bits >> signo; signo++)
		if (bits >> signo & 1)
			l->conf.ops->command(l->conf.daemon, signo);
}

static void loop_event(struct loop *l, unsigned int source)
{
	if (source == SOURCE_KICK)
		loop_commands(l);
	else if (source == SOURCE_TICK)
		loop_tick(l);
	else if (source == SOURCE_STORE)
		l->conf.ops->events(l->conf.daemon);
	else if (source == SOURCE_HANGUP)
		store_lose(l->store);
	else if (!l->source[source].counter || loop_take(l->source[source].fd))
		l->source[source].ready(l->conf.daemon, l->source[source].fd);
}

/* Tries to connect again, if the connection is lost and it is time. */
static void loop_reconnect(struct loop *l)
{
	int how;

	if (!store_lost(l->store))
		return;
	if (!l->lost) {
		log_warn("xenstored is gone: frames go on, and changes of VIFs wait until it is back");
		l->lost = true;
		l->retry_at = 0;
		l->retry_us = RETRY_MIN_US;
		l->retry_err = -ECONNREFUSED;	/* the loss has been logged already */
	}
	if (now_us() < l->retry_at)
		return;
	how = store_reopen(l->store);
	/* A connection that is lost again at once is not logged: a xenstored that ends still accepts some. */
	if (how < 0 && how != l->retry_err && how != -ENOTCONN) {
		log_warn("cannot connect to xenstored again, trying further error=\"%s\"", errtext(ERRTEXT_STORE, how));
		l->retry_err = how;
	}
	if (how < 0) {
		l->retry_at = now_us() + l->retry_us;
		l->retry_us = min_size(l->retry_us * 2, RETRY_MAX_US);
		return;
	}
	l->lost = false;
	loop_add_store(l);
	log_info("xenstored is back%s", how == STORE_EMPTIED ? " and has lost what it knew: VIFs go on as they are until "
		 "they are in xenstore again" : "");
	l->conf.ops->reconnected(l->conf.daemon, how);
}

/* Returns the milliseconds until the next attempt to connect; -1: there is a connection. */
static int loop_timeout(const struct loop *l)
{
	uint64_t now = now_us();

	if (!store_lost(l->store))
		return -1;
	return l->retry_at > now ? (int)((l->retry_at - now) / 1000u) + 1 : 0;
}

static void loop_start(struct loop *l)
{
	const struct loop_conf *c = &l->conf;
	int err = store_open(&l->store, c->mark);

	if (err)
		die(c->program, EXIT_ENVIRONMENT, "cannot reach xenstored: %s", errtext(ERRTEXT_STORE, err));
	err = c->ops->start(c->daemon, l->store);
	if (err)
		die(c->program, EXIT_ENVIRONMENT, "cannot watch %s in xenstore: %s", c->root, errtext(ERRTEXT_STORE, err));
	loop_add_store(l);
	log_info("started version=%s", NETPAIR_VERSION);
	daemon_ready();
}

static void *loop_control(void *arg)
{
	struct loop *l = arg;
	uint64_t one = 1;

	loop_start(l);
	while (!l->conf.ops->ended(l->conf.daemon)) {
		struct epoll_event ev[SOURCES_MAX];
		int n;

		atomic_store(&l->idle, true);
		n = epoll_wait(l->epoll_fd, ev, ARRAY_SIZE(ev), loop_timeout(l));
		atomic_store(&l->idle, false);
		atomic_fetch_add(&l->beat, 1);
		for (int i = 0; i < n; i++)
			loop_event(l, ev[i].data.u32);
		loop_reconnect(l);
	}
	l->conf.ops->finish(l->conf.daemon);
	store_close(l->store);
	if (write(l->done_fd, &one, sizeof(one)) < 0)
		log_error("eventfd write failed errno=%d", errno);
	return NULL;
}

/* --- the main thread --------------------------------------------------------- */

static void loop_signals(struct loop *l)
{
	struct signalfd_siginfo info;
	uint64_t one = 1;

	while (read(l->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		int signo = (int)info.ssi_signo;
		bool stop = signo == SIGTERM || signo == SIGINT;

		if (stop && !l->asked_at)
			log_info("stopping signal=%d", signo);
		if ((stop || signo == l->conf.drain_signal) && !l->asked_at) {
			daemon_stopping();
			l->asked_at = now_us();
		}
		atomic_fetch_or(&l->commands, 1u << signo);
		/* If the eventfd is full it is readable already. */
		if (write(l->kick_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
			log_error("eventfd write failed errno=%d", errno);
	}
}

/* Returns the time in microseconds that the control thread's present request has
 * taken, and logs a long one. */
static uint64_t loop_waited(struct loop *l)
{
	unsigned int request = store_request();
	uint64_t now = now_us();

	if (request == 0 || request != l->request) {
		if (l->stalled)
			log_info("xenstored answers again seconds=%u", (unsigned int)((now - l->request_since) / 1000000u));
		l->stalled = false;
		l->request = request;
		l->request_since = now;
	} else if (!l->stalled && now - l->request_since >= STALLED_US) {
		log_warn("xenstored does not answer: frames go on, and changes of VIFs wait until it does");
		l->stalled = true;
	}
	return now - l->request_since;
}

/* Feeds the watchdog while the control thread moves, has nothing to do, or
 * waits for xenstored. */
static void loop_feed(struct loop *l)
{
	unsigned int beat = atomic_load(&l->beat);
	bool alive = beat != l->beat_seen || atomic_load(&l->idle) || store_request();

	l->beat_seen = beat;
	if (alive)
		daemon_alive();
	else if (!l->stuck)
		log_error("the control thread hangs: the watchdog is no longer fed, systemd will restart the daemon");
	l->stuck = !alive;
	log_tell_lost();
}

/* Returns whether the time for the control thread to end is over. The daemon may then
 * end without it, which leaves each connection as after a crash. */
static bool loop_overdue(const struct loop *l, uint64_t waited)
{
	uint64_t since = now_us() - l->asked_at;

	if (since >= l->conf.end_ms * 1000ull) {
		log_warn("ending at once: the control thread does not end");
		return true;
	}
	if (since >= LEAVE_US && waited >= LEAVE_US) {
		log_warn("ending at once: xenstored does not answer");
		return true;
	}
	return false;
}

struct loop *loop_new(const struct loop_conf *conf)
{
	static struct loop only;
	struct loop *l = &only;

	l->conf = *conf;
	l->nsources = SOURCE_DAEMON;
	l->signal_fd = daemon_signals();	/* before any library makes a thread */
	l->heartbeat_fd = daemon_timer(daemon_watchdog_ms(HEARTBEAT_MS));
	l->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->tick_fd = daemon_timer(TICK_MS);
	if (l->signal_fd < 0 || l->heartbeat_fd < 0 || l->done_fd < 0)
		die(conf->program, EXIT_ENVIRONMENT, "cannot set up the event loop: %s", errtext(ERRTEXT_FILE, -errno));
	loop_add(l, SOURCE_KICK, l->kick_fd, EPOLLIN);
	loop_add(l, SOURCE_TICK, l->tick_fd, EPOLLIN);
	return l;
}

void loop_watch(struct loop *l, int fd, void (*ready)(void *daemon, int fd))
{
	assert(l->nsources < SOURCES_MAX);
	l->source[l->nsources].ready = ready;
	loop_add(l, l->nsources++, fd, EPOLLIN);
}

void loop_watch_counter(struct loop *l, int fd, void (*ready)(void *daemon, int fd))
{
	loop_watch(l, fd, ready);
	l->source[l->nsources - 1].counter = true;
}

int loop_watch_links(struct loop *l, void (*ready)(void *daemon, int fd))
{
	int fd = linkwatch_open();

	if (fd >= 0)
		loop_watch(l, fd, ready);
	else
		log_warn("cannot watch devices, one that is deleted is noticed by traffic only error=\"%s\"",
			 errtext(ERRTEXT_FILE, fd));
	return fd;
}

int loop_run(struct loop *l)
{
	int err = -pthread_create(&l->control, NULL, loop_control, l);
	struct pollfd p[] = { { .fd = l->signal_fd, .events = POLLIN }, { .fd = l->heartbeat_fd, .events = POLLIN },
			      { .fd = l->done_fd, .events = POLLIN } };

	if (err)
		die(l->conf.program, EXIT_ENVIRONMENT, "cannot start the control thread: %s", errtext(ERRTEXT_FILE, err));
	pthread_setname_np(l->control, "control");
	while (!p[2].revents) {
		uint64_t waited;

		if (poll(p, ARRAY_SIZE(p), l->asked_at ? LEAVE_POLL_MS : -1) < 0)
			continue;
		if (p[0].revents)
			loop_signals(l);
		waited = loop_waited(l);
		if (p[1].revents && loop_take(l->heartbeat_fd))
			loop_feed(l);
		if (l->asked_at && !p[2].revents && loop_overdue(l, waited))
			_exit(EXIT_SUCCESS);
	}
	pthread_join(l->control, NULL);
	log_info("stopped");
	return EXIT_SUCCESS;
}
