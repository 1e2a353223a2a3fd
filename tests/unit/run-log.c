/* SPDX-License-Identifier: MIT */
/* run-log.c - writing a log line never blocks, and a bucket limits how many lines one VIF causes */
#include <poll.h>
#include <sys/wait.h>

#include "unit.h"
#include "common/base/log.c"

/* The clock of the buckets, in milliseconds, so that a test need not wait. */
#define START 1000000u

/* --- buckets --------------------------------------------------------------- */

static void a_burst_passes(void **state)
{
	struct log_bucket b = { 0 };

	(void)state;
	for (unsigned int i = 0; i < BUCKET_LINES; i++)
		assert_true(log_bucket_charge(&b, 0, START));
	assert_false(log_bucket_charge(&b, 0, START));
	assert_false(log_bucket_charge(&b, 0, START + BUCKET_REFILL_MS - 1));
	assert_int_equal(b.suppressed, 2);
}

static void tokens_come_back_one_by_one(void **state)
{
	struct log_bucket b = { 0 };
	unsigned int passed = 0;

	(void)state;
	for (unsigned int i = 0; i < BUCKET_LINES; i++)
		passed += log_bucket_charge(&b, 0, START);
	/* A thousand lines a second, for a minute. */
	for (uint64_t t = 0; t < 60000; t++)
		passed += log_bucket_charge(&b, 0, START + t);
	assert_int_equal(passed, BUCKET_LINES + (60000 - 1) / BUCKET_REFILL_MS);
	/* After a long pause the bucket is full, and not more than full. */
	for (passed = 0; log_bucket_charge(&b, 0, START + 100000000u);)
		passed++;
	assert_int_equal(passed, BUCKET_LINES);
}

static void an_error_is_logged_once(void **state)
{
	struct log_bucket b = { 0 };

	(void)state;
	assert_true(log_bucket_charge(&b, 7, START));
	for (unsigned int i = 1; i <= 1000; i++)
		assert_false(log_bucket_charge(&b, 7, START + i));
	assert_int_equal(b.repeated, 1000);
	assert_int_equal(b.suppressed, 0);
	assert_int_equal(b.spent, 1);
	/* Another error, then the first again. */
	assert_true(log_bucket_charge(&b, 8, START + 1001));
	assert_true(log_bucket_charge(&b, 7, START + 1002));
	/* After a while the same error is logged again. */
	assert_true(log_bucket_charge(&b, 7, START + 1002 + BUCKET_REPEAT_MS));
}

static void a_flood_is_reported_at_intervals(void **state)
{
	struct log_bucket b = { 0 };
	unsigned int told = 0;

	(void)state;
	assert_true(log_bucket_charge(&b, 7, START));
	for (uint64_t t = 0; t < 2 * BUCKET_REPEAT_MS; t += 1000) {
		b.repeated++;
		b.suppressed += t < BUCKET_REPEAT_MS;
		if (!log_bucket_tells(&b, START + t))
			continue;
		b.told_ms = START + t;
		b.suppressed = b.repeated = 0;
		told++;
	}
	assert_int_equal(told, 2 * BUCKET_REPEAT_MS / BUCKET_TELL_MS);
	b = (struct log_bucket){ .repeated = 1, .error_ms = START };
	assert_false(log_bucket_tells(&b, START + BUCKET_REPEAT_MS - 1));
	assert_true(log_bucket_tells(&b, START + BUCKET_REPEAT_MS));
}

static void lines_held_back_are_reported(void **state)
{
	struct log_bucket b = { .suppressed = 3 };
	char text[64];

	(void)state;
	log_bucket_print_held(&b, text, sizeof(text));
	assert_string_equal(text, " suppressed=3");
	log_bucket_print_held(&b, text, sizeof(text));
	assert_string_equal(text, "");
	b = (struct log_bucket){ .suppressed = 4294967295u, .repeated = 4294967295u };
	log_bucket_print_held(&b, text, sizeof(text));
	assert_string_equal(text, " suppressed=4294967295 repeated=4294967295");
}

static void a_hash_is_never_zero(void **state)
{
	(void)state;
	assert_int_not_equal(log_bucket_hash(""), 0);
	assert_int_not_equal(log_bucket_hash("a"), log_bucket_hash("b"));
}

/* --- the output ------------------------------------------------------------ */

static int out[2];	/* the read end, and the end that is stderr */
static int stderr_was;

/* Makes a pipe of one page, or a pair of sockets, the standard error. */
static void begin(bool socket)
{
	int fds[2];

	if (socket) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	} else {
		assert_int_equal(pipe(fds), 0);
		assert_true(fcntl(fds[1], F_SETPIPE_SZ, 4096) >= 0);
	}
	stderr_was = dup(STDERR_FILENO);
	fcntl(stderr_was, F_SETFD, FD_CLOEXEC);
	dup2(fds[1], STDERR_FILENO);
	out[0] = fds[0];
	out[1] = fds[1];
	log_fd = STDERR_FILENO;
	unsetenv("JOURNAL_STREAM");
	log_init("test", LOG_LEVEL_INFO);
}

static void end(void)
{
	dup2(stderr_was, STDERR_FILENO);
	close(stderr_was);
	close(out[0]);
	close(out[1]);
	if (log_fd != STDERR_FILENO)
		close(log_fd);
	log_fd = STDERR_FILENO;
	log_is_socket = false;
}

/* Returns all text that can be read now. */
static const char *text_read(void)
{
	static char text[1 << 20];
	struct pollfd p = { .fd = out[0], .events = POLLIN };
	size_t len = 0;

	while (len < sizeof(text) - 1 && poll(&p, 1, 0) > 0) {
		ssize_t n = read(out[0], text + len, sizeof(text) - 1 - len);

		assert_true(n > 0);
		len += (size_t)n;
	}
	text[len] = '\0';
	return text;
}

static unsigned int lines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* An alarm ends a write that blocks, so that the test fails and does not hang. */
static void full_output(bool socket)
{
	char told[80];
	const char *text;
	unsigned int got;

	begin(socket);
	alarm(20);
	for (unsigned int i = 0; i < 5000; i++)
		log_info("line %u of a flood that nobody reads", i);
	alarm(0);
	text = text_read();
	got = lines(text);
	assert_true(got > 0 && got < 5000);
	assert_null(strstr(text, "lost"));
	assert_true(log_tell_lost());
	snprintf(told, sizeof(told), "test: warn: log lines lost count=%u ", 5000 - got);
	text = text_read();
	assert_ptr_equal(strstr(text, told), text);
	/* The loss is reported once. */
	log_info("after");
	assert_string_equal(text_read(), "test: info: after\n");
	end();
}

static void a_full_pipe_loses_lines(void **state)
{
	(void)state;
	full_output(false);
}

static void a_full_socket_loses_lines(void **state)
{
	(void)state;
	full_output(true);
}

/* Before the next line that passes comes the number of lines that were lost. */
static void the_loss_is_reported_first(void **state)
{
	const char *text;
	unsigned int got;

	(void)state;
	begin(false);
	for (unsigned int i = 0; i < 500; i++)
		log_info("line %u of a flood that nobody reads", i);
	got = lines(text_read());
	assert_true(got < 500);
	log_info("after");
	text = text_read();
	assert_int_equal(lines(text), 2);
	assert_non_null(strstr(text, "\ntest: info: after\n"));
	end();
}

/* Other processes may have the same pipe as stderr, so it must not become O_NONBLOCK. */
static void stderr_stays_as_it_was(void **state)
{
	(void)state;
	begin(false);
	assert_int_equal(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
	end();
}

static void a_bucket_writes_its_lines(void **state)
{
	struct log_bucket b = { 0 };
	const char *text;

	(void)state;
	begin(true);
	for (unsigned int i = 0; i < 1000; i++)
		log_error_in(&b, "refused vif=%s reason=\"x\"", "vif1.0");
	for (unsigned int i = 0; i < 1000; i++)
		log_info_in(&b, "connected vif=vif1.0");
	text = text_read();
	assert_int_equal(lines(text), BUCKET_LINES);
	assert_ptr_equal(strstr(text, "test: error: refused vif=vif1.0 reason=\"x\"\ntest: info: connected vif=vif1.0 repeated=999\n"),
			 text);
	/* There is no token, so the line is counted and reported later. */
	log_bucket_tell(&b, "vif1.0");
	assert_string_equal(text_read(), "");
	b.refilled_ms -= BUCKET_REFILL_MS;
	log_bucket_tell(&b, "vif1.0");
	assert_string_equal(text_read(), "test: warn: log lines held back if=vif1.0 suppressed=951\n");
	log_bucket_tell(&b, "vif1.0");
	assert_string_equal(text_read(), "");
	end();
}

static void debug_holds_nothing_back(void **state)
{
	struct log_bucket b = { 0 };

	(void)state;
	begin(true);
	log_max = LOG_LEVEL_DEBUG;
	for (unsigned int i = 0; i < 200; i++)
		log_error_in(&b, "refused");
	assert_int_equal(lines(text_read()), 200);
	end();
}

static void errno_is_printed_and_kept(void **state)
{
	struct log_bucket b = { 0 };

	(void)state;
	begin(true);
	errno = ENOSPC;
	log_warn_in(&b, "cannot errno=%m");
	assert_int_equal(errno, ENOSPC);
	assert_string_equal(text_read(), "test: warn: cannot errno=No space left on device\n");
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_passes),
		cmocka_unit_test(tokens_come_back_one_by_one),
		cmocka_unit_test(an_error_is_logged_once),
		cmocka_unit_test(a_flood_is_reported_at_intervals),
		cmocka_unit_test(lines_held_back_are_reported),
		cmocka_unit_test(a_hash_is_never_zero),
		cmocka_unit_test(a_full_pipe_loses_lines),
		cmocka_unit_test(a_full_socket_loses_lines),
		cmocka_unit_test(the_loss_is_reported_first),
		cmocka_unit_test(stderr_stays_as_it_was),
		cmocka_unit_test(a_bucket_writes_its_lines),
		cmocka_unit_test(debug_holds_nothing_back),
		cmocka_unit_test(errno_is_printed_and_kept),
	};

	return RUN_TESTS(tests);
}
