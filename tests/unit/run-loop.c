/* SPDX-License-Identifier: MIT */
/* run-loop.c - the main and the control thread of a daemon that does as each test says, by a scripted store.h */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "unit.h"
#include "common/host/loop_source.c"
#include "common/host/loop_control.c"
#include "common/host/loop.c"

/* No test takes as long, in microseconds. */
#define TOO_LONG_US 30000000u

/* --- xenstored ----------------------------------------------------------------- */

struct store { int fd, hangup_fd; };

static struct store connection;
static int store_other[2];		/* xenstored's ends: of the watches, of the hangup */
static atomic_bool lost;
static atomic_uint request;		/* that is in progress */
static int reopens, reopen_results[4];
static uint64_t reopened_at[4];
static bool with_hangup;

/* Connects; the descriptors get the numbers that were closed before. */
static void store_connect(void)
{
	int watches[2], hangup[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, watches) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, hangup) < 0)
		abort();
	connection = (struct store){ watches[0], with_hangup ? hangup[0] : -1 };
	store_other[0] = watches[1];
	store_other[1] = hangup[1];
	lost = false;
}

/* Ends what is left of a connection, xenstored's side first. */
static void store_disconnect(void)
{
	close(store_other[0]);
	close(store_other[1]);
	close(connection.fd);
	if (connection.hangup_fd >= 0)
		close(connection.hangup_fd);
}

int store_open(struct store **out, const char *mark)
{
	assert_string_equal(mark, "data/test");
	store_connect();
	*out = &connection;
	return 0;
}

void store_close(struct store *s)
{
	assert_ptr_equal(s, &connection);
	store_disconnect();
}

int store_reopen(struct store *s)
{
	int result = reopen_results[reopens];

	(void)s;
	reopened_at[reopens++] = now_us();
	if (result >= 0) {
		store_disconnect();
		store_connect();
	}
	return result;
}

int store_fd(struct store *s) { return s->fd; }
int store_hangup_fd(const struct store *s) { return s->hangup_fd; }
void store_lose(struct store *s) { (void)s; lost = true; }
bool store_lost(const struct store *s) { (void)s; return lost; }
bool store_alive(struct store *s) { (void)s; return !lost; }
unsigned int store_request(void) { return request; }

/* --- the daemon ------------------------------------------------------------------ */

/* A failed assertion must be the main thread's, so callbacks only note what they see. */
static struct {
	void (*start)(void), (*tick)(void), (*events)(void), (*finish)(void);
	void (*command)(int signo);
} script;

static struct {
	bool own_thread, finished, too_long, draining_told;
	unsigned int commands;		/* signals, a bit each */
	int ticks, events, reconnected, how;
} seen;

static struct loop *l;
static pthread_t main_thread;
static uint64_t began;
static bool end;
static unsigned int end_ms;

static int daemon_start(void *daemon, struct store *store)
{
	seen.own_thread = daemon == &seen && store == &connection && !pthread_equal(pthread_self(), main_thread);
	if (script.start)
		script.start();
	return 0;
}

static void daemon_events(void *daemon)
{
	(void)daemon;
	seen.events++;
	if (script.events)
		script.events();
}

static void daemon_reconnected(void *daemon, int how)
{
	(void)daemon;
	seen.reconnected++;
	seen.how = how;
	if (write(store_other[0], "", 1) != 1)
		abort();
}

static void daemon_tick(void *daemon)
{
	(void)daemon;
	seen.ticks++;
	if (script.tick)
		script.tick();
}

static void daemon_command(void *daemon, int signo)
{
	(void)daemon;
	seen.commands |= 1u << signo;
	if (script.command)
		script.command(signo);
	end |= signo == SIGTERM;
}

static bool daemon_ended(const void *daemon)
{
	(void)daemon;
	seen.too_long = now_us() - began > TOO_LONG_US;
	return end || seen.too_long;
}

static void daemon_finish(void *daemon)
{
	(void)daemon;
	seen.finished = true;
	if (script.finish)
		script.finish();
}

static const struct loop_ops ops = {
	.start = daemon_start, .events = daemon_events, .reconnected = daemon_reconnected, .tick = daemon_tick,
	.command = daemon_command, .ended = daemon_ended, .finish = daemon_finish,
};

static void make_loop(void)
{
	const struct loop_conf conf = { .program = "run-loop", .ops = &ops, .daemon = &seen, .root = "test", .mark = "data/test",
					.drain_signal = SIGUSR2, .end_ms = end_ms };

	began = now_us();
	main_thread = pthread_self();
	l = loop_new(&conf);
}

static void run(void)
{
	assert_int_equal(loop_run(l), EXIT_SUCCESS);
	assert_true(seen.own_thread);
	assert_true(seen.finished);
	assert_false(seen.too_long);
}

static void tell(int signo)
{
	kill(getpid(), signo);
}

static void terminate(void)
{
	tell(SIGTERM);
}

/* --- systemd ----------------------------------------------------------------------- */

static int notify_fd;

/* Waits for a message, milliseconds. Returns false if none comes. */
static bool notified(char *text, size_t len, int ms)
{
	struct pollfd p = { .fd = notify_fd, .events = POLLIN };
	ssize_t n = poll(&p, 1, ms) == 1 ? recv(notify_fd, text, len - 1, MSG_DONTWAIT) : -1;

	text[n < 0 ? 0 : n] = '\0';
	return n >= 0;
}

/* Returns how often the watchdog is fed, until it is not for so long or has been so often. */
static int feeds(int ms, int max)
{
	char text[64];
	int n = 0;

	while (n < max && notified(text, sizeof(text), ms))
		n += strcmp(text, "WATCHDOG=1") == 0;
	return n;
}

static int begin_all(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char name[64];

	(void)state;
	log_init("run-loop", LOG_LEVEL_ERROR);
	snprintf(name, sizeof(name), "@run-loop-%d", (int)getpid());
	memcpy(addr.sun_path + 1, name + 1, strlen(name) - 1);
	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return setenv("NOTIFY_SOCKET", name, 1) ||
	       bind(notify_fd, (struct sockaddr *)&addr, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name)));
}

static void begin_script(void)
{
	char text[64];

	while (notified(text, sizeof(text), 0))
		;
	memset(&script, 0, sizeof(script));
	memset(&seen, 0, sizeof(seen));
	memset(reopen_results, 0, sizeof(reopen_results));
	reopens = 0;
	request = 0;
	end = false;
	end_ms = 60000;
	with_hangup = true;
}

static int begin(void **state)
{
	(void)state;
	begin_script();
	make_loop();
	return 0;
}

/* For a test that runs the loop in another process, with run_apart(). */
static int begin_apart(void **state)
{
	(void)state;
	begin_script();
	return 0;
}

/* With a watchdog: five messages a second, which the test must read, as systemd does. */
static int begin_watched(void **state)
{
	return setenv("WATCHDOG_USEC", "400000", 1) || begin(state);
}

static int end_one(void **state)
{
	(void)state;
	unsetenv("WATCHDOG_USEC");
	close(l->kick_fd);
	close(l->done_fd);
	return 0;
}

/* For a test that ends a process: where that has run loop_run(), it gives 77. */
static int run_apart(void)
{
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		make_loop();
		_exit(loop_run(l) == EXIT_SUCCESS ? 77 : 78);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* --- start, signals, end -------------------------------------------------------------- */

static void start_hangup(void)
{
	tell(SIGHUP);
}

/* A command comes after READY=1. */
static void terminate_by_command(int signo)
{
	if (signo == SIGHUP)
		terminate();
}

static void systemd_is_told(void **state)
{
	char text[64];
	bool ready = false;

	(void)state;
	script.start = start_hangup;
	script.command = terminate_by_command;
	run();
	assert_int_equal(seen.commands, 1u << SIGHUP | 1u << SIGTERM);
	while (notified(text, sizeof(text), 0)) {
		ready |= strcmp(text, "READY=1") == 0;
		if (strcmp(text, "STOPPING=1") == 0)
			break;
	}
	assert_true(ready);
	assert_string_equal(text, "STOPPING=1");
}

static void note_stopping(int signo)
{
	char text[64];

	if (signo != SIGUSR2)
		return;
	while (!seen.draining_told && notified(text, sizeof(text), 1000))
		seen.draining_told = strcmp(text, "STOPPING=1") == 0;
	terminate();
}

static void start_signals(void)
{
	tell(SIGHUP);
	tell(SIGUSR1);
	tell(SIGUSR2);
}

static void every_signal_is_a_command(void **state)
{
	(void)state;
	script.start = start_signals;
	script.command = note_stopping;
	run();
	assert_true(seen.draining_told);
	assert_int_equal(seen.commands, 1u << SIGHUP | 1u << SIGUSR1 | 1u << SIGUSR2 | 1u << SIGTERM);
}

/* As --drain does. */
static void a_signal_before_the_start_is_taken(void **state)
{
	(void)state;
	raise(SIGTERM);
	run();
	assert_int_equal(seen.commands, 1u << SIGTERM);
}

static void hang(int signo)
{
	(void)signo;
	pause();
}

static void hang_in_a_request(int signo)
{
	request = 1;
	hang(signo);
}

static void control_that_does_not_end_is_left(void **state)
{
	(void)state;
	script.start = terminate;
	script.command = hang;
	end_ms = 300;
	began = now_us();
	assert_int_equal(run_apart(), EXIT_SUCCESS);
	assert_true(now_us() - began >= 300000);
}

static void xenstored_that_stalls_is_not_waited_for_at_the_end(void **state)
{
	uint64_t from = now_us();

	(void)state;
	script.start = terminate;
	script.command = hang_in_a_request;
	assert_int_equal(run_apart(), EXIT_SUCCESS);
	assert_true(now_us() - from >= LEAVE_US && now_us() - from < end_ms * 1000ull);
}

/* sd-event refuses its loop after a fork, rather than to share its descriptors. */
static void a_forked_process_has_no_loop(void **state)
{
	int status = -1;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		close(STDERR_FILENO);
		loop_control_round(l);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_ENVIRONMENT);
	script.start = terminate;
	run();
}

static void watch_nothing(void)
{
	loop_watch(l, -EMFILE, NULL);
}

static void a_descriptor_that_could_not_be_made_ends_the_program(void **state)
{
	(void)state;
	script.start = watch_nothing;
	assert_int_equal(run_apart(), EXIT_ENVIRONMENT);
}

/* --- turns ------------------------------------------------------------------------------- */

static int floods[3], late_fd, late_asked, late_served, total;

static void flood(int i)
{
	uint64_t one = 1;

	floods[i]++;
	if (++total == 500) {
		late_asked = total;
		if (write(late_fd, &one, sizeof(one)) < 0)
			abort();
	}
	if (total == 1000)
		terminate();
}

static void flood_0(void *daemon, int fd) { (void)daemon; (void)fd; flood(0); }
static void flood_1(void *daemon, int fd) { (void)daemon; (void)fd; flood(1); }
static void flood_events(void) { flood(2); }
static void flood_late(void *daemon, int fd) { (void)daemon; (void)fd; late_served = total; }
static void flood_start(void) { daemon_reconnected(NULL, 0); }

/* Readable for ever, as are two descriptors; a third one and a signal have their turn all the same. */
static void a_flood_starves_no_other(void **state)
{
	int always[2] = { eventfd(1, EFD_CLOEXEC), eventfd(1, EFD_CLOEXEC) };

	(void)state;
	late_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	script.start = flood_start;
	script.events = flood_events;
	loop_watch(l, always[0], flood_0);
	loop_watch(l, always[1], flood_1);
	loop_watch_counter(l, late_fd, flood_late);
	run();
	for (int i = 0; i < 2; i++)
		assert_true(abs(floods[i] - floods[2]) <= 1);
	assert_int_equal(late_asked, 500);
	/* In the same round, or after one call of each other source: tick, commands and the floods. */
	assert_true(late_served - late_asked <= 6);
	assert_int_equal(seen.commands, 1u << SIGTERM);
	close(always[0]);
	close(always[1]);
	close(late_fd);
}

static int calls;

static void count_call(void *arg, int fd)
{
	(void)arg;
	(void)fd;
	calls++;
}

static void only_a_counter_that_has_fired_calls(void **state)
{
	struct loop_source s = { .ready = count_call };
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	uint64_t two = 2;

	(void)state;
	calls = 0;
	assert_int_equal(loop_source_on_counter(NULL, fd, EPOLLIN, &s), 0);
	assert_int_equal(calls, 0);
	assert_int_equal(write(fd, &two, sizeof(two)), sizeof(two));
	assert_int_equal(loop_source_on_counter(NULL, fd, EPOLLIN, &s), 0);
	assert_int_equal(loop_source_on_counter(NULL, fd, EPOLLIN, &s), 0);
	assert_int_equal(calls, 1);
	close(fd);
	script.start = terminate;
	run();
}

#define EVERY_MS 20

static uint64_t due_at[4];
static int dues;

static void note_due(void *daemon)
{
	(void)daemon;
	if (dues < 4)
		due_at[dues] = now_us();
	if (++dues == 4)
		terminate();
	if (dues == 1)
		poll(NULL, 0, 10 * EVERY_MS);	/* the daemon is busy */
}

static void late_calls_are_not_made_up_for(void **state)
{
	uint64_t from = now_us();

	(void)state;
	loop_watch_time(l, EVERY_MS, note_due);
	run();
	assert_true(due_at[0] - from >= EVERY_MS * 1000u);
	assert_true(due_at[1] - due_at[0] >= 10 * EVERY_MS * 1000u);
	assert_true(due_at[2] - due_at[1] >= EVERY_MS * 1000u - 1000u);
}

static void second_tick(void)
{
	if (seen.ticks == 2)
		terminate();
}

static void a_tick_is_a_second(void **state)
{
	uint64_t from = now_us();

	(void)state;
	script.tick = second_tick;
	run();
	assert_true(now_us() - from >= 2 * TICK_MS * 1000u);
}

/* --- the watchdog ---------------------------------------------------------------------------- */

static int fed, fed_hanging;

static void count_feeds(void)
{
	fed += feeds(0, 1000);
	if (fed >= 4)
		terminate();
}

static void an_idle_loop_feeds(void **state)
{
	(void)state;
	fed = 0;
	script.tick = count_feeds;
	run();
	assert_true(fed >= 4);
}

static void feeds_while_hanging(int signo)
{
	if (signo == SIGUSR1)
		fed_hanging = feeds(1000, 10);
}

static void start_hang(void)
{
	tell(SIGUSR1);
}

static void a_loop_that_hangs_does_not_feed(void **state)
{
	int err = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

	(void)state;
	fed = 0;
	dup2(null, STDERR_FILENO);	/* a line says that it hangs */
	script.start = start_hang;
	script.command = feeds_while_hanging;
	script.tick = count_feeds;
	run();
	dup2(err, STDERR_FILENO);
	close(err);
	close(null);
	/* The rounds before may be told of once more. */
	assert_true(fed_hanging <= 2);
	/* It goes on once the loop does. */
	assert_true(fed >= 4);
}

static void feeds_in_a_request(int signo)
{
	if (signo != SIGUSR1)
		return;
	request = 1;
	fed_hanging = feeds(10000, 6);
	request = 0;
	terminate();
}

static void a_loop_that_waits_for_xenstored_feeds(void **state)
{
	(void)state;
	script.start = start_hang;
	script.command = feeds_in_a_request;
	run();
	assert_int_equal(fed_hanging, 6);
}

/* --- xenstored dies ------------------------------------------------------------------------------- */

static void hang_up(void)
{
	shutdown(store_other[1], SHUT_RDWR);
}

static void connects_again(void)
{
	reopen_results[0] = -ECONNREFUSED;
	reopen_results[1] = -ENOTCONN;
	reopen_results[2] = STORE_EMPTIED;
	script.events = terminate;
	run();
	assert_int_equal(reopens, 3);
	assert_true(reopened_at[1] - reopened_at[0] >= RETRY_MIN_US);
	assert_true(reopened_at[2] - reopened_at[1] >= 2 * RETRY_MIN_US);
	assert_int_equal(seen.reconnected, 1);
	assert_int_equal(seen.how, STORE_EMPTIED);
	/* Of the new connection, by descriptors with the old numbers. */
	assert_true(seen.events > 0);
}

static void a_hangup_makes_another_connection(void **state)
{
	(void)state;
	script.start = hang_up;
	connects_again();
	assert_true(reopened_at[0] - began < TICK_MS * 1000u || seen.ticks > 0);
}

static void lose(void)
{
	lost = true;
}

static void a_connection_lost_at_the_start_is_made_again(void **state)
{
	(void)state;
	with_hangup = false;
	script.start = lose;
	connects_again();
}

static void lose_by_request(int signo)
{
	if (signo == SIGUSR1)
		lost = true;
}

static void what_a_callback_finds_lost_is_made_again(void **state)
{
	(void)state;
	script.start = start_hang;
	script.command = lose_by_request;
	connects_again();
}

/* --- processes ------------------------------------------------------------------------------------- */

static struct child {
	pid_t pid;
	int pidfd;
	struct loop_process *process;
	siginfo_t how;
	int told;
} child[4];

static int children_told, gate[2];

/* Makes a process that ends with code once the gate is closed; apart: it is no child of ours. */
static void make_process(struct child *c, int code, bool apart)
{
	int tell_pid[2];
	pid_t pid, grandchild = 0;

	assert_int_equal(pipe(tell_pid), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char byte;

		close(gate[1]);
		if (apart)
			grandchild = fork();
		if (apart && grandchild)
			_exit(write(tell_pid[1], &grandchild, sizeof(grandchild)) != sizeof(grandchild));
		close(tell_pid[0]);
		close(tell_pid[1]);
		_exit(read(gate[0], &byte, 1) == 0 ? code : 99);
	}
	*c = (struct child){ .pid = pid };
	if (apart) {
		assert_int_equal(read(tell_pid[0], &c->pid, sizeof(c->pid)), sizeof(c->pid));
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	close(tell_pid[0]);
	close(tell_pid[1]);
	c->pidfd = pidfd_open(c->pid, 0);
	assert_true(c->pidfd >= 0);
}

static void child_ended(void *arg, const siginfo_t *how)
{
	struct child *c = arg;

	c->how = *how;
	c->told++;
	if (c != &child[0])
		loop_forget_process(c->process);
	if (++children_told == 3)
		terminate();
}

static void children_finish(void)
{
	loop_forget_process(child[0].process);
}

static void children_start(void)
{
	loop_forget_process(child[3].process);
	kill(child[1].pid, SIGKILL);
	close(gate[1]);
}

static void the_end_of_a_process_is_told(void **state)
{
	(void)state;
	children_told = 0;
	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	for (int i = 0; i < 4; i++) {
		make_process(&child[i], 7 + i, i == 2);
		assert_int_equal(loop_watch_process(l, &child[i].process, child[i].pidfd, child_ended, &child[i]), 0);
	}
	script.start = children_start;
	script.finish = children_finish;
	run();
	assert_int_equal(child[0].how.si_pid, child[0].pid);
	assert_int_equal(child[0].how.si_code, CLD_EXITED);
	assert_int_equal(child[0].how.si_status, 7);
	assert_int_equal(child[1].how.si_pid, child[1].pid);
	assert_int_equal(child[1].how.si_code, CLD_KILLED);
	assert_int_equal(child[1].how.si_status, SIGKILL);
	/* Not ours to reap. */
	assert_int_equal(child[2].how.si_pid, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(child[i].told, 1);
	/* Those that are told of are reaped; the one that was forgotten is ours. */
	assert_int_equal(child[3].told, 0);
	assert_int_equal(waitpid(child[3].pid, NULL, 0), child[3].pid);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	for (int i = 0; i < 4; i++)
		close(child[i].pidfd);
	close(gate[0]);
}

static void what_is_no_process_is_refused(void **state)
{
	struct loop_process *p = NULL;

	(void)state;
	assert_int_equal(loop_watch_process(l, &p, -1, child_ended, NULL), -EBADF);
	assert_null(p);
	loop_forget_process(p);
	script.start = terminate;
	run();
}

#define LOOP_TEST(test_) cmocka_unit_test_setup_teardown(test_, begin, end_one)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(systemd_is_told),
		LOOP_TEST(every_signal_is_a_command),
		LOOP_TEST(a_signal_before_the_start_is_taken),
		cmocka_unit_test_setup(control_that_does_not_end_is_left, begin_apart),
		cmocka_unit_test_setup(xenstored_that_stalls_is_not_waited_for_at_the_end, begin_apart),
		LOOP_TEST(a_forked_process_has_no_loop),
		cmocka_unit_test_setup(a_descriptor_that_could_not_be_made_ends_the_program, begin_apart),
		LOOP_TEST(a_flood_starves_no_other),
		LOOP_TEST(only_a_counter_that_has_fired_calls),
		LOOP_TEST(late_calls_are_not_made_up_for),
		LOOP_TEST(a_tick_is_a_second),
		cmocka_unit_test_setup_teardown(an_idle_loop_feeds, begin_watched, end_one),
		cmocka_unit_test_setup_teardown(a_loop_that_hangs_does_not_feed, begin_watched, end_one),
		cmocka_unit_test_setup_teardown(a_loop_that_waits_for_xenstored_feeds, begin_watched, end_one),
		LOOP_TEST(a_hangup_makes_another_connection),
		LOOP_TEST(a_connection_lost_at_the_start_is_made_again),
		LOOP_TEST(what_a_callback_finds_lost_is_made_again),
		LOOP_TEST(the_end_of_a_process_is_told),
		LOOP_TEST(what_is_no_process_is_refused),
	};

	return cmocka_run_group_tests(tests, begin_all, NULL);
}
