/* SPDX-License-Identifier: MIT */
/* run-hotplug.c - hotplug scripts: which names may run, which messages between control and the runner
 * are valid, and how control takes the runner's answers, its silence and its end */
#include "unit.h"
#include "backend/control/hotplug_msg.c"
#include "backend/control/hotplug.c"

/* What hotplug.c takes for the clock. */
static uint64_t now = 1;

uint64_t now_us(void)
{
	return now;
}

#define DIR "/etc/xen/scripts"

static int name_of(char *out, const char *script)
{
	return hotplug_script_name(out, DIR, script);
}

static void script_names(void **state)
{
	static const struct { const char *script, *name; } good[] = {
		{ "vif-bridge", "vif-bridge" }, { DIR "/vif-bridge", "vif-bridge" }, { DIR "/own/vif", "own/vif" },
		{ "...", "..." }, { "..vif", "..vif" }, { ".vif", ".vif" }, { DIR "/a/.b/c..", "a/.b/c.." },
	};
	char out[HOTPLUG_SCRIPT_MAX];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(good); i++) {
		memset(out, 'x', sizeof(out));
		assert_int_equal(name_of(out, good[i].script), 0);
		assert_string_equal(out, good[i].name);
		for (size_t at = strlen(out); at < sizeof(out); at++)
			assert_int_equal(out[at], 0);
	}
}

static void script_names_refused(void **state)
{
	static const struct { const char *script; int err; } bad[] = {
		{ "", -EINVAL }, { "..", -EPERM }, { ".", -EPERM }, { "/", -EPERM }, { "//", -EPERM }, { DIR, -EPERM },
		{ DIR "/", -EPERM }, { DIR "//vif", -EPERM }, { DIR "/vif/", -EPERM }, { DIR "/../xl.conf", -EPERM },
		{ DIR "/a/../../x", -EPERM }, { DIR "/./vif", -EPERM }, { DIR "/a/.", -EPERM }, { DIR "2/vif", -EPERM },
		{ "/etc/passwd", -EPERM }, { "/etc/xen/scriptsvif", -EPERM }, { "../vif", -EPERM }, { "a/b", -EPERM },
		{ "./vif", -EPERM }, { "vif/", -EPERM }, { "/etc/xen/../xen/scripts/vif", -EPERM }, { "vif bridge", -EINVAL },
		{ "vif\n", -EINVAL }, { "vif\x1b[m", -EINVAL }, { "vif\x7f", -EINVAL }, { "vif\xc3\xa4", -EINVAL },
		{ "vif\t", -EINVAL }, { DIR "/\xff", -EINVAL },
	};
	char out[HOTPLUG_SCRIPT_MAX] = "as before";

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		if (name_of(out, bad[i].script) != bad[i].err)
			fail_msg("\"%s\"", bad[i].script);
		assert_string_equal(out, "as before");
	}
}

static void script_name_length(void **state)
{
	char script[sizeof(DIR) + HOTPLUG_SCRIPT_MAX + 1], out[HOTPLUG_SCRIPT_MAX];
	char *name = script + sizeof(DIR);

	(void)state;
	memcpy(script, DIR "/", sizeof(DIR));
	memset(name, 'v', HOTPLUG_SCRIPT_MAX);
	name[HOTPLUG_SCRIPT_MAX] = '\0';
	assert_int_equal(name_of(out, script), -EINVAL);
	assert_int_equal(name_of(out, name), -EINVAL);
	name[HOTPLUG_SCRIPT_MAX - 1] = '\0';
	assert_int_equal(name_of(out, script), 0);
	assert_int_equal(strlen(out), HOTPLUG_SCRIPT_MAX - 1);
}

static struct hotplug_request request(void)
{
	return (struct hotplug_request){ .magic = HOTPLUG_MAGIC, .kind = HOTPLUG_RUN, .id = 7, .action = HOTPLUG_ONLINE,
					 .domid = 5, .devid = 2, .handle = 2, .script = "vif-bridge", .netdev = "eth0" };
}

#define REFUSED(change_) do { \
	struct hotplug_request q = request(); \
	change_; \
	if (hotplug_request_check(&q, sizeof(q))) \
		fail_msg("%s", #change_); \
} while (0)

static void requests(void **state)
{
	struct hotplug_request q = request();

	(void)state;
	assert_true(hotplug_request_check(&q, sizeof(q)));
	q.action = HOTPLUG_OFFLINE;
	q.emulated = 1;
	q.domid = DOMID_FIRST_RESERVED - 1;
	q.devid = UINT32_MAX;
	memset(q.netdev, 0, sizeof(q.netdev));
	assert_true(hotplug_request_check(&q, sizeof(q)));
	/* A request to stop a script needs its number only. */
	q = (struct hotplug_request){ .magic = HOTPLUG_MAGIC, .kind = HOTPLUG_STOP, .id = 1 };
	assert_true(hotplug_request_check(&q, sizeof(q)));
}

static void requests_refused(void **state)
{
	struct hotplug_request whole = request();

	(void)state;
	for (size_t len = 0; len < sizeof(whole); len++)
		assert_false(hotplug_request_check(&whole, len));
	assert_false(hotplug_request_check(&whole, sizeof(whole) + 1));
	REFUSED(q.magic++);
	REFUSED(q.id = 0);
	REFUSED(q.kind = 0);
	REFUSED(q.kind = HOTPLUG_STOP + 1);
	REFUSED(q.kind = UINT32_MAX);
	REFUSED(q.action = 0);
	REFUSED(q.action = HOTPLUG_OFFLINE + 1);
	REFUSED(q.domid = DOMID_FIRST_RESERVED);
	REFUSED(q.domid = UINT32_MAX);
	REFUSED(q.handle = UINT32_MAX; q.domid = 30000);	/* too long for a device's name */
	REFUSED(q.emulated = 2);
	REFUSED(memset(q.script, 0, sizeof(q.script)));
	REFUSED(memset(q.script, 'v', sizeof(q.script)));
	REFUSED(q.script[sizeof(q.script) - 1] = 'v');		/* beyond the text's end */
	REFUSED(memcpy(q.script, "../x", 5));
	REFUSED(memcpy(q.script, "/bin/sh", 8));
	REFUSED(memcpy(q.script, "a/../../b", 10));
	REFUSED(memcpy(q.script, "a//b", 5));
	REFUSED(memcpy(q.script, "vif x", 6));
	REFUSED(q.script[0] = '\x1b');
	REFUSED(memset(q.netdev, 'e', sizeof(q.netdev)));
	REFUSED(q.netdev[0] = '/');
	REFUSED(q.netdev[1] = ':');
	REFUSED(q.netdev[1] = ' ');
	REFUSED(q.netdev[1] = '\n');
	REFUSED(memcpy(q.netdev, "..\0\0", 5));
	REFUSED(q.netdev[sizeof(q.netdev) - 1] = 'e');
}

static void replies(void **state)
{
	struct hotplug_reply r = { .magic = HOTPLUG_MAGIC, .id = 1, .end = HOTPLUG_EXITED };

	(void)state;
	assert_true(hotplug_reply_check(&r, sizeof(r)));
	assert_false(hotplug_reply_check(&r, sizeof(r) - 1));
	assert_false(hotplug_reply_check(&r, sizeof(r) + 1));
	r.end = HOTPLUG_FAILED;
	assert_true(hotplug_reply_check(&r, sizeof(r)));
	r.end = HOTPLUG_LOST;
	assert_false(hotplug_reply_check(&r, sizeof(r)));
	r.end = 0;
	assert_false(hotplug_reply_check(&r, sizeof(r)));
	r = (struct hotplug_reply){ .magic = HOTPLUG_MAGIC, .end = HOTPLUG_EXITED };
	assert_false(hotplug_reply_check(&r, sizeof(r)));
	r = (struct hotplug_reply){ .id = 1, .end = HOTPLUG_EXITED };
	assert_false(hotplug_reply_check(&r, sizeof(r)));
}

static void escapes(void **state)
{
	static const struct { size_t size; const char *line; size_t len; const char *want; } rows[] = {
		{ 16, "a b", 3, "a b" },
		{ 16, "\"\\\x1b", 3, "\\x22\\x5c\\x1b" },
		{ 16, "\0\xff", 2, "\\x00\\xff" },
		{ 16, "", 0, "" },
		/* An escape is never cut in half. */
		{ 16, "123456789012345678", 18, "123456789012345" },
		{ 16, "123456789012\n", 13, "123456789012" },
		{ 1, "x", 1, "" },
	};
	char out[16];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		hotplug_escape(out, rows[i].size, rows[i].line, rows[i].len);
		assert_string_equal(out, rows[i].want);
	}
}

/* --- control's end --------------------------------------------------------------- */

static struct hotplug *control;
static int runner_fd;
static struct hotplug_result results[HOTPLUG_JOBS_MAX + 1];
static unsigned int nresults;

static int begin(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	runner_fd = ends[1];
	control = hotplug_new(ends[0], "/etc/scripts", DIR, 1);
	assert_non_null(control);
	nresults = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	if (hotplug_fd(control) >= 0)
		close(hotplug_fd(control));
	close(runner_fd);
	free(control);
	return 0;
}

static void note(void *arg, const struct hotplug_result *result)
{
	assert_null(arg);
	results[nresults++] = *result;
}

static int ask(uint32_t domid, uint32_t devid)
{
	struct hotplug_request want = { .action = HOTPLUG_ONLINE, .domid = domid, .devid = devid, .handle = devid };

	return hotplug_ask(control, &want, "vif-bridge");
}

/* Takes a request as the runner does. Returns it; checks that it is valid. */
static struct hotplug_request take(void)
{
	struct hotplug_request q;

	assert_int_equal(recv(runner_fd, &q, sizeof(q), 0), sizeof(q));
	assert_true(hotplug_request_check(&q, sizeof(q)));
	return q;
}

static void answer(uint32_t id, uint32_t how, uint32_t code)
{
	const struct hotplug_reply r = { .magic = HOTPLUG_MAGIC, .id = id, .end = how, .code = code };

	assert_int_equal(send(runner_fd, &r, sizeof(r), 0), sizeof(r));
	hotplug_events(control, note, NULL);
}

static void one_at_a_time(void **state)
{
	struct hotplug_request first, second;

	(void)state;
	assert_int_equal(ask(1, 0), 0);
	assert_int_equal(ask(1, 0), -EBUSY);
	assert_int_equal(ask(1, 1), 0);
	assert_int_equal(ask(2, 0), 0);
	first = take();
	second = take();
	assert_int_equal(second.devid, 1);
	answer(first.id, HOTPLUG_EXITED, 3);
	assert_int_equal(nresults, 1);
	assert_int_equal(results[0].domid, 1);
	assert_int_equal(results[0].devid, 0);
	assert_int_equal(results[0].end, HOTPLUG_EXITED);
	assert_int_equal(results[0].code, 3);
	assert_string_equal(results[0].script, "vif-bridge");
	assert_int_equal(ask(1, 0), 0);
	/* The runner has answered for the first script already. */
	answer(first.id, HOTPLUG_EXITED, 0);
	assert_int_equal(nresults, 1);
	assert_int_equal(ask(1, 0), -EBUSY);
}

static void so_many_at_once(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < HOTPLUG_JOBS_MAX; i++)
		assert_int_equal(ask(1, i), 0);
	assert_int_equal(ask(1, HOTPLUG_JOBS_MAX), -EBUSY);
	answer(take().id, HOTPLUG_EXITED, 0);
	assert_int_equal(ask(1, HOTPLUG_JOBS_MAX), 0);
}

static void both_names_of_the_directory(void **state)
{
	struct hotplug_request want = { .action = HOTPLUG_ONLINE, .domid = 1 };

	(void)state;
	assert_int_equal(hotplug_ask(control, &want, "/etc/scripts/vif-a"), 0);
	assert_string_equal(take().script, "vif-a");
	want.devid = 1;
	assert_int_equal(hotplug_ask(control, &want, DIR "/vif-b"), 0);
	assert_string_equal(take().script, "vif-b");
	want.devid = 2;
	assert_int_equal(hotplug_ask(control, &want, "/etc/other/vif"), -EPERM);
	want.netdev[0] = '/';
	assert_int_equal(hotplug_ask(control, &want, "vif"), -EINVAL);
}

static void stops(void **state)
{
	struct hotplug_request q;

	(void)state;
	hotplug_stop(control, 1, 0);	/* no script runs */
	assert_int_equal(recv(runner_fd, &q, sizeof(q), 0), -1);
	assert_int_equal(ask(1, 0), 0);
	q = take();
	hotplug_stop(control, 1, 0);
	assert_int_equal(take().id, q.id);
	answer(q.id, HOTPLUG_STOPPED, 0);
	assert_int_equal(results[0].end, HOTPLUG_STOPPED);
}

/* Checks that the loss is reported once for each script, and that no script can be started. */
static void check_lost(unsigned int asked)
{
	assert_int_equal(nresults, asked);
	for (unsigned int i = 0; i < asked; i++)
		assert_int_equal(results[i].end, HOTPLUG_LOST);
	assert_int_equal(ask(3, 0), -EPIPE);
	hotplug_events(control, note, NULL);
	hotplug_tick(control, note, NULL);
	hotplug_stop(control, 1, 0);
	assert_int_equal(nresults, asked);
}

static void runner_dies(void **state)
{
	(void)state;
	assert_int_equal(ask(1, 0), 0);
	assert_int_equal(ask(1, 1), 0);
	close(runner_fd);
	runner_fd = -1;
	hotplug_events(control, note, NULL);
	check_lost(2);
}

static void runner_lies(void **state)
{
	(void)state;
	assert_int_equal(ask(1, 0), 0);
	answer(take().id, HOTPLUG_LOST, 0);
	check_lost(1);
}

static void runner_is_silent(void **state)
{
	(void)state;
	assert_int_equal(ask(1, 0), 0);
	hotplug_tick(control, note, NULL);
	assert_int_equal(nresults, 0);
	now += (1 + HOTPLUG_LATE_S) * 1000000ull;
	hotplug_tick(control, note, NULL);
	check_lost(1);
}

#define CONTROL(test_) cmocka_unit_test_setup_teardown(test_, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(script_names), cmocka_unit_test(script_names_refused), cmocka_unit_test(script_name_length),
		cmocka_unit_test(requests), cmocka_unit_test(requests_refused), cmocka_unit_test(replies), cmocka_unit_test(escapes),
		CONTROL(one_at_a_time), CONTROL(so_many_at_once), CONTROL(both_names_of_the_directory), CONTROL(stops),
		CONTROL(runner_dies), CONTROL(runner_lies), CONTROL(runner_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
