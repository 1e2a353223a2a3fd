/* SPDX-License-Identifier: MIT */
/* run-statemap.c - a state file that is mapped: what was stored is there after the process has
 * ended, and a file that is not a daemon's own is refused */
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

/* Maps the file of a descriptor, and closes the descriptor. Returns the memory. */
static void *map_of(int fd)
{
	void *map = NULL;

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(statemap_map(&map, fd, LEN), 0);
	assert_non_null(map);
	close(fd);
	return map;
}

static void make(void)
{
	void *map = map_of(statemap_create(path, LEN));

	memset(map, 'm', LEN);
	statemap_unmap(map, LEN);
}

static void refused(int err)
{
	assert_int_equal(statemap_open(path, LEN), err);
}

static void stored_bytes_stay(void **state)
{
	struct stat st;
	uint8_t *map;
	pid_t pid;
	int status;

	(void)state;
	assert_int_equal(unlink(path) < 0 && errno != ENOENT, 0);
	refused(-ENOENT);
	/* A process is killed while it stores. */
	pid = fork();
	if (pid == 0) {
		map = map_of(statemap_create(path, LEN));
		map[0] = 'a';
		map[LEN - 1] = 'z';
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	map = map_of(statemap_open(path, LEN));
	assert_int_equal(map[0], 'a');
	assert_int_equal(map[1], 0);
	assert_int_equal(map[LEN - 1], 'z');
	statemap_unmap(map, LEN);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, LEN);
	/* Its blocks are allocated: a store cannot fail on a full file system. */
	assert_true(st.st_blocks * 512 >= LEN);
	/* A new one is empty, and an old mapping does not change it. */
	map = map_of(statemap_create(path, LEN));
	assert_int_equal(map[0], 0);
	statemap_unmap(map, LEN);
	statemap_unmap(NULL, LEN);
}

static void other_files_are_refused(void **state)
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
	/* Making it anew removes what was there, but not what a link pointed to. */
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
	char bad[80];
	int fd;

	(void)state;
	assert_int_equal(statemap_create("/nowhere/file", LEN), -ENOENT);
	/* A directory in its place is moved aside. */
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(statemap_open(path, LEN), -EPERM);
	fd = statemap_create(path, LEN);
	assert_true(fd >= 0);
	close(fd);
	snprintf(bad, sizeof(bad), "%s.bad", path);
	assert_int_equal(rmdir(bad), 0);
}

/* Another process than the one that opened a file may map it, so the size is checked again. */
static void maps_what_fits(void **state)
{
	void *map = dir;
	int fd, pair[2];

	(void)state;
	fd = statemap_create(path, LEN);
	assert_int_equal(ftruncate(fd, LEN - 1), 0);
	assert_int_equal(statemap_map(&map, fd, LEN), -EINVAL);
	assert_null(map);
	assert_int_equal(ftruncate(fd, LEN + 1), 0);
	assert_int_equal(statemap_map(&map, fd, LEN), -EINVAL);
	/* A refused descriptor is still open. */
	assert_int_equal(ftruncate(fd, LEN), 0);
	assert_int_equal(statemap_map(&map, fd, LEN), 0);
	statemap_unmap(map, LEN);
	close(fd);
	assert_int_equal(pipe(pair), 0);
	assert_int_equal(statemap_map(&map, pair[0], LEN), -ESPIPE);
	assert_int_equal(statemap_map(&map, -1, LEN), -EBADF);
	close(pair[0]);
	close(pair[1]);
}

static void removed(void **state)
{
	(void)state;
	make();
	statemap_remove(path);
	refused(-ENOENT);
	statemap_remove(path);
	make();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stored_bytes_stay), cmocka_unit_test(other_files_are_refused), cmocka_unit_test(cannot_make),
		cmocka_unit_test(maps_what_fits), cmocka_unit_test(removed),
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
