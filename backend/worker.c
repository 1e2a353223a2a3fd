/* SPDX-License-Identifier: MIT */
/* worker.c - the thread that moves a VIF's packets
 *
 * Theory of operation. One loop: run both directions a batch at a time, gtx
 * and grx in turn, until neither has work; then poll for a short, adaptive
 * time; then arm the rings, look once more, and sleep.
 *
 * A port that fired stays masked while the worker is awake, so a peer's
 * signals cost nothing until the next sleep. The order before sleeping is what
 * loses no wake-up: arm (pairs C, D in shm.h), look again, unmask, wait.
 *
 * The TAP is watched edge-triggered: tap_ready stays true until a read said
 * EAGAIN, so a TAP that we may not read for want of slots does not wake us.
 *
 * The worker ends only when it is told to stop (XSA-374). After a fault it
 * touches nothing and waits for that.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../common/log.h"
#include "vif.h"

/* Bounds of the polling before a sleep, in microseconds (performance.md 1b). */
#define SPIN_MAX_US 20u
#define SPIN_MIN_US 2u

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
		log_error("eventfd write failed errno=%m");
}

void vif_queue_fault(struct vif_queue *q, const char *why)
{
	const char *none = NULL;

	if (!atomic_compare_exchange_strong(&q->fault, &none, why))
		return;
	stats_inc(&q->stats, STAT_PEER_FAULTS);
	wake(q->wake_fd);
}

void vif_queue_notify(struct vif_queue *q, struct evport port)
{
	stats_inc(&q->stats, STAT_NOTIFY_SENT);
	evt_notify(q->evt, port);
}

static bool stopping(struct vif_queue *q)
{
	return atomic_load_explicit(&q->stop, memory_order_acquire);
}

/* Takes all events off the channel's fd; their ports stay masked. */
static void drain_events(struct vif_queue *q)
{
	struct evport port;
	int got;

	while ((got = evt_next(q->evt, &port)) > 0) {
		stats_inc(&q->stats, STAT_NOTIFY_RECEIVED);
		if (port.raw == q->gtx_port.raw)
			q->gtx_masked = true;
		if (port.raw == q->grx_port.raw)
			q->grx_masked = true;
	}
	if (got < 0)
		vif_queue_fault(q, "event channel lost");
}

static void unmask_ports(struct vif_queue *q)
{
	if (q->gtx_masked)
		evt_unmask(q->evt, q->gtx_port);
	if (q->grx_masked && q->grx_port.raw != q->gtx_port.raw)
		evt_unmask(q->evt, q->grx_port);
	q->gtx_masked = q->grx_masked = false;
}

/* Waits at most timeout_ms (-1: for ever) for anything; true: something came. */
static bool wait_events(struct vif_queue *q, int timeout_ms)
{
	struct epoll_event ev[3];
	int n = epoll_wait(q->epoll_fd, ev, ARRAY_SIZE(ev), timeout_ms);

	for (int i = 0; i < n; i++) {
		if (ev[i].data.fd == q->tap_fd)
			q->tap_ready = true;
		else if (ev[i].data.fd != q->ctl_fd)
			drain_events(q);
	}
	return n > 0;
}

/* Polls for a while before a sleep is worth its price; true: there is work.
 * What it is worth is learnt: doubled when it paid, halved when not. */
static bool poll_for_work(struct vif_queue *q)
{
	uint64_t until;

	if (q->spin_us == 0)
		return false;
	until = now_us() + q->spin_us;
	do {
		sched_yield();
		if (wait_events(q, 0) || gtx_back_begin(&q->gtx) != 0) {
			q->spin_us = (unsigned int)min_size(q->spin_us * 2u, SPIN_MAX_US);
			return true;
		}
	} while (now_us() < until);
	q->spin_us = q->spin_us / 2 > SPIN_MIN_US ? q->spin_us / 2 : SPIN_MIN_US;
	return false;
}

/* How long a sleep may last: until a held frame's time is up. */
static int sleep_ms(const struct vif_queue *q)
{
	uint64_t now;

	if (!q->held)
		return -1;
	/* Nobody will kick us for slots: look for them. */
	if (!q->conf.rx_notify)
		return 1;
	now = now_us();
	return now >= q->held_until ? 0 : (int)((q->held_until - now) / 1000u) + 1;
}

/* After a fault only the owner's word counts. */
static void wait_for_stop(struct vif_queue *q)
{
	epoll_ctl(q->epoll_fd, EPOLL_CTL_DEL, q->tap_fd, NULL);
	epoll_ctl(q->epoll_fd, EPOLL_CTL_DEL, evt_fd(q->evt), NULL);
	while (!stopping(q))
		wait_events(q, -1);
}

static void *worker_main(void *arg)
{
	struct vif_queue *q = arg;

	while (!stopping(q)) {
		unsigned int did;

		if (atomic_load_explicit(&q->fault, memory_order_relaxed)) {
			wait_for_stop(q);
			break;
		}
		did = vif_gtx_run(q);
		did += vif_grx_run(q);
		if (did || poll_for_work(q))
			continue;
		if (gtx_back_rearm(&q->gtx) || vif_grx_rearm(q))
			continue;
		unmask_ports(q);
		stats_inc(&q->stats, STAT_SLEEPS);
		wait_events(q, sleep_ms(q));
	}
	return NULL;
}

/* --- birth and end, on the control thread -------------------------------- */

static int watch_fd(const struct vif_queue *q, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	return epoll_ctl(q->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

static uint8_t *buffer_new(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int open_resources(struct vif_queue *q, const char **why)
{
	int err;

	*why = "no memory or descriptors";
	q->gtx_buf = buffer_new(BATCH_BYTES);
	q->grx_buf = buffer_new(BATCH_BYTES);
	q->frames = (struct frame *)(void *)buffer_new(BATCH_FRAMES * sizeof(struct frame));
	if (!q->gtx_buf || !q->grx_buf || !q->frames)
		return -ENOMEM;
	q->ctl_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	q->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (q->ctl_fd < 0 || q->epoll_fd < 0)
		return -errno;
	*why = "cannot open the grant device";
	err = grant_open(&q->grant, q->peer);
	if (!err)
		err = grant_batch_new(&q->batch, q->grant);
	if (err)
		return err;
	*why = "cannot open the event channel device";
	return evt_open(&q->evt);
}

static int map_rings(struct vif_queue *q, const char **why)
{
	int err = 0;

	*why = "cannot map tx-ring-ref";
	q->gtx_page = grant_map(q->grant, q->conf.gtx_ref, &err);
	if (!q->gtx_page)
		return err;
	*why = "cannot map rx-ring-ref";
	q->grx_page = grant_map(q->grant, q->conf.grx_ref, &err);
	if (!q->grx_page)
		return err;
	*why = "the gtx ring page makes no sense";
	err = gtx_back_attach(&q->gtx, q->gtx_page);
	if (err)
		return err;
	*why = "the grx ring page makes no sense";
	return grx_back_attach(&q->grx, q->grx_page);
}

static int bind_ports(struct vif_queue *q, const char **why)
{
	int err;

	*why = "cannot bind the event channel";
	err = evt_bind_peer(q->evt, q->peer, q->conf.gtx_port, &q->gtx_port);
	if (err)
		return err;
	q->grx_port = q->gtx_port;
	if (q->conf.split)
		err = evt_bind_peer(q->evt, q->peer, q->conf.grx_port, &q->grx_port);
	return err;
}

static int start_thread(struct vif_queue *q, const char **why)
{
	pthread_attr_t attr;
	int err;

	*why = "cannot start the worker";
	err = watch_fd(q, q->ctl_fd, EPOLLIN);
	if (!err)
		err = watch_fd(q, evt_fd(q->evt), EPOLLIN);
	if (!err)
		err = watch_fd(q, q->tap_fd, EPOLLIN | EPOLLET);
	if (err)
		return err;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WORKER_STACK);
	err = -pthread_create(&q->thread, &attr, worker_main, q);
	pthread_attr_destroy(&attr);
	if (!err)
		pthread_setname_np(q->thread, q->name);
	return err;
}

static void release(struct vif_queue *q)
{
	/* The channel first: it is the worker's, and the worker is gone. */
	evt_close(q->evt);
	if (q->grant) {
		grant_unmap(q->grant, q->gtx_page);
		grant_unmap(q->grant, q->grx_page);
	}
	grant_batch_free(q->batch);
	grant_close(q->grant);
	if (q->epoll_fd >= 0)
		close(q->epoll_fd);
	if (q->ctl_fd >= 0)
		close(q->ctl_fd);
	if (q->gtx_buf)
		munmap(q->gtx_buf, BATCH_BYTES);
	if (q->grx_buf)
		munmap(q->grx_buf, BATCH_BYTES);
	if (q->frames)
		munmap(q->frames, BATCH_FRAMES * sizeof(struct frame));
	free(q);
}

int vif_queue_start(struct vif_queue **out, struct domid peer, const struct vif_conf *conf,
		    const char *name, int tap_fd, int wake_fd, const char **why)
{
	struct vif_queue *q = calloc(1, sizeof(*q));
	int err;

	*why = "no memory";
	if (!q)
		return -ENOMEM;
	q->peer = peer;
	q->conf = *conf;
	q->name = name;
	q->tap_fd = tap_fd;
	q->wake_fd = wake_fd;
	q->ctl_fd = q->epoll_fd = -1;
	q->tap_ready = true;
	/* With one processor polling only keeps the peer from working. */
	q->spin_us = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? SPIN_MAX_US : 0;
	err = open_resources(q, why);
	if (!err)
		err = map_rings(q, why);
	if (!err)
		err = bind_ports(q, why);
	if (!err) {
		/* A daemon before us may have published without signalling. */
		evt_notify(q->evt, q->gtx_port);
		if (q->conf.split)
			evt_notify(q->evt, q->grx_port);
		err = start_thread(q, why);
	}
	if (err) {
		release(q);
		return err;
	}
	*out = q;
	return 0;
}

void vif_queue_stop(struct vif_queue *q)
{
	atomic_store_explicit(&q->stop, true, memory_order_release);
	wake(q->ctl_fd);
	pthread_join(q->thread, NULL);
	release(q);
}
