/* SPDX-License-Identifier: MIT */
/* run-statefile.c - state files: a file is written whole or not at all, is read only if a daemon
 * wrote it, and is set aside if it is damaged */
#include "unit.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include "common/host/statefile.c"
#include "common/host/devstate.c"

static char dir[] = "/tmp/netpair-statefile.XXXXXX", path[64];

static void plant(const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static void text_is_read_back(void **state)
{
	char *text, buf[8];
	struct stat st;
	uint64_t n;

	(void)state;
	assert_int_equal(statefile_write(path, "a=1\nab=two\nc=-3\nd=\n", 19), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(statefile_read(&text, path), 0);
	assert_true(statefile_value(text, "ab", buf, sizeof(buf)));
	assert_string_equal(buf, "two");
	assert_true(statefile_value(text, "d", buf, sizeof(buf)));
	assert_string_equal(buf, "");
	assert_false(statefile_value(text, "b", buf, sizeof(buf)));
	assert_true(statefile_number(text, "a", &n));
	assert_int_equal(n, 1);
	assert_false(statefile_number(text, "c", &n));
	assert_false(statefile_number(text, "d", &n));
	assert_false(statefile_number(text, "ab", &n));
	/* Cut off, not overrun. */
	assert_true(statefile_value(text, "ab", buf, 3));
	assert_string_equal(buf, "tw");
	free(text);
}

static void other_files_are_refused(void **state)
{
	static char big[STATEFILE_MAX + 1];
	char *text, other[80];

	(void)state;
	unlink(path);
	assert_int_equal(statefile_read(&text, path), -ENOENT);
	plant("a\0b", 3);
	assert_int_equal(statefile_read(&text, path), -EINVAL);
	memset(big, 'x', sizeof(big));
	plant(big, sizeof(big));
	assert_int_equal(statefile_read(&text, path), -EINVAL);
	plant(big, sizeof(big) - 1);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(statefile_read(&text, path), 0);
	free(text);
	assert_int_equal(chmod(path, 0622), 0);
	assert_int_equal(statefile_read(&text, path), -EPERM);
	unlink(path);
	snprintf(other, sizeof(other), "%s.other", path);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(statefile_read(&text, path), -EPERM);
	unlink(path);
	/* Does not wait for a writer. */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(statefile_read(&text, path), -EPERM);
	unlink(path);
	assert_int_equal(statefile_write("/nowhere/at/all", "a", 1), -ENOENT);
}

/* A daemon that dies while it writes leaves a temporary file. A link in its place is not followed. */
static void temporary_file(void **state)
{
	char beside[80], victim[80], *text;

	(void)state;
	snprintf(beside, sizeof(beside), "%s.new", path);
	snprintf(victim, sizeof(victim), "%s.victim", path);
	assert_int_equal(symlink(victim, beside), 0);
	assert_int_equal(statefile_write(path, "a=1\n", 4), 0);
	assert_int_equal(access(victim, F_OK), -1);
	assert_int_equal(access(beside, F_OK), -1);
	assert_int_equal(statefile_read(&text, path), 0);
	assert_string_equal(text, "a=1\n");
	free(text);
}

static void device(void **state)
{
	struct devstate st = { .ifindex = 7, .netns = 4026531840u, .domain = "6f1ed002-ab59-5595-a1d2-c8b4c6f6e3a1",
			       .devid = "4294967295", .remade = 1, .mac = "00:16:3e:01:02:03", .mtu = "1400", .mtu_before = 9000,
			       .ifname = "vif1.0", .mtu_lowered = 1500, .offloads = 7 }, got;
	static const char *const bad[] = {
		"", "ifindex=0\n", "ifindex=x\n", "ifindex=4294967296\n", "index=3\n", "ifindex=3\nmtu-before=lots\n",
		"ifindex=000000000000000000000000000000017\n",
	};
	char aside[80];

	(void)state;
	devstate_remove(dir, "state");
	assert_int_equal(devstate_read(&got, dir, "state"), -ENOENT);
	assert_int_equal(devstate_write(&st, dir, "state"), 0);
	assert_int_equal(devstate_read(&got, dir, "state"), 0);
	assert_int_equal(got.ifindex, st.ifindex);
	assert_true(got.netns == st.netns);
	assert_string_equal(got.domain, st.domain);
	assert_string_equal(got.devid, st.devid);
	assert_int_equal(got.remade, 1);
	assert_string_equal(got.mac, st.mac);
	assert_string_equal(got.mtu, st.mtu);
	assert_int_equal(got.mtu_before, st.mtu_before);
	assert_string_equal(got.ifname, st.ifname);
	assert_int_equal(got.mtu_lowered, st.mtu_lowered);
	assert_int_equal(got.offloads, st.offloads);
	/* A file of an earlier version. */
	plant("ifindex=3\n", 10);
	chmod(path, 0600);
	assert_int_equal(devstate_read(&got, dir, "state"), 0);
	assert_int_equal(got.ifindex, 3);
	assert_string_equal(got.domain, "");
	assert_string_equal(got.devid, "");
	snprintf(aside, sizeof(aside), "%s.bad", path);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		plant(bad[i], strlen(bad[i]));
		chmod(path, 0600);
		assert_int_equal(devstate_read(&got, dir, "state"), -EINVAL);
		assert_int_equal(got.ifindex, 0);
		assert_int_equal(access(path, F_OK), -1);
		assert_int_equal(unlink(aside), 0);
	}
}

/* A file that could not be opened for want of descriptors is not set aside. */
static void unreadable_file_stays(void **state)
{
	struct devstate st = { .ifindex = 7 }, got;
	struct rlimit was, none;

	(void)state;
	assert_int_equal(devstate_write(&st, dir, "state"), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = (struct rlimit){ 0, was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(devstate_read(&got, dir, "state"), -EMFILE);
	assert_int_equal(got.ifindex, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(devstate_read(&got, dir, "state"), 0);
	assert_int_equal(got.ifindex, 7);
}

/* A value with a newline would be read as two lines, so the file is not written. */
static void a_newline_is_refused(void **state)
{
	struct devstate st = { .ifindex = 7, .mtu = "1400\nnetns=1" }, got;

	(void)state;
	devstate_remove(dir, "state");
	assert_int_equal(devstate_write(&st, dir, "state"), -EINVAL);
	assert_int_equal(devstate_read(&got, dir, "state"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_read_back),
		cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(temporary_file),
		cmocka_unit_test(device),
		cmocka_unit_test(unreadable_file_stays),
		cmocka_unit_test(a_newline_is_refused),
	};
	int failed;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/state", dir);
	failed = RUN_TESTS(tests);
	unlink(path);
	rmdir(dir);
	return failed;
}
