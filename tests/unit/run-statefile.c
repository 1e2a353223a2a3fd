/* SPDX-License-Identifier: MIT */
/* run-statefile.c - state files: a file is written whole or not at all, is read only if a daemon
 * wrote it, and is set aside if it is damaged */
#include "unit.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

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

/* As statefile_write(), but whatever the text is. */
static void plant_summed(const char *text, size_t len)
{
	static char whole[STATEFILE_MAX + STATEFILE_SUM_MAX];
	char sum[STATEFILE_SUM_MAX];

	statefile_sum(sum, text, len);
	memcpy(whole, text, len);
	memcpy(whole + len, sum, strlen(sum));
	plant(whole, len + strlen(sum));
	assert_int_equal(chmod(path, 0600), 0);
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

static void plant_socket(const char *at)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", at);
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
}

static void other_files_are_refused(void **state)
{
	static char big[STATEFILE_MAX + 1];
	char *text, other[80];

	(void)state;
	unlink(path);
	assert_int_equal(statefile_read(&text, path), -ENOENT);
	plant_summed("a\0b", 3);
	assert_int_equal(statefile_read(&text, path), -EINVAL);
	memset(big, 'x', sizeof(big));
	plant_summed(big, STATEFILE_MAX - 20);
	assert_int_equal(statefile_read(&text, path), -EINVAL);
	plant_summed(big, STATEFILE_MAX - 21);
	assert_int_equal(statefile_read(&text, path), 0);
	assert_int_equal(strlen(text), STATEFILE_MAX - 21);
	free(text);
	assert_int_equal(chmod(path, 0622), 0);
	assert_int_equal(statefile_read(&text, path), -EPERM);
	unlink(path);
	snprintf(other, sizeof(other), "%s.other", path);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(statefile_read(&text, path), -EPERM);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(statefile_read(&text, path), -EPERM);
	rmdir(path);
	plant_socket(path);
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
		"", "version=1\n", "version=1\nifindex=0\n", "version=1\nifindex=x\n", "version=1\nifindex=4294967296\n",
		"version=1\nindex=3\n", "version=1\nifindex=3\nmtu-before=lots\n",
		"version=1\nifindex=000000000000000000000000000000017\n",
		/* Of another version. */
		"ifindex=3\n", "version=0\nifindex=3\n", "version=2\nifindex=3\n", "version=x\nifindex=3\n",
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
	/* What is not there is not known. */
	plant_summed("version=1\nifindex=3\n", 20);
	assert_int_equal(devstate_read(&got, dir, "state"), 0);
	assert_int_equal(got.ifindex, 3);
	assert_string_equal(got.domain, "");
	assert_string_equal(got.devid, "");
	snprintf(aside, sizeof(aside), "%s.bad", path);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		plant_summed(bad[i], strlen(bad[i]));
		assert_int_equal(devstate_read(&got, dir, "state"), -EINVAL);
		assert_int_equal(got.ifindex, 0);
		assert_int_equal(access(path, F_OK), -1);
		assert_int_equal(unlink(aside), 0);
	}
}

/* One bit that is wrong, or one byte that is missing, is found wherever it is. */
static void any_damage_is_found(void **state)
{
	struct devstate st = { .ifindex = 7, .netns = 4026531840u, .devid = "0", .mac = "00:16:3e:01:02:03", .mtu = "1400" };
	char was[512], is[512], aside[80], *text;
	FILE *f;
	size_t len;

	(void)state;
	snprintf(aside, sizeof(aside), "%s.bad", path);
	assert_int_equal(devstate_write(&st, dir, "state"), 0);
	f = fopen(path, "r");
	assert_non_null(f);
	len = fread(was, 1, sizeof(was), f);
	fclose(f);
	assert_true(len > 50 && len < sizeof(was));
	for (size_t bit = 0; bit < 8 * len; bit++) {
		memcpy(is, was, len);
		is[bit / 8] = (char)(is[bit / 8] ^ 1 << bit % 8);
		plant(is, len);
		assert_int_equal(statefile_read(&text, path), -EINVAL);
	}
	for (size_t n = 0; n < len; n++) {
		plant(was, n);
		assert_int_equal(statefile_read(&text, path), -EINVAL);
	}
	memcpy(is, was, len);
	is[len] = '\n';
	plant(is, len + 1);
	assert_int_equal(devstate_read(&st, dir, "state"), -EINVAL);
	assert_int_equal(access(aside, F_OK), 0);
	assert_int_equal(devstate_read(&st, dir, "state"), -ENOENT);
	plant(was, len);
	assert_int_equal(devstate_read(&st, dir, "state"), 0);
	assert_int_equal(st.ifindex, 7);
	unlink(aside);
}

/* Whatever is in a file's place goes to one name, whatever is there already, and the next file is written. */
static void anything_is_set_aside(void **state)
{
	static const mode_t kinds[] = { S_IFDIR, S_IFDIR, S_IFIFO, S_IFSOCK, S_IFLNK };
	struct devstate st = { .ifindex = 7 }, got;
	char aside[80], in[100], beside[80];
	struct stat is;

	(void)state;
	snprintf(aside, sizeof(aside), "%s.bad", path);
	snprintf(beside, sizeof(beside), "%s.new", path);
	for (unsigned int what = 0; what < ARRAY_SIZE(kinds); what++) {
		for (unsigned int there = 0; there < 3; there++) {
			unlink(path);
			if (there == 1)
				assert_int_equal(mkdir(aside, 0700), 0);
			else if (there == 2)
				assert_int_equal(symlink("nothing", aside), 0);
			if (what < 2)
				assert_int_equal(mkdir(path, 0700), 0);
			snprintf(in, sizeof(in), "%s/in", path);
			if (what == 1)
				assert_int_equal(mkdir(in, 0700), 0);
			else if (what == 2)
				assert_int_equal(mkfifo(path, 0600), 0);
			else if (what == 3)
				plant_socket(path);
			else if (what == 4)
				assert_int_equal(symlink("nothing", path), 0);
			assert_int_equal(devstate_read(&got, dir, "state"), -EPERM);
			assert_int_equal(devstate_read(&got, dir, "state"), -ENOENT);
			assert_int_equal(lstat(aside, &is), 0);
			assert_int_equal(is.st_mode & S_IFMT, kinds[what]);
			snprintf(in, sizeof(in), "%s/in", aside);
			rmdir(in);
			if (unlink(aside) < 0)
				assert_int_equal(rmdir(aside), 0);
			assert_int_equal(devstate_write(&st, dir, "state"), 0);
			assert_int_equal(devstate_read(&got, dir, "state"), 0);
		}
	}
	/* A write does not need a read before; nor is an unfinished file of another kind in its way. */
	unlink(path);
	snprintf(in, sizeof(in), "%s/in", path);
	assert_int_equal(mkdir(path, 0700) | mkdir(in, 0700) | mkdir(beside, 0700), 0);
	assert_int_equal(devstate_write(&st, dir, "state"), 0);
	assert_int_equal(devstate_read(&got, dir, "state"), 0);
	/* What is in the way of .bad and not empty stays; the file goes. */
	plant("x", 1);
	assert_int_equal(devstate_read(&got, dir, "state"), -EINVAL);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(in, sizeof(in), "%s/in", aside);
	assert_int_equal(access(in, F_OK), 0);
	assert_int_equal(rmdir(in) | rmdir(aside), 0);
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
		cmocka_unit_test(any_damage_is_found),
		cmocka_unit_test(anything_is_set_aside),
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
