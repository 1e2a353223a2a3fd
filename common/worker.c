/* SPDX-License-Identifier: MIT */
/* worker.c - the loop of worker.h */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "worker.h"

/* The most that a worker polls before a sleep, and where it begins, in microseconds. */
#define SPIN_MAX_US 100u
#define SPIN_START_US 10u

/* A yield that took so long gave the processor to a program that wants it for
 * itself: so long nobody polls then, in microseconds. */
#define CROWDED_YIELD_US 500u
#define CROWDED_US 250000u

/* Who moved so many bytes before it ran out of work is in a stream: nobody
 * polls for so long then, in microseconds. */
#define STREAM_BYTES 16384u
#define STREAM_US 1000u

/* A nap in a pause of a stream, in microseconds, and how late it may end, in nanoseconds. */
#define NAP_US 30
#define NAP_SLACK_NS 1000ul

#define WORKER_STACK (128u * 1024u)

uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static void wake(int eventfd)
{
	uint64_t one = 1;

	/* Full means that it is readable already. */
	if (write(eventfd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_error("eventfd write failed errno=%d", errno);
}

void worker_fault(struct worker *w, const char *why)
{
	const char *none = NULL;

	if (!atomic_compare_exchange_strong(&w->fault, &none, why))
		return;
	stats_inc(&w->stats, STAT_PEER_FAULTS);
	wake(w->wake_fd);
}

void worker_poke(struct worker *w)
{
	wake(w->ctl_fd);
}

void worker_tell(struct worker *w)
{
	wake(w->wake_fd);
}

const char *worker_faulted(const struct worker *w)
{
	return atomic_load(&w->fault);
}

void worker_notify(struct worker *w, struct bell bell)
{
	if (w->mask.theirs && !evmask_post(&w->mask, bell.bit))
		return;
	stats_inc(&w->stats, STAT_NOTIFY_SENT);
	evt_notify(w->evt, bell.port);
}

static bool stopping(struct worker *w)
{
	return atomic_load_explicit(&w->stop, memory_order_acquire);
}

/* Takes one event off the channel's fd; its port stays masked. One read a
 * wake-up: if there are more, the next wait does not sleep. */
static void take_event(struct worker *w)
{
	struct evport port;
	int got = evt_next(w->evt, &port);

	if (got < 0)
		worker_fault(w, "event channel lost");
	if (got <= 0)
		return;
	stats_inc(&w->stats, STAT_NOTIFY_RECEIVED);
	storm_event(&w->storm);
	for (unsigned int i = 0; i < w->nports; i++)
		if (w->port[i].port.raw == port.raw)
			w->port[i].masked = true;
}

/* The next sleep is to be one; a stop is seen before that. */
static void take_poke(struct worker *w)
{
	uint64_t count;

	if (read(w->ctl_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_error("eventfd read failed errno=%d", errno);
	/* What it is to look at may be its TAP (taplimit.h). */
	w->tap_ready = true;
}

static void unmask_ports(struct worker *w)
{
	for (unsigned int i = 0; i < w->nports; i++) {
		if (w->port[i].masked)
			evt_unmask(w->evt, w->port[i].port);
		w->port[i].masked = false;
	}
}

/* Waits at most timeout_ms (-1: for ever) for anything; true: something came. */
static bool wait_events(struct worker *w, int timeout_ms)
{
	struct epoll_event ev[3];
	int n = epoll_wait(w->epoll_fd, ev, ARRAY_SIZE(ev), timeout_ms);

	for (int i = 0; i < n; i++) {
		if (ev[i].data.fd == w->tap_fd)
			w->tap_ready = true;
		else if (ev[i].data.fd == w->ctl_fd)
			take_poke(w);
		else
			take_event(w);
	}
	return n > 0;
}

/* Whether this is a pause in a stream, where polling costs more than it saves:
 * a yield gives the processor away for a whole time slice, or takes it from
 * who is filling the TAP. */
static bool streaming(struct worker *w, uint64_t now)
{
	if (w->moved >= STREAM_BYTES)
		w->streams_until = now + STREAM_US;
	w->moved = 0;
	return now < w->streams_until;
}

/* Rings and TAP are left alone for a moment: what comes meanwhile comes without
 * a signal, and together. True: something came. */
static bool nap(struct worker *w)
{
	const struct timespec ts = { .tv_nsec = NAP_US * 1000 };

	nanosleep(&ts, NULL);
	return w->ops->pending(w) || wait_events(w, 0);
}

/* Polls for a while before a sleep, as far as that is worth its price; true: there is work. */
static bool poll_for_work(struct worker *w)
{
	uint64_t from, now, until;

	if (w->spin_us == 0)
		return false;
	now = now_us();
	if (streaming(w, now))
		return nap(w);
	until = now + w->spin_us;
	do {
		from = now;
		sched_yield();
		/* The rings again: they are nearer than the kernel. */
		if (w->ops->pending(w) || wait_events(w, 0) || w->ops->pending(w))
			return true;
		now = now_us();
		if (now - from >= CROWDED_YIELD_US) {
			w->spin_us = 0;
			w->crowded_until = now + CROWDED_US;
		}
	} while (now < until);
	return false;
}

/* Leaves the ports masked for a while if they fire without work (storm.h). The
 * TAP ends that at once. Returns true if there is work. */
static bool worker_calm_storm(struct worker *w)
{
	struct pollfd fd[] = { { w->ctl_fd, POLLIN, 0 }, { w->tap_fd, POLLIN, 0 } };
	unsigned int us = storm_nap_us(&w->storm, w->nports);
	struct timespec ts = { .tv_nsec = us * 1000L };
	int most;

	if (us == 0)
		return false;
	most = w->ops->sleep_ms(w);
	if (most >= 0 && most * 1000000L < ts.tv_nsec)
		ts.tv_nsec = most * 1000000L;
	stats_inc(&w->stats, STAT_STORM_NAPS);
	w->spin_us = 0;
	/* A TAP whose frames we may not read is readable all the time. */
	ppoll(fd, w->tap_ready ? 1 : 2, &ts, NULL);
	if (fd[1].revents)
		w->tap_ready = true;
	return fd[0].revents || fd[1].revents || w->ops->pending(w);
}

/* What polling is worth is learnt from the sleeps: a short one would have been
 * saved by polling a little longer, a long one would not. An idle interface
 * ends up not polling at all. Nor does one whose processor others want: who
 * has used up his share by polling is not let in when a packet comes. */
static void learn_spin(struct worker *w, uint64_t slept_us, uint64_t now)
{
	if (now < w->crowded_until)
		return;
	if (slept_us < SPIN_MAX_US)
		w->spin_us = w->spin_us ? (unsigned int)min_size(w->spin_us * 2u, SPIN_MAX_US) : SPIN_START_US;
	else
		w->spin_us = w->spin_us > SPIN_START_US ? w->spin_us / 2u : 0;
}

static void sleep_till_event(struct worker *w)
{
	uint64_t since, now;

	stats_inc(&w->stats, STAT_SLEEPS);
	/* Nothing is learnt there, and in a PV guest a look at the clock is a system call. */
	if (w->alone) {
		boost_sleeps(&w->boost);
		wait_events(w, w->ops->sleep_ms(w));
		boost_wakes(&w->boost);
		return;
	}
	since = now_us();
	wait_events(w, w->ops->sleep_ms(w));
	now = now_us();
	learn_spin(w, now - since, now);
}

static void mask_wake(struct worker *w)
{
	unsigned int unknown = w->mask.ours ? evmask_wake(&w->mask) : 0;

	if (unknown)
		stats_add(&w->stats, STAT_MASK_UNKNOWN, unknown);
}

/* With every ring armed: tells the peer that we sleep. True: there is work
 * after all. A bit may be left from a ring that was served since. */
static bool mask_sleep(struct worker *w)
{
	if (!w->mask.ours || !evmask_sleep(&w->mask) || !w->ops->pending(w))
		return false;
	mask_wake(w);
	return true;
}

/* After a fault only the owner's word counts. */
static void wait_for_stop(struct worker *w)
{
	epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, w->tap_fd, NULL);
	epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, evt_fd(w->evt), NULL);
	while (!stopping(w))
		wait_events(w, -1);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	if (w->alone)
		boost_start(&w->boost, w->name);
	burst_init(&w->burst, w->tap_fd);
	prctl(PR_SET_TIMERSLACK, NAP_SLACK_NS);
	mask_wake(w);
	while (!stopping(w)) {
		if (atomic_load_explicit(&w->fault, memory_order_relaxed)) {
			wait_for_stop(w);
			break;
		}
		boost_round(&w->boost);
		if (w->ops->run(w)) {
			storm_work(&w->storm);
			continue;
		}
		if (poll_for_work(w) || worker_calm_storm(w) || w->ops->rearm(w) || mask_sleep(w))
			continue;
		unmask_ports(w);
		sleep_till_event(w);
		mask_wake(w);
	}
	return NULL;
}

/* --- on the control thread ----------------------------------------------- */

int worker_init(struct worker *w, const struct worker_ops *ops, const char *name, int tap_fd, int wake_fd)
{
	memset(w, 0, sizeof(*w));
	w->ops = ops;
	w->name = name;
	w->tap_fd = tap_fd;
	w->burst.tap_fd = tap_fd;
	w->wake_fd = wake_fd;
	w->tap_ready = true;
	w->alone = boost_is_wanted();
	w->ctl_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (w->ctl_fd < 0 || w->epoll_fd < 0)
		return -errno;
	return evt_open(&w->evt);
}

static void add_port(struct worker *w, struct bell bell)
{
	assert(w->nports < WORKER_PORTS_MAX);
	w->port[w->nports++].port = bell.port;
}

int worker_bind(struct worker *w, struct domid peer, struct evport remote, struct bell *bell)
{
	int err = evt_bind_peer(w->evt, peer, remote, &bell->port);

	if (err)
		return err;
	add_port(w, *bell);
	/* A daemon before us may have published without signalling. */
	evt_notify(w->evt, bell->port);
	return 0;
}

int worker_offer(struct worker *w, struct domid peer, struct bell *bell)
{
	int err = evt_offer(w->evt, peer, &bell->port);

	if (!err)
		add_port(w, *bell);
	return err;
}

static int watch_fd(const struct worker *w, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	return epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

int worker_start(struct worker *w)
{
	pthread_attr_t attr;
	int err;

	err = watch_fd(w, w->ctl_fd, EPOLLIN);
	if (!err)
		err = watch_fd(w, evt_fd(w->evt), EPOLLIN);
	if (!err)
		err = watch_fd(w, w->tap_fd, EPOLLIN | EPOLLET);
	if (err)
		return err;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WORKER_STACK);
	err = -pthread_create(&w->thread, &attr, worker_main, w);
	pthread_attr_destroy(&attr);
	if (err)
		return err;
	pthread_setname_np(w->thread, w->name);
	w->running = true;
	return 0;
}

void worker_stop(struct worker *w)
{
	if (!w->running)
		return;
	atomic_store_explicit(&w->stop, true, memory_order_release);
	wake(w->ctl_fd);
	pthread_join(w->thread, NULL);
	w->running = false;
}

void worker_exit(struct worker *w)
{
	/* Only now that nobody waits on them (XSA-331). */
	evt_close(w->evt);
	burst_exit(&w->burst);
	if (w->epoll_fd >= 0)
		close(w->epoll_fd);
	if (w->ctl_fd >= 0)
		close(w->ctl_fd);
}
