/* SPDX-License-Identifier: MIT */
/* run-hotplug_runner.c - the process that runs hotplug scripts: it drops hostile requests, ends a
 * script that takes too long, and leaves no script behind when it ends */
#include <poll.h>

#include "unit.h"
#include "backend/control/hotplug_msg.c"
#include "backend/control/hotplug_output.c"
#include "backend/control/hotplug_script.c"
#include "backend/control/hotplug_runner.c"

static char dir[] = "/tmp/run-hotplug.XXXXXX";
static int control_fd;

static void write_script(const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static bool is_there(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static void forget(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

static int begin_all(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	log_init("run-hotplug_runner", LOG_LEVEL_ERROR);
	write_script("ok", "#!/bin/sh\n[ \"$1 $2 $vif\" = 'online type_if=vif vif1.0' ]\n", 0755);
	write_script("exit3", "#!/bin/sh\nexit 3\n", 0755);
	write_script("ran", "#!/bin/sh\n: >${0%/*}/it-ran\n", 0755);
	write_script("ends", "#!/bin/sh\ntrap ': >${0%/*}/ended; exit 1' TERM\n: >${0%/*}/runs\nwhile :; do sleep 0.01; done\n", 0755);
	write_script("deaf", "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.01; done\n", 0755);
	write_script("no-program", "#!/bin/sh\n", 0644);
	write_script("open", "#!/bin/sh\n", 0777);
	return 0;
}

static int end_all(void **state)
{
	static const char *const all[] = { "ok", "exit3", "ran", "it-ran", "ends", "ended", "runs", "deaf", "no-program", "open",
					   "hotplug.lock", "out" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++)
		forget(all[i]);
	return rmdir(dir);
}

static int begin_with(unsigned int limit_s)
{
	const struct hotplug_runner_conf conf = { .program = "runner", .level = LOG_LEVEL_ERROR, .dir = dir, .run_dir = dir,
						  .limit_s = limit_s };

	control_fd = hotplug_runner_start(&conf);
	assert_true(control_fd >= 0);
	return 0;
}

/* The limit is long, so that no script is ended because the machine is slow. */
static int begin(void **state)
{
	(void)state;
	return begin_with(60);
}

static int begin_short(void **state)
{
	(void)state;
	return begin_with(1);
}

/* The runner ends when control closes its end, and not before. */
static int end(void **state)
{
	int status = -1;

	(void)state;
	close(control_fd);
	assert_true(waitpid(-1, &status, 0) > 0);
	assert_int_equal(status, 0);
	return 0;
}

static void ask(uint32_t id, const char *script)
{
	struct hotplug_request q = { .magic = HOTPLUG_MAGIC, .kind = HOTPLUG_RUN, .id = id, .action = HOTPLUG_ONLINE, .domid = 1,
				     .devid = id - 1, .handle = id - 1 };

	memcpy(q.script, script, strlen(script));
	assert_int_equal(send(control_fd, &q, sizeof(q), 0), sizeof(q));
}

static void stop(uint32_t id)
{
	const struct hotplug_request q = { .magic = HOTPLUG_MAGIC, .kind = HOTPLUG_STOP, .id = id };

	assert_int_equal(send(control_fd, &q, sizeof(q), 0), sizeof(q));
}

static void expect(uint32_t id, enum hotplug_end how, uint32_t code)
{
	struct pollfd p = { .fd = control_fd, .events = POLLIN };
	struct hotplug_reply r;

	assert_int_equal(poll(&p, 1, 60000), 1);
	assert_int_equal(recv(control_fd, &r, sizeof(r), 0), sizeof(r));
	assert_true(hotplug_reply_check(&r, sizeof(r)));
	assert_int_equal(r.id, id);
	assert_int_equal(r.end, how);
	assert_int_equal(r.code, code);
}

static void runs(void **state)
{
	(void)state;
	ask(1, "ok");
	expect(1, HOTPLUG_EXITED, 0);
	ask(2, "exit3");
	expect(2, HOTPLUG_EXITED, 3);
}

static void starts_none(void **state)
{
	(void)state;
	ask(1, "none");
	expect(1, HOTPLUG_FAILED, ENOENT);
	ask(1, "no-program");
	expect(1, HOTPLUG_FAILED, EACCES);
	ask(1, "open");
	expect(1, HOTPLUG_FAILED, EPERM);
}

static void link_leads_out(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/out", dir);
	assert_int_equal(symlink("/bin/true", path), 0);
	ask(1, "out");
	expect(1, HOTPLUG_FAILED, EXDEV);
}

/* A request without sense is dropped, and the runner goes on. */
static void hostile_requests(void **state)
{
	struct hotplug_request q = { .magic = HOTPLUG_MAGIC, .kind = HOTPLUG_RUN, .id = 9, .action = HOTPLUG_ONLINE,
				     .script = "ran" };
	char big[4096] = "";

	(void)state;
	assert_int_equal(send(control_fd, &q, sizeof(q) - 1, 0), sizeof(q) - 1);
	assert_int_equal(send(control_fd, big, sizeof(big), 0), sizeof(big));
	assert_int_equal(send(control_fd, big, 1, 0), 1);
	q.action = 77;
	assert_int_equal(send(control_fd, &q, sizeof(q), 0), sizeof(q));
	q.action = HOTPLUG_ONLINE;
	memcpy(q.script, "a/../ran", 9);
	assert_int_equal(send(control_fd, &q, sizeof(q), 0), sizeof(q));
	stop(1234);
	ask(1, "ok");
	expect(1, HOTPLUG_EXITED, 0);
	assert_false(is_there("it-ran"));
}

static void one_at_a_time(void **state)
{
	(void)state;
	ask(1, "ends");
	ask(1, "ok");
	expect(1, HOTPLUG_FAILED, EBUSY);
	ask(2, "exit3");
	expect(2, HOTPLUG_EXITED, 3);
	stop(1);
	expect(1, HOTPLUG_STOPPED, 0);
}

static void no_more_jobs_than_the_limit(void **state)
{
	(void)state;
	for (uint32_t id = 1; id <= HOTPLUG_JOBS_MAX; id++)
		ask(id, "deaf");
	ask(HOTPLUG_JOBS_MAX + 1, "ok");
	expect(HOTPLUG_JOBS_MAX + 1, HOTPLUG_FAILED, EBUSY);
}

static void script_that_takes_too_long(void **state)
{
	(void)state;
	ask(1, "deaf");
	expect(1, HOTPLUG_TIMED_OUT, 0);
}

/* If control ends while a script runs, the script gets SIGTERM and ends before the runner does. */
static void control_ends(void **state)
{
	/* Files of an earlier test. */
	forget("runs");
	forget("ended");
	ask(1, "ends");
	while (!is_there("runs"))
		poll(NULL, 0, 5);
	end(state);
	assert_true(is_there("ended"));
	begin(state);
}

#define RUNNER(test_) cmocka_unit_test_setup_teardown(test_, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUNNER(runs), RUNNER(starts_none), RUNNER(link_leads_out), RUNNER(hostile_requests), RUNNER(one_at_a_time),
		RUNNER(no_more_jobs_than_the_limit), RUNNER(control_ends),
		cmocka_unit_test_setup_teardown(script_that_takes_too_long, begin_short, end),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
