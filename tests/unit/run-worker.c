/* SPDX-License-Identifier: MIT */
/* run-worker.c - the worker's loop with a scripted peer, whose port can fire again as soon as it is
 * unmasked: a storm is answered by naps, and work, a frame or a stop ends a nap */
#include "unit.h"

#include <poll.h>
#include <pthread.h>
#include <time.h>

static int stub_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts, const void *sigs);
#define ppoll stub_ppoll
/* A worker must name itself: the name of another thread is set by opening a file. */
#define pthread_setname_np(thread_, name_) ((void)(thread_), (void)(name_), ENOENT)
#include "common/host/worker.c"
#undef ppoll
#undef pthread_setname_np

#include <sys/socket.h>

static struct evt_dev { int fd; } dev;
static int tap[2], control_fd;
static struct worker_counters counters;
static struct worker w;

/* What the script says and counts. One thread writes each, another one reads it. */
static unsigned int runs, unmasks;	/* calls */
static unsigned int work;		/* requests in the rings */
static bool hangs;			/* a run with work does not end */
static bool storms;			/* an unmasked port fires at once */
static bool for_ever;			/* a nap does not end by time */
static bool leaves;			/* a run reads one frame and leaves the others; set before the start */
static bool stalled;			/* no frame is read from the TAP; set before the start */
static unsigned int napping;		/* naps that have begun */
static char thread_name[16];		/* the worker's, in its last run with work */

static unsigned int get(const unsigned int *v)
{
	return __atomic_load_n(v, __ATOMIC_ACQUIRE);
}

static void add(unsigned int *v, unsigned int n)
{
	__atomic_fetch_add(v, n, __ATOMIC_RELEASE);
}

static int stub_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts, const void *sigs)
{
	assert_null(sigs);
	add(&napping, 1);
	return ppoll(fds, n, __atomic_load_n(&for_ever, __ATOMIC_ACQUIRE) ? NULL : ts, NULL);
}

/* --- event channels ------------------------------------------------------- */

int evt_open(struct evt_dev **out)
{
	dev.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	*out = &dev;
	return dev.fd < 0 ? -errno : 0;
}

void evt_close(struct evt_dev *e)
{
	if (e)
		close(e->fd);
}

int evt_fd(struct evt_dev *e)
{
	return e->fd;
}

int evt_bind_peer(struct evt_dev *e, struct domid peer, struct evport remote, struct evport *local)
{
	(void)e;
	(void)peer;
	(void)remote;
	*local = evport_of(7);
	return 0;
}

int evt_offer(struct evt_dev *e, struct domid peer, struct evport *local)
{
	return evt_bind_peer(e, peer, evport_of(0), local);
}

int evt_next(struct evt_dev *e, struct evport *local)
{
	uint64_t count;

	*local = evport_of(7);
	return read(e->fd, &count, sizeof(count)) > 0;
}

/* Makes the port pending, as libxenevtchn does for an event. */
static void fire(void)
{
	eventfd_write(dev.fd, 1);
}

void evt_unmask(struct evt_dev *e, struct evport local)
{
	(void)e;
	assert_int_equal(local.raw, 7);
	add(&unmasks, 1);
	if (__atomic_load_n(&storms, __ATOMIC_ACQUIRE))
		fire();
}

void evt_notify(struct evt_dev *e, struct evport local)
{
	(void)e;
	(void)local;
}

/* --- the worker's work ----------------------------------------------------- */

static unsigned int run(struct worker *worker)
{
	char frame[64];
	unsigned int did = __atomic_exchange_n(&work, 0, __ATOMIC_ACQ_REL);

	while (!stalled && worker->tap_ready && read(worker->net.fd, frame, sizeof(frame)) > 0) {
		did++;
		worker->tap_ready = !leaves;
	}
	worker->tap_ready = stalled;
	if (did)
		prctl(PR_GET_NAME, thread_name);
	add(&runs, did);
	while (did && __atomic_load_n(&hangs, __ATOMIC_ACQUIRE))
		sched_yield();
	return did;
}

static bool pending(struct worker *worker)
{
	(void)worker;
	return get(&work) != 0;
}

static int sleep_ms(struct worker *worker)
{
	(void)worker;
	return -1;
}

static unsigned int idles;

static void idle(struct worker *worker)
{
	(void)worker;
	add(&idles, 1);
}

static const struct worker_ops scripted = { run, pending, pending, sleep_ms, idle };

static int setup(void **state)
{
	struct doorbell doorbell;
	struct net_port net;

	(void)state;
	runs = unmasks = work = napping = idles = 0;
	storms = for_ever = false;
	memset(&counters, 0, sizeof(counters));
	control_fd = eventfd(0, EFD_CLOEXEC);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, tap) < 0)
		return -1;
	port_init_tap(&net, tap[0]);
	if (worker_init(&w, &scripted, "test", &net, control_fd, &counters, NULL) < 0 ||
	    worker_offer(&w, domid_of(1), &doorbell) < 0)
		return -1;
	stalled = leaves = false;
	return 0;
}

static int setup_started(void **state)
{
	return setup(state) < 0 ? -1 : worker_start(&w);
}

static int teardown(void **state)
{
	(void)state;
	worker_stop(&w);
	worker_exit(&w);
	close(tap[0]);
	close(tap[1]);
	close(control_fd);
	return 0;
}

static void begin_storm(void)
{
	__atomic_store_n(&storms, true, __ATOMIC_RELEASE);
	fire();
}

/* Waits until the worker sleeps, kicks it, and waits until it sleeps again. */
static void kick_asleep(void)
{
	uint64_t turns;

	while (__atomic_load_n(&counters.at.turns, __ATOMIC_RELAXED) % 2 == 0)
		sched_yield();
	turns = __atomic_load_n(&counters.at.turns, __ATOMIC_RELAXED);
	worker_kick(&w);
	while (__atomic_load_n(&counters.at.turns, __ATOMIC_RELAXED) < turns + 2)
		sched_yield();
}

static void await(const unsigned int *v, unsigned int n)
{
	while (get(v) < n)
		sched_yield();
}

/* --- the tests -------------------------------------------------------------- */

/* So many wakes take at least as long as the naps between them. A busy machine
 * may make it longer, but only a worker that does not nap is faster. */
static void storm_is_answered_by_naps(void **state)
{
	uint64_t from = now_us();
	unsigned int first;

	(void)state;
	begin_storm();
	await(&unmasks, 1 + STORM_FREE + 8);
	/* First as many wakes without a nap as there are ports and free ones, then naps of 100 us to 6.4 ms. */
	assert_true(now_us() - from >= 12700);
	first = get(&unmasks);
	from = now_us();
	await(&unmasks, first + 20);
	assert_true(now_us() - from >= 19 * 10000);
	worker_stop(&w);
	assert_int_equal(runs, 0);
	assert_true(counters.stats.v[STAT_STORM_NAPS] >= 27);
}

/* A wake with work ends the naps. Those after it start from the shortest. */
static void work_ends_it(void **state)
{
	uint64_t naps;

	(void)state;
	begin_storm();
	await(&unmasks, 20);
	for (unsigned int i = 1; i <= 20; i++) {
		add(&work, 1);
		await(&runs, i);
	}
	__atomic_store_n(&storms, false, __ATOMIC_RELEASE);
	worker_stop(&w);
	naps = counters.stats.v[STAT_STORM_NAPS];
	assert_true(w.storm.empty <= 1 + STORM_FREE + 7);
	assert_true(naps >= 8);
}

/* An honest peer signals once for each piece of work: the worker does not nap. */
static void signals_with_work(void **state)
{
	(void)state;
	for (unsigned int i = 1; i <= 10000; i++) {
		add(&work, 1);
		fire();
		await(&runs, i);
	}
	worker_stop(&w);
	assert_int_equal(counters.stats.v[STAT_STORM_NAPS], 0);
}

/* A frame ends a nap, and so does a stop. */
static void a_frame_ends_the_nap(void **state)
{
	(void)state;
	__atomic_store_n(&for_ever, true, __ATOMIC_RELEASE);
	begin_storm();
	for (unsigned int i = 1; i <= 20; i++) {
		await(&napping, i);
		assert_int_equal(write(tap[1], "frame", 5), 5);
		await(&runs, i);
	}
	await(&napping, 21);
	worker_stop(&w);
	assert_false(w.running);
}

/* A frame that may not be read yet does not end it, although the TAP is readable all the time. */
static void a_frame_that_waits_does_not(void **state)
{
	unsigned int before;

	(void)state;
	w.tap_ready = stalled = true;
	assert_int_equal(write(tap[1], "frame", 5), 5);
	assert_int_equal(worker_start(&w), 0);
	__atomic_store_n(&for_ever, true, __ATOMIC_RELEASE);
	begin_storm();
	await(&napping, 1);
	before = get(&unmasks);
	worker_kick(&w);
	await(&napping, 2);
	assert_int_equal(get(&unmasks), before + 1);
	worker_stop(&w);
}

/* A frame that was left unread ends the next sleep at once, although no event tells of it again. */
static void a_frame_left_unread_wakes(void **state)
{
	(void)state;
	leaves = true;
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(write(tap[1], "frame", 5), 5);
	assert_int_equal(worker_start(&w), 0);
	await(&runs, 20);
	worker_stop(&w);
	assert_int_equal(runs, 20);
}

/* Workers have names in a process that may open no file, too. */
static void names_itself(void **state)
{
	(void)state;
	add(&work, 1);
	worker_kick(&w);
	await(&runs, 1);
	worker_stop(&w);
	assert_string_equal(thread_name, "test");
}

/* A TAP that may not be read ends no sleep, although it is readable all the time: only each kick does. */
static void a_frame_that_waits_ends_no_sleep(void **state)
{
	(void)state;
	w.tap_ready = stalled = true;
	assert_int_equal(write(tap[1], "frame", 5), 5);
	assert_int_equal(worker_start(&w), 0);
	for (unsigned int i = 0; i < 20; i++)
		kick_asleep();
	worker_stop(&w);
	/* The stop may have ended one more. */
	assert_in_range(counters.stats.v[STAT_SLEEPS], 20, 22);
}

/* Other threads see whether it sleeps. */
static void a_sleep_is_shown(void **state)
{
	(void)state;
	kick_asleep();
	worker_stop(&w);
	assert_int_equal(counters.at.turns % 2, 0);
}

/* Asks until it has ended, and never waits: a thread that does not come back holds up nobody. */
static void try_stop_does_not_wait(void **state)
{
	(void)state;
	assert_true(worker_try_stop(&w));	/* it never ran */
	__atomic_store_n(&hangs, true, __ATOMIC_RELEASE);
	add(&work, 1);
	assert_int_equal(worker_start(&w), 0);
	await(&runs, 1);
	for (unsigned int i = 0; i < 3; i++)
		assert_false(worker_try_stop(&w));
	assert_int_equal(counters.at.turns % 2, 0);	/* to others it is awake */
	__atomic_store_n(&hangs, false, __ATOMIC_RELEASE);
	while (!worker_try_stop(&w))
		sched_yield();
	assert_false(w.running);
	worker_stop(&w);
}

/* A worker is idle once after traffic, not before, and not for a kick that brings no packet. */
static void is_idle_once_after_traffic(void **state)
{
	struct timespec first = { .tv_nsec = 100000000 };
	uint64_t from = now_us();

	(void)state;
	kick_asleep();
	assert_int_equal(send(tap[1], "frame", 5, 0), 5);
	await(&runs, 1);
	while (get(&idles) == 0)
		nanosleep(&first, NULL);
	assert_true(now_us() - from >= WORKER_IDLE_MS * 1000u);
	/* A second time needs more traffic: the sleep that follows has no end. */
	kick_asleep();
	assert_false(w.carried);
	assert_int_equal(get(&idles), 1);
	assert_int_equal(send(tap[1], "frame", 5, 0), 5);
	await(&runs, 2);
	while (get(&idles) == 1)
		nanosleep(&first, NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(storm_is_answered_by_naps, setup_started, teardown),
		cmocka_unit_test_setup_teardown(work_ends_it, setup_started, teardown),
		cmocka_unit_test_setup_teardown(signals_with_work, setup_started, teardown),
		cmocka_unit_test_setup_teardown(a_frame_ends_the_nap, setup_started, teardown),
		cmocka_unit_test_setup_teardown(a_frame_that_waits_does_not, setup, teardown),
		cmocka_unit_test_setup_teardown(a_frame_left_unread_wakes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_frame_that_waits_ends_no_sleep, setup, teardown),
		cmocka_unit_test_setup_teardown(names_itself, setup_started, teardown),
		cmocka_unit_test_setup_teardown(a_sleep_is_shown, setup_started, teardown),
		cmocka_unit_test_setup_teardown(is_idle_once_after_traffic, setup_started, teardown),
		cmocka_unit_test_setup_teardown(try_stop_does_not_wait, setup, teardown),
	};

	return RUN_TESTS(tests);
}
