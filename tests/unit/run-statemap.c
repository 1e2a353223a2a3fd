/* SPDX-License-Identifier: MIT */
/* run-statemap.c - mapped state: what is stored stays, and which files are not believed */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"
#include "common/host/statemap.c"

#define LEN 5000u

static char dir[] = "/tmp/netpair-statemap.XXXXXX", path[64], aside[64];

static void make(void)
{
	void *map;

	assert_int_equal(statemap_create(&map, path, LEN), 0);
	memset(map, 'm', LEN);
	statemap_close(map, LEN);
}

static void refused(int err)
{
	void *map = &err;

	assert_int_equal(statemap_open(&map, path, LEN), err);
	assert_null(map);
}

static void stays(void **state)
{
	struct stat st;
	uint8_t *map;
	pid_t pid;
	int status;

	(void)state;
	assert_int_equal(unlink(path) < 0 && errno != ENOENT, 0);
	refused(-ENOENT);
	/* A process that is killed in the middle of it. */
	pid = fork();
	if (pid == 0) {
		if (statemap_create((void **)&map, path, LEN))
			_exit(1);
		map[0] = 'a';
		map[LEN - 1] = 'z';
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(statemap_open((void **)&map, path, LEN), 0);
	assert_int_equal(map[0], 'a');
	assert_int_equal(map[1], 0);
	assert_int_equal(map[LEN - 1], 'z');
	statemap_close(map, LEN);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, LEN);
	/* Its space is taken: a store cannot fail on a full file system. */
	assert_true(st.st_blocks * 512 >= LEN);
	/* Made anew it is empty, and what had it mapped before does not matter. */
	assert_int_equal(statemap_create((void **)&map, path, LEN), 0);
	assert_int_equal(map[0], 0);
	statemap_close(map, LEN);
	statemap_close(NULL, LEN);
}

static void not_believed(void **state)
{
	(void)state;
	make();
	assert_int_equal(truncate(path, LEN - 1), 0);
	refused(-EINVAL);
	assert_int_equal(truncate(path, 0), 0);
	refused(-EINVAL);
	make();
	assert_int_equal(truncate(path, LEN + 1), 0);
	refused(-EINVAL);
	make();
	assert_int_equal(chmod(path, 0620), 0);
	refused(-EPERM);
	assert_int_equal(chmod(path, 0602), 0);
	refused(-EPERM);
	if (geteuid() == 0) {
		make();
		assert_int_equal(chown(path, 65534, 65534), 0);
		refused(-EPERM);
	}
	make();
	assert_int_equal(rename(path, aside), 0);
	assert_int_equal(symlink(aside, path), 0);
	refused(-EPERM);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(-EPERM);
	/* Whatever it is goes when it is made anew; what a link led to stays. */
	make();
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(aside, path), 0);
	assert_int_equal(truncate(aside, 3), 0);
	make();
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rename(aside, path), 0);
	refused(-EINVAL);
}

static void cannot_make(void **state)
{
	void *map = dir;

	(void)state;
	assert_int_equal(statemap_create(&map, "/nowhere/file", LEN), -ENOENT);
	assert_null(map);
	assert_int_equal(statemap_create(&map, dir, LEN), -EISDIR);
	assert_null(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stays), cmocka_unit_test(not_believed), cmocka_unit_test(cannot_make),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/file", dir);
	snprintf(aside, sizeof(aside), "%s/aside", dir);
	failed = RUN_TESTS(tests);
	unlink(path);
	rmdir(dir);
	return failed;
}
