/* SPDX-License-Identifier: MIT */
/* instance.c - record locks and the run directory, for instance.h
 *
 * A process loses its record locks on a file with the first descriptor of it
 * that it closes. So a descriptor that has a lock is never closed, and no other
 * code of the process opens these files.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon.h"
#include "common/base/errtext.h"
#include "instance.h"

#define INSTANCE_PATH_MAX 256

static bool instance_is_ours_alone(const struct stat *st)
{
	return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

int instance_run_dir(const char *dir)
{
	struct stat st;
	int fd, err = 0;

	umask(0077);
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP || (errno == ENOTDIR && lstat(dir, &st) == 0 && S_ISLNK(st.st_mode)) ?
			-EPERM : -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (!instance_is_ours_alone(&st))
		err = -EPERM;
	close(fd);
	return err;
}

/* Returns whether path is the xenstore of a Xen domain, and not of a simulation. */
static bool instance_is_xens_own(const char *path)
{
	static const char *const own[] = { "/run/xenstored/", "/var/run/xenstored/", "/dev/", "/proc/" };

	for (unsigned int i = 0; i < ARRAY_SIZE(own); i++)
		if (strncmp(path, own[i], strlen(own[i])) == 0)
			return true;
	return false;
}

/* Writes the path of the file that exists once in this domain. */
static int instance_domain_path(char *path, const char *name)
{
	const char *store = getenv("XENSTORED_PATH");
	bool beside = store && *store && !instance_is_xens_own(store);
	int n, err;

	if (beside) {
		if (access(store, F_OK) < 0)
			return -ECONNREFUSED;
		n = snprintf(path, INSTANCE_PATH_MAX, "%s.%s", store, name);
	} else {
		err = instance_run_dir(INSTANCE_RUN_DIR);
		if (err)
			return err;
		n = snprintf(path, INSTANCE_PATH_MAX, INSTANCE_RUN_DIR "/%s.domain", name);
	}
	return n >= INSTANCE_PATH_MAX ? -ENAMETOOLONG : 0;
}

/* Returns the range of the file to lock: byte N + 1 for device N, all bytes for all devices. */
static struct flock instance_range_of(uint32_t devid)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (devid != INSTANCE_ALL) {
		lock.l_start = (off_t)devid + 1;
		lock.l_len = 1;
	}
	return lock;
}

/* Returns 0, -EBUSY with the process that has the lock, or another -errno. */
static int instance_try_lock(int fd, uint32_t devid, pid_t *holder)
{
	struct flock lock = instance_range_of(devid);

	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return -errno;
	if (fcntl(fd, F_GETLK, &lock) < 0)
		return -errno;
	if (lock.l_type == F_UNLCK)
		return -EAGAIN;	/* the holder has ended meanwhile */
	*holder = lock.l_pid;
	return -EBUSY;
}

static int instance_take(const char *path, uint32_t devid, unsigned int wait_ms, pid_t *holder)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600), err;

	if (fd < 0)
		return errno == ELOOP ? -EPERM : -errno;
	err = instance_try_lock(fd, devid, holder);
	if (err == -EAGAIN || (err == -EBUSY && wait_ms && instance_wait_end(*holder, wait_ms) == 0))
		err = instance_try_lock(fd, devid, holder);
	if (err)
		close(fd);	/* and so all locks of this file: the caller does not go on */
	return err;
}

int instance_lock(const char *name, uint32_t devid, unsigned int wait_ms, pid_t *holder)
{
	char path[INSTANCE_PATH_MAX];
	int err = instance_domain_path(path, name);

	return err ? err : instance_take(path, devid, wait_ms, holder);
}

int instance_lock_dir(const char *dir, const char *name, unsigned int wait_ms, pid_t *holder)
{
	char path[INSTANCE_PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s.lock", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return instance_take(path, INSTANCE_ALL, wait_ms, holder);
}

int instance_wait_end(pid_t pid, unsigned int timeout_ms)
{
	struct pollfd gone = { .events = POLLIN };
	int n;

	gone.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (gone.fd < 0)
		return errno == ESRCH ? 0 : -ETIMEDOUT;
	n = poll(&gone, 1, (int)timeout_ms);
	close(gone.fd);
	return n > 0 ? 0 : -ETIMEDOUT;
}

void instance_die(const char *program, const char *dir, int err, pid_t holder)
{
	if (err == -EBUSY && !dir)
		die(program, EXIT_OCCUPIED, "another %s runs in this domain (pid %d); stop it first", program, (int)holder);
	if (err == -EBUSY)
		die(program, EXIT_OCCUPIED, "another %s uses the run directory %s (pid %d); name another --run-dir",
		    program, dir, (int)holder);
	if (!dir && err == -ECONNREFUSED)
		die(program, EXIT_ENVIRONMENT, "cannot reach xenstored: XENSTORED_PATH names no socket");
	if (!dir)
		dir = INSTANCE_RUN_DIR;
	if (err == -EPERM)
		die(program, EXIT_ENVIRONMENT, "run directory %s: it must be a directory of our own user that nobody "
		    "else may write, and no symbolic link", dir);
	die(program, EXIT_ENVIRONMENT, "run directory %s: %s", dir, errtext(ERRTEXT_FILE, err));
}
