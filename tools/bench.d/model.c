/* SPDX-License-Identifier: MIT */
/* model.c - the counted machine of model.h */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <valgrind/callgrind.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#include "common/base/abi.h"
#include "common/host/taplimit.h"
#include "model.h"
#include "wraps.h"

#define WORKERS 2u
#define TAPS 2u
#define STACK (256u * 1024u)

/* What things cost, in nanoseconds, as docs/performance.md says of the machine that this was built on: a
 * call, with the worker's own code before it; a frame into a TAP with the network behind it, out of one;
 * a byte of either; a signal that wakes somebody; and the time until that one runs. */
#define COST_CALL 250u
#define COST_WRITE 1600u
#define COST_READ 250u
#define COST_BYTE_NUM 8u
#define COST_BYTE_DEN 100u
#define COST_SIGNAL 1000u
#define COST_WAKE 20000u
#define COST_YIELD 500u
#define COST_SLACK 3000u

enum worker_state { WORKER_NONE, WORKER_RUNS, WORKER_WAITS, WORKER_ENDED };

static struct model_worker {
	enum worker_state state;
	ucontext_t ctx;
	void *(*fn)(void *arg);
	void *arg;
	uint64_t clock;		/* nanoseconds */
	uint64_t until;		/* the end of its wait */
	int epoll_fd;		/* what it waits for */
	bool inside;		/* it is in a call, and what a library calls for that does not count */
	uint64_t calls[CALLS];
} workers[WORKERS];

static ucontext_t scheduler;
static struct model_worker *self;	/* the worker that runs; NULL: the caller's code does */
static bool measuring, collecting, uniprocessor;
static uint64_t present;		/* the time of what runs */
static uint64_t acted;			/* the time at which the latest call had its effect */
static uint64_t tick_at = UINT64_MAX;
static void (*tick_fn)(void);
static struct model_tap *taps[TAPS];

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "counts: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- the workers' clocks ------------------------------------------------------ */

/* Switches callgrind's collection, which counts while a worker's own code runs. */
static void collect(bool on)
{
	if (on == collecting)
		return;
	collecting = on;
	CALLGRIND_TOGGLE_COLLECT;
}

/* Lets the others go on until this worker's clock is behind. */
static void model_switch(void)
{
	struct model_worker *me = self;

	self = NULL;
	acted = me->clock;
	swapcontext(&me->ctx, &scheduler);
	self = me;
}

/* Begins a call of a worker. Returns false if it is not one that counts. */
static bool model_enter(enum call call)
{
	if (!self || self->inside)
		return false;
	collect(false);
	self->inside = true;
	if (measuring)
		self->calls[call]++;
	return true;
}

/* Ends a call of a worker, which has cost so much. */
static void model_leave(uint64_t cost)
{
	int err = errno;

	self->inside = false;
	self->clock += COST_CALL + cost;
	model_switch();
	errno = err;
	collect(measuring);
}

static void model_main(void)
{
	collect(measuring);
	self->fn(self->arg);
	collect(false);
	self->state = WORKER_ENDED;
	model_switch();
}

/* Wakes the workers that have what they wait for. */
static void model_wake(void)
{
	for (struct model_worker *w = workers; w < workers + WORKERS; w++) {
		struct pollfd p = { .fd = w->epoll_fd, .events = POLLIN };

		if (w->state != WORKER_WAITS || poll(&p, 1, 0) <= 0)
			continue;
		w->state = WORKER_RUNS;
		w->clock = (acted > w->clock ? acted : w->clock) + COST_WAKE;
	}
}

/* Runs what is next: a worker up to its next call, or the caller's tick. Returns false if nothing is. */
static bool model_step(void)
{
	struct model_worker *next = NULL;
	uint64_t at = tick_at;

	model_wake();
	for (struct model_worker *w = workers; w < workers + WORKERS; w++) {
		uint64_t when = w->state == WORKER_RUNS ? w->clock : w->state == WORKER_WAITS ? w->until : UINT64_MAX;

		if (when < at) {
			at = when;
			next = w;
		}
	}
	if (at == UINT64_MAX)
		return false;
	present = at;
	if (!next) {
		tick_at = UINT64_MAX;
		acted = at;
		tick_fn();
		return true;
	}
	next->state = WORKER_RUNS;
	next->clock = at;
	self = next;
	swapcontext(&scheduler, &next->ctx);
	self = NULL;
	return true;
}

uint64_t model_now(void)
{
	return self ? self->clock : present;
}

void model_at(uint64_t ns, void (*tick)(void))
{
	tick_at = ns;
	tick_fn = tick;
}

void model_run(bool (*done)(void))
{
	while (!done())
		must(model_step(), "both workers sleep and nothing wakes them: a wake-up is lost");
}

void model_measure(bool on)
{
	measuring = on;
}

uint64_t model_calls(unsigned int i)
{
	uint64_t sum = 0;

	for (unsigned int c = 0; c < CALLS; c++)
		sum += workers[i].calls[c];
	return sum;
}

void model_print_calls(unsigned int i, double units)
{
	static const char *const name[CALLS] = { CALL_LIST(CALL_NAME) };

	for (unsigned int c = 0; c < CALLS; c++)
		if (workers[i].calls[c])
			printf(" %s=%.3f", name[c], (double)workers[i].calls[c] / units);
	printf("\n");
}

/* --- threads -------------------------------------------------------------------- */

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *arg), void *arg)
{
	unsigned int i = 0;

	(void)attr;
	while (i < WORKERS && workers[i].state != WORKER_NONE)
		i++;
	must(i < WORKERS, "more workers than the model has");
	*thread = (pthread_t)i;
	workers[i].fn = fn;
	workers[i].arg = arg;
	workers[i].clock = present;
	workers[i].state = WORKER_RUNS;
	getcontext(&workers[i].ctx);
	workers[i].ctx.uc_stack.ss_sp = malloc(STACK);
	workers[i].ctx.uc_stack.ss_size = STACK;
	must(workers[i].ctx.uc_stack.ss_sp, "memory");
	makecontext(&workers[i].ctx, model_main, 0);
	return 0;
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
	(void)result;
	while (workers[thread].state != WORKER_ENDED)
		must(model_step(), "a worker that is to stop sleeps on");
	free(workers[thread].ctx.uc_stack.ss_sp);
	return 0;
}

int __wrap_pthread_tryjoin_np(pthread_t thread, void **result)
{
	return workers[thread].state == WORKER_ENDED ? __wrap_pthread_join(thread, result) : EBUSY;
}

void model_uniprocessor(bool on)
{
	uniprocessor = on;
}

/* The answer does not depend on this machine. */
bool __wrap_boost_is_wanted(void)
{
	return uniprocessor;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	*ts = (struct timespec){ .tv_sec = (time_t)(model_now() / 1000000000u), .tv_nsec = (long)(model_now() % 1000000000u) };
	return 0;
}

int __wrap_epoll_wait(int fd, struct epoll_event *ev, int max, int timeout_ms)
{
	int n;

	if (!model_enter(CALL_EPOLL_WAIT))
		return __real_epoll_wait(fd, ev, max, timeout_ms);
	n = __real_epoll_wait(fd, ev, max, 0);
	if (n == 0 && timeout_ms != 0) {
		self->state = WORKER_WAITS;
		self->epoll_fd = fd;
		self->until = timeout_ms < 0 ? UINT64_MAX : self->clock + (uint64_t)timeout_ms * MODEL_MS;
		model_switch();
		n = __real_epoll_wait(fd, ev, max, 0);
	}
	model_leave(0);
	return n;
}

int __wrap_nanosleep(const struct timespec *ts, struct timespec *left)
{
	if (!model_enter(CALL_NANOSLEEP))
		return __real_nanosleep(ts, left);
	model_leave((uint64_t)ts->tv_sec * 1000000000u + (uint64_t)ts->tv_nsec + COST_SLACK);
	return 0;
}

int __wrap_sched_yield(void)
{
	if (model_enter(CALL_SCHED_YIELD))
		model_leave(COST_YIELD);
	return 0;
}

/* --- TAPs ------------------------------------------------------------------------- */

void model_tap_open(struct model_tap *t)
{
	static unsigned int n;
	int ends[2], size = 32 << 20;

	must(n < TAPS && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0, "socketpair");
	must(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) == 0 &&
	     setsockopt(ends[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) == 0, "SO_SNDBUFFORCE, which needs root");
	t->fd = ends[0];
	t->far = ends[1];
	taps[n++] = t;
}

void model_tap_send(struct model_tap *t, const void *frame, size_t len)
{
	if (t->sums)
		atomic_fetch_add(&t->sums->in, len - VNET_HDR_LEN + TAPLIMIT_FRAME);
	must(send(t->far, frame, len, MSG_DONTWAIT) == (ssize_t)len, "a socket takes no frame");
	t->queued++;
}

/* Hands what the worker wrote to the caller. Returns what the frames cost. */
static uint64_t tap_drain(void)
{
	static uint8_t frame[MODEL_FRAME_MAX];
	uint64_t cost = 0;
	ssize_t len;

	for (unsigned int i = 0; i < TAPS; i++) {
		while (taps[i] && (len = recv(taps[i]->far, frame, sizeof(frame), MSG_DONTWAIT)) > 0) {
			cost += COST_WRITE + (uint64_t)len * COST_BYTE_NUM / COST_BYTE_DEN;
			self->clock += cost;
			taps[i]->on_frame(taps[i], (size_t)len);
			self->clock -= cost;
		}
	}
	return cost;
}

/* Returns what a read of a TAP has cost, and tells the caller of it. */
static uint64_t tap_was_read(int fd, ssize_t got)
{
	for (unsigned int i = 0; i < TAPS && got > 0; i++) {
		if (!taps[i] || taps[i]->fd != fd)
			continue;
		taps[i]->queued--;
		if (taps[i]->on_read)
			taps[i]->on_read(taps[i]);
		return COST_READ + (uint64_t)got * COST_BYTE_NUM / COST_BYTE_DEN;
	}
	return 0;
}

ssize_t __wrap_read(int fd, void *buf, size_t len)
{
	bool counts = model_enter(CALL_READ);
	ssize_t got = __real_read(fd, buf, len);

	if (counts)
		model_leave(tap_was_read(fd, got));
	return got;
}

ssize_t __wrap_readv(int fd, const struct iovec *iov, int n)
{
	bool counts = model_enter(CALL_READV);
	ssize_t got = __real_readv(fd, iov, n);

	if (counts)
		model_leave(tap_was_read(fd, got));
	return got;
}

ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
	bool counts = model_enter(CALL_WRITE);
	ssize_t put = __real_write(fd, buf, len);

	if (counts)
		model_leave(tap_drain());
	return put;
}

ssize_t __wrap_writev(int fd, const struct iovec *iov, int n)
{
	bool counts = model_enter(CALL_WRITEV);
	ssize_t put = __real_writev(fd, iov, n);

	if (counts)
		model_leave(tap_drain());
	return put;
}

int __wrap_io_uring_submit(struct io_uring *ring)
{
	bool counts = model_enter(CALL_IO_URING_SUBMIT);
	int n = __real_io_uring_submit(ring);

	if (counts)
		model_leave(tap_drain());
	return n;
}

int __wrap_io_uring_submit_and_wait(struct io_uring *ring, unsigned int wait)
{
	bool counts = model_enter(CALL_IO_URING_SUBMIT_AND_WAIT);
	int n = __real_io_uring_submit_and_wait(ring, wait);

	if (counts)
		model_leave(tap_drain());
	return n;
}

/* --- Xen's libraries, each of whose functions is one call of the kernel there ------- */

xenevtchn_port_or_error_t __wrap_xenevtchn_pending(xenevtchn_handle *e)
{
	bool counts = model_enter(CALL_EVTCHN_READ);
	xenevtchn_port_or_error_t port = __real_xenevtchn_pending(e);

	if (counts)
		model_leave(0);
	return port;
}

int __wrap_xenevtchn_unmask(xenevtchn_handle *e, evtchn_port_t port)
{
	bool counts = model_enter(CALL_EVTCHN_UNMASK);
	int err = __real_xenevtchn_unmask(e, port);

	if (counts)
		model_leave(0);
	return err;
}

int __wrap_xenevtchn_notify(xenevtchn_handle *e, evtchn_port_t port)
{
	bool counts = model_enter(CALL_EVTCHN_NOTIFY);
	int err = __real_xenevtchn_notify(e, port);

	if (counts)
		model_leave(COST_SIGNAL);
	return err;
}

int __wrap_xengnttab_grant_copy(xengnttab_handle *g, uint32_t n, xengnttab_grant_copy_segment_t *seg)
{
	bool counts = model_enter(CALL_GRANT_COPY);
	int err = __real_xengnttab_grant_copy(g, n, seg);

	if (counts)
		model_leave(COST_SIGNAL);
	return err;
}
