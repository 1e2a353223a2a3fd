/* SPDX-License-Identifier: MIT */
/* loop.c - the main thread: signals, the watchdog, an end that control does not come to */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/errtext.h"
#include "common/base/log.h"
#include "daemon.h"
#include "loop.h"
#include "loop_control.h"
#include "loop_internal.h"

/* #syscalls-control eventfd write */

/* The longest interval of the watchdog messages to systemd, in milliseconds. */
#define HEARTBEAT_MS 5000u

/* Time of a request after which a warning is logged, in microseconds. */
#define STALLED_US 5000000u

/* The longest time of a request once the daemon must end, in microseconds. */
#define LEAVE_US 2000000u

/* Interval at which that is checked, in milliseconds. */
#define LEAVE_POLL_MS 100u

static const int loop_taken[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2 };

/* --- the watchdog --------------------------------------------------------------- */

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
 * waits for xenstored. sd-event's own feeding would tell of the main thread alone. */
static void loop_feed(void *arg)
{
	struct loop *l = arg;
	unsigned int beat = atomic_load(&l->beat);
	bool alive = beat != l->beat_seen || atomic_load(&l->idle) || store_request();

	loop_waited(l);
	l->beat_seen = beat;
	if (alive)
		daemon_alive();
	else if (!l->stuck)
		log_error("the control thread hangs: the watchdog is no longer fed, systemd will restart the daemon");
	l->stuck = !alive;
	log_tell_lost();
}

/* --- the end ---------------------------------------------------------------------- */

/* Ends the daemon if the time for the control thread to end is over. That leaves
 * each connection as after a crash. */
static void loop_leave(void *arg)
{
	struct loop *l = arg;
	uint64_t since = now_us() - l->asked_at, waited = loop_waited(l);

	if (since >= l->conf.end_ms * 1000ull)
		log_warn("ending at once: the control thread does not end");
	else if (since >= LEAVE_US && waited >= LEAVE_US)
		log_warn("ending at once: xenstored does not answer");
	else
		return;
	_exit(EXIT_SUCCESS);
}

static void loop_ask(struct loop *l)
{
	int err;

	daemon_stopping();
	l->asked_at = now_us();
	loop_waited(l);
	err = sd_event_source_set_enabled(l->leave, SD_EVENT_ONESHOT);
	if (err < 0)
		loop_source_broken(err);
}

static int loop_on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	struct loop *l = arg;
	uint64_t one = 1;
	int signo = (int)info->ssi_signo;
	bool stop = signo == SIGTERM || signo == SIGINT;

	(void)source;
	if (stop && !l->asked_at)
		log_info("stopping signal=%d", signo);
	if ((stop || signo == l->conf.drain_signal) && !l->asked_at)
		loop_ask(l);
	atomic_fetch_or(&l->commands, 1u << signo);
	/* If the eventfd is full it is readable already. */
	if (write(l->kick_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_error("eventfd write failed errno=%d", errno);
	return 0;
}

static int loop_on_done(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct loop *l = arg;

	(void)source;
	(void)fd;
	(void)events;
	l->done = true;
	return 0;
}

/* --- the thread --------------------------------------------------------------------- */

/* Called before any library makes a thread, which would take the signals. */
static void loop_block_signals(const struct loop *l)
{
	sigset_t set;

	sigemptyset(&set);
	for (unsigned int i = 0; i < ARRAY_SIZE(loop_taken); i++)
		sigaddset(&set, loop_taken[i]);
	signal(SIGPIPE, SIG_IGN);
	loop_source_made(l, sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0);
}

static void loop_init(struct loop *l)
{
	sd_event_source *done = NULL;
	int err;

	loop_source_made(l, sd_event_new(&l->main_event));
	for (unsigned int i = 0; i < ARRAY_SIZE(loop_taken); i++)
		loop_source_made(l, sd_event_add_signal(l->main_event, NULL, loop_taken[i], loop_on_signal, l));
	loop_source_every(l, l->main_event, daemon_watchdog_ms(HEARTBEAT_MS), loop_feed, l);
	l->leave = loop_source_every(l, l->main_event, LEAVE_POLL_MS, loop_leave, l);
	loop_source_made(l, sd_event_source_set_enabled(l->leave, SD_EVENT_OFF));
	l->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = l->done_fd < 0 ? -errno : sd_event_add_io(l->main_event, &done, l->done_fd, EPOLLIN, loop_on_done, l);
	loop_source_kept(l, err, done);
	/* Once the control thread has ended, it is not overdue. */
	loop_source_made(l, sd_event_source_set_priority(done, SD_EVENT_PRIORITY_IMPORTANT));
}

struct loop *loop_new(const struct loop_conf *conf)
{
	static struct loop only;
	struct loop *l = &only;

	*l = (struct loop){ .conf = *conf };
	loop_block_signals(l);
	loop_init(l);
	loop_control_init(l);
	return l;
}

int loop_run(struct loop *l)
{
	int err = -pthread_create(&l->control, NULL, loop_control_main, l);

	if (err)
		die(l->conf.program, EXIT_ENVIRONMENT, "cannot start the control thread: %s", errtext(ERRTEXT_FILE, err));
	pthread_setname_np(l->control, "control");
	while (!l->done) {
		err = sd_event_run(l->main_event, UINT64_MAX);
		if (err < 0)
			loop_source_broken(err);
	}
	pthread_join(l->control, NULL);
	sd_event_unref(l->control_event);
	sd_event_unref(l->main_event);
	log_info("stopped");
	return EXIT_SUCCESS;
}
