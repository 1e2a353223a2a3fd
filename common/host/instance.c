/* SPDX-License-Identifier: MIT */
/* instance.c - record locks and the run directory, for instance.h
 *
 * A process loses its record locks on a file with the first descriptor of it
 * that it closes. So a descriptor that has a lock is never closed, and no other
 * code of the process opens these files.
 */
#include <dirent.h>
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

/* #syscalls-control access close dup fchown fchownat fcntl fstat geteuid lstat mkdir open poll umask pidfd_open */

#define INSTANCE_PATH_MAX 256

/* Whose the files are, and whose they are to be. */
struct instance_owner {
	uid_t from, to;
	gid_t gid;
};

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

/* Returns xenstored's socket where that is of a simulation, else NULL. */
static const char *instance_store_beside(void)
{
	const char *store = getenv("XENSTORED_PATH");

	return store && *store && !instance_is_xens_own(store) ? store : NULL;
}

/* Returns the directory of the file that exists once in this domain. */
static const char *instance_domain_dir(const char *name)
{
	return strcmp(name, "netfrontd") == 0 ? INSTANCE_FRONT_DIR : INSTANCE_RUN_DIR;
}

/* Writes the path of the file that exists once in this domain. */
static int instance_domain_path(char *path, const char *name)
{
	const char *store = instance_store_beside();
	int n, err;

	if (store) {
		if (access(store, F_OK) < 0)
			return -ECONNREFUSED;
		n = snprintf(path, INSTANCE_PATH_MAX, "%s.%s", store, name);
	} else {
		err = instance_run_dir(instance_domain_dir(name));
		if (err)
			return err;
		n = snprintf(path, INSTANCE_PATH_MAX, "%s/%s.domain", instance_domain_dir(name), name);
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

/* --- giving it to another user ------------------------------------------------ */

/* Returns whether a file in a run directory is one of netfrontd's: no other daemon's, and none of a directory
 * that was named by mistake. */
static bool instance_is_file_of(const char *file, const char *name)
{
	size_t len = strlen(name);

	return (strncmp(file, name, len) == 0 && file[len] == '.') || strncmp(file, "nic", 3) == 0 || strcmp(file, "keeper") == 0;
}

/* Checks that all files are the program's, and with o gives those of the user o->from away. Returns 0 or -errno. */
static int instance_each_file(int fd, const char *name, const struct instance_owner *o)
{
	const struct dirent *e;
	struct stat st;
	DIR *d;
	int err = 0, copy = dup(fd);

	d = copy < 0 ? NULL : fdopendir(copy);
	if (!d) {
		err = -errno;
		if (copy >= 0)
			close(copy);
		return err;
	}
	rewinddir(d);
	while (!err && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (!instance_is_file_of(e->d_name, name))
			err = -EPERM;
		else if (o && fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_uid == o->from &&
			 fchownat(fd, e->d_name, o->to, o->gid, AT_SYMLINK_NOFOLLOW) < 0)
			err = -errno;
	}
	closedir(d);
	return err;
}

static int instance_give_dir(const char *dir, const char *name, const struct instance_owner *o)
{
	struct stat st;
	int fd, err;

	umask(0077);
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		/* Without a further capability root may not open what is the user's. */
		return lstat(dir, &st) == 0 && st.st_uid == o->to ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (st.st_uid != o->from || (st.st_mode & (S_IWGRP | S_IWOTH)))
		err = st.st_uid == o->to ? 0 : -EPERM;
	else
		err = instance_each_file(fd, name, NULL);
	if (!err && st.st_uid == o->from) {
		err = instance_each_file(fd, name, o);
		if (!err && fchown(fd, o->to, o->gid) < 0)
			err = -errno;
	}
	close(fd);
	return err;
}

/* Gives the file of the domain's lock away, where it lies beside a simulation's socket. */
static int instance_give_domain(const char *name, const struct instance_owner *o)
{
	char path[INSTANCE_PATH_MAX];
	struct stat st;
	int fd, err = instance_domain_path(path, name);

	/* That is reported when the lock is taken. */
	if (err)
		return 0;
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return lstat(path, &st) == 0 && st.st_uid == o->to ? 0 : -errno;
	if (fstat(fd, &st) < 0 || (st.st_uid == o->from && fchown(fd, o->to, o->gid) < 0))
		err = -errno;
	close(fd);
	return err;
}

int instance_give(const char *name, const char *dir, uid_t from, uid_t to, gid_t gid)
{
	const struct instance_owner o = { .from = from, .to = to, .gid = gid };
	int err = instance_give_dir(dir, name, &o);

	if (err)
		return err;
	if (instance_store_beside())
		return instance_give_domain(name, &o);
	return strcmp(dir, instance_domain_dir(name)) != 0 ? instance_give_dir(instance_domain_dir(name), name, &o) : 0;
}

/* --- the end of another one ----------------------------------------------------- */

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
		dir = instance_domain_dir(program);
	if (err == -EPERM)
		die(program, EXIT_ENVIRONMENT, "run directory %s: it must be a directory of our own user that nobody "
		    "else may write, and no symbolic link", dir);
	die(program, EXIT_ENVIRONMENT, "run directory %s: %s", dir, errtext(ERRTEXT_FILE, err));
}
