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

#include "common/base/log.h"
#include "common/base/probe.h"
#include "wake.h"
#include "worker.h"

/* The length of a nap in a stream, in microseconds, and its timer slack, in nanoseconds. */
#define NAP_US 30
#define NAP_SLACK_NS 1000ul
#define WORKER_STACK (128u * 1024u)

/* #syscalls write read close epoll_wait epoll_pwait epoll_ctl epoll_create1 eventfd eventfd2 ppoll sched_yield nanosleep clock_nanosleep */
/* #syscalls-some prctl */
void worker_fault(struct worker *w, const char *why)
{
	const char *none = NULL;

	if (!atomic_compare_exchange_strong(&w->fault, &none, why))
		return;
	stats_inc(w->stats, STAT_PEER_FAULTS);
	probe_fault(w->name, why);
	wake_up(w->control_fd);
}

void worker_kick(struct worker *w)
{
	wake_up(w->kick_fd);
}

void worker_wake_control(struct worker *w)
{
	wake_up(w->control_fd);
}

const char *worker_faulted(const struct worker *w)
{
	return atomic_load(&w->fault);
}

void worker_notify(struct worker *w, struct doorbell doorbell)
{
	if (w->mask.theirs && !evmask_post(&w->mask, doorbell.bit))
		return;
	stats_inc(w->stats, STAT_NOTIFY_SENT);
	evt_notify(w->evt, doorbell.port);
}

/* Takes one event off the channel's descriptor; its port stays masked. One read a
 * wake-up is enough: if there are more events, the next wait does not sleep. */
static void worker_take_event(struct worker *w)
{
	struct evport port;
	int got = evt_next(w->evt, &port);

	if (got < 0)
		worker_fault(w, "event channel lost");
	if (got <= 0)
		return;
	stats_inc(w->stats, STAT_NOTIFY_RECEIVED);
	storm_event(&w->storm);
	for (unsigned int i = 0; i < w->nports; i++)
		if (w->port[i].port.raw == port.raw)
			w->port[i].masked = true;
}

static void worker_unmask_ports(struct worker *w)
{
	for (unsigned int i = 0; i < w->nports; i++) {
		if (w->port[i].masked)
			evt_unmask(w->evt, w->port[i].port);
		w->port[i].masked = false;
	}
}

/* Waits at most timeout_ms (-1: no limit) for events. Returns whether there was one. */
static bool worker_wait_events(struct worker *w, int timeout_ms)
{
	struct epoll_event ev[4];
	int n = epoll_wait(w->tap_ready ? w->epoll_rest_fd : w->epoll_fd, ev, ARRAY_SIZE(ev), timeout_ms);

	for (int i = 0; i < n; i++) {
		if (ev[i].data.fd == w->net.fd)
			w->tap_ready = w->net.announced = taplook_announced(&w->look);
		else if (ev[i].data.fd != w->kick_fd && !capture_take_doorbell(&w->capture, ev[i].data.fd))
			worker_take_event(w);
		else if (ev[i].data.fd == w->kick_fd) {	/* It may ask for a read of the TAP (taplimit.h). */
			wake_taken(w->kick_fd);
			w->tap_ready = taplook_announced(&w->look);
		}
	}
	return n > 0;
}

/* Returns whether the rings have work, or a port has that tells so without a system call. */
static bool worker_pending(struct worker *w)
{
	if (w->tap_ready || !port_pending(&w->net))
		return w->ops->pending(w);
	return w->tap_ready = taplook_announced(&w->look);
}

/* Arms the rings and the port. Returns whether there is work after all; frames for which there are no slots are none. */
static bool worker_rearm(struct worker *w)
{
	if (w->ops->rearm(w))
		return true;
	if (!port_rearm(&w->net) || w->tap_ready)
		return false;
	return w->tap_ready = taplook_announced(&w->look);
}

/* Sleeps for a moment with the rings not armed, so that packets arrive without a
 * signal and are processed together. Returns whether there is work. */
static bool worker_nap(struct worker *w)
{
	nanosleep(&(struct timespec){ .tv_nsec = NAP_US * 1000 }, NULL);
	return worker_pending(w) || worker_wait_events(w, 0);
}

/* Polls for the present polling time before a sleep. Returns whether there is work. */
static bool worker_poll_for_work(struct worker *w)
{
	uint64_t from, now, until;

	if (w->spin.us == 0)
		return false;
	now = now_us();
	if (spin_streams(&w->spin, now))
		return worker_nap(w);
	until = now + w->spin.us;
	do {
		from = now;
		sched_yield();
		/* Reading the rings is cheaper than asking the kernel. */
		if (worker_pending(w) || worker_wait_events(w, 0) || worker_pending(w))
			return true;
		now = now_us();
		spin_yielded(&w->spin, from, now);
	} while (now < until);
	return false;
}

/* Leaves the ports masked for a while if they fire without work (storm.h). The
 * TAP ends that at once. Returns true if there is work. */
static bool worker_calm_storm(struct worker *w)
{
	struct pollfd fd[] = { { w->kick_fd, POLLIN, 0 }, { w->net.fd, POLLIN, 0 } };
	unsigned int us = storm_nap_us(&w->storm, w->nports);
	struct timespec ts = { .tv_nsec = us * 1000L };
	int most;

	if (us == 0)
		return false;
	most = w->ops->sleep_ms(w);
	if (most >= 0 && most * 1000000L < ts.tv_nsec)
		ts.tv_nsec = most * 1000000L;
	stats_inc(w->stats, STAT_STORM_NAPS);
	w->spin.us = 0;
	ppoll(fd, w->tap_ready ? 1 : 2, &ts, NULL);
	if (fd[1].revents)
		w->tap_ready = w->net.announced = taplook_announced(&w->look);
	return fd[0].revents || fd[1].revents || w->ops->pending(w);
}

/* Waits at most timeout_ms (-1: no limit) for events, and shows that it does. Returns whether there was one. */
static bool worker_wait_asleep(struct worker *w, int timeout_ms)
{
	bool event;

	positions_turn(w->at);
	event = worker_wait_events(w, timeout_ms);
	positions_turn(w->at);
	return event;
}

/* Sleeps until there is an event, or as long as the daemon allows. After traffic it is idle if there is none
 * for a while. */
static void worker_wait_idle(struct worker *w)
{
	int most = w->ops->sleep_ms(w);

	if (most >= 0 || !w->carried || !w->ops->idle) {
		worker_wait_asleep(w, most);
	} else if (!worker_wait_asleep(w, WORKER_IDLE_MS)) {
		w->carried = false;
		w->ops->idle(w);
	}
}

static void worker_sleep_till_event(struct worker *w)
{
	uint64_t since, now;

	stats_inc(w->stats, STAT_SLEEPS);
	/* It does not poll, and in a PV guest reading the clock is a system call. */
	if (w->uniprocessor) {
		boost_sleeps(&w->boost);
		worker_wait_idle(w);
		boost_wakes(&w->boost);
		return;
	}
	since = now_us();
	worker_wait_idle(w);
	now = now_us();
	spin_slept(&w->spin, now - since, now);
}

static void worker_mask_wake(struct worker *w)
{
	unsigned int unknown;

	if (!w->mask.ours)
		return;
	unknown = evmask_wake(&w->mask);
	positions_put_mask(w->at, w->mask.seen, w->mask.theirs_seen);
	if (unknown)
		stats_add(w->stats, STAT_MASK_UNKNOWN, unknown);
}

/* Clears the awake bit, with every ring armed. Returns whether there is work after
 * all. A bit may be left over from a ring that was served since. */
static bool worker_mask_sleep(struct worker *w)
{
	if (!w->mask.ours || !evmask_sleep(&w->mask) || !w->ops->pending(w))
		return false;
	worker_mask_wake(w);
	return true;
}

/* Waits after a fault for the owner to stop the worker. */
static void worker_wait_for_stop(struct worker *w)
{
	epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, w->net.fd, NULL);
	epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, evt_fd(w->evt), NULL);
	epoll_ctl(w->epoll_rest_fd, EPOLL_CTL_DEL, evt_fd(w->evt), NULL);
	while (!atomic_load_explicit(&w->stop, memory_order_acquire))
		worker_wait_asleep(w, -1);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	/* The thread sets its own name: for another thread the C library opens a file below /proc. */
	prctl(PR_SET_NAME, w->name);
	if (w->uniprocessor)
		boost_start(&w->boost, w->name);
	burst_start(&w->net.burst);
	prctl(PR_SET_TIMERSLACK, NAP_SLACK_NS);
	worker_mask_wake(w);
	while (!atomic_load_explicit(&w->stop, memory_order_acquire)) {
		if (atomic_load_explicit(&w->fault, memory_order_relaxed)) {
			worker_wait_for_stop(w);
			break;
		}
		capture_turn(&w->capture, w->epoll_fd, w->epoll_rest_fd);
		boost_round(&w->boost);
		if (w->ops->run(w)) {
			w->carried = true;
			storm_work(&w->storm);
			continue;
		}
		if (worker_poll_for_work(w) || worker_calm_storm(w) || worker_rearm(w) || worker_mask_sleep(w))
			continue;
		worker_unmask_ports(w);
		worker_sleep_till_event(w);
		worker_mask_wake(w);
	}
	return NULL;
}

/* --- on the control thread ----------------------------------------------- */

int worker_init(struct worker *w, const struct worker_ops *ops, const char *name, const struct net_port *net, int control_fd,
		struct worker_counters *counters, const struct worker_handles *given)
{
	memset(w, 0, sizeof(*w));
	w->ops = ops;
	w->name = name;
	w->stats = &counters->stats;
	w->at = &counters->at;
	w->net = *net;
	if (given) {
		w->evt = given->evt;
		burst_give(&w->net.burst, given->ring);
	}
	w->control_fd = control_fd;
	w->tap_ready = true;
	w->uniprocessor = boost_is_wanted();
	w->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	w->epoll_rest_fd = epoll_create1(EPOLL_CLOEXEC);
	if (w->kick_fd < 0 || w->epoll_fd < 0 || w->epoll_rest_fd < 0)
		return -errno;
	return given ? 0 : evt_open(&w->evt);
}

static void worker_add_port(struct worker *w, struct doorbell doorbell)
{
	assert(w->nports < WORKER_PORTS_MAX);
	w->port[w->nports++].port = doorbell.port;
}

int worker_bind(struct worker *w, struct domid peer, struct evport remote, struct doorbell *doorbell)
{
	int err = evt_bind_peer(w->evt, peer, remote, &doorbell->port);

	if (err)
		return err;
	worker_add_port(w, *doorbell);
	/* An earlier daemon may have published without signalling. */
	evt_notify(w->evt, doorbell->port);
	return 0;
}

int worker_offer(struct worker *w, struct domid peer, struct doorbell *doorbell)
{
	int err = evt_offer(w->evt, peer, &doorbell->port);

	if (!err)
		worker_add_port(w, *doorbell);
	return err;
}

static int worker_watch_fd(int epoll_fd, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

static int worker_watch(const struct worker *w)
{
	const int sets[] = { w->epoll_fd, w->epoll_rest_fd };
	int err = worker_watch_fd(w->epoll_fd, w->net.fd);

	for (unsigned int i = 0; i < ARRAY_SIZE(sets) && !err; i++) {
		err = worker_watch_fd(sets[i], w->kick_fd);
		err = err ? err : worker_watch_fd(sets[i], evt_fd(w->evt));
	}
	return err;
}

int worker_start(struct worker *w)
{
	pthread_attr_t attr;
	int err = worker_watch(w);

	if (err)
		return err;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WORKER_STACK);
	err = -pthread_create(&w->thread, &attr, worker_main, w);
	pthread_attr_destroy(&attr);
	w->running = err == 0;
	return err;
}

bool worker_try_stop(struct worker *w)
{
	if (!w->running)
		return true;
	atomic_store_explicit(&w->stop, true, memory_order_release);
	wake_up(w->kick_fd);
	w->running = pthread_tryjoin_np(w->thread, NULL) != 0;
	return !w->running;
}

void worker_stop(struct worker *w)
{
	if (worker_try_stop(w))
		return;
	pthread_join(w->thread, NULL);
	w->running = false;
}

void worker_exit(struct worker *w)
{
	const int fds[] = { w->epoll_fd, w->epoll_rest_fd, w->kick_fd };

	/* Only now, as no thread waits on them any more (XSA-331). */
	evt_close(w->evt);
	burst_exit(&w->net.burst);
	for (unsigned int i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}
