/* SPDX-License-Identifier: MIT */
/*
 * The state directory.
 *
 * A lock on DIR/lock says that a host is alive; whoever gets it may clear
 * what an earlier, killed host left: its processes, its directories, and the
 * namespaces whose names are in DIR/dom/ID/netns.  Nothing is removed that a
 * host has not made, so that a wrong DIR costs nobody his files.
 */
#include "host.h"

#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int lock_fd = -1;

void state_netns_remove(const char *name)
{
	const char *const argv[] = { "ip", "netns", "del", name, NULL };

	run_quiet(argv, 1);
}

/* A domain that nobody serves any more. */
static void remove_dom(const char *dom_dir)
{
	char *path = xprintf("%s/netns", dom_dir);
	FILE *f = fopen(path, "re");
	char name[256];

	procs_signal(dom_dir, SIGKILL);
	if (f && fgets(name, sizeof(name), f)) {
		name[strcspn(name, "\n")] = '\0';
		state_netns_remove(name);
	}
	if (f)
		fclose(f);
	free(path);
}

static void remove_file(const char *dir, const char *name)
{
	char *path = xprintf("%s/%s", dir, name);

	unlink(path);
	free(path);
}

void state_remove(const char *dir)
{
	char *doms_dir = xprintf("%s/dom", dir);
	DIR *d = opendir(doms_dir);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		char *dom_dir = xprintf("%s/%s", doms_dir, e->d_name);

		if (e->d_name[0] != '.')
			remove_dom(dom_dir);
		free(dom_dir);
	}
	if (d)
		closedir(d);
	remove_tree(doms_dir);
	free(doms_dir);
	remove_file(dir, "ctl.sock");
	remove_file(dir, "log");
	remove_file(dir, "lock"); /* last: until then nobody else starts there */
	rmdir(dir);
}

/* Lock DIR/lock; -1 and errno, EWOULDBLOCK if a host has it (unless @how is to wait for its end). */
static int lock(const char *dir, int flags, int how)
{
	char *path = xprintf("%s/lock", dir);
	int fd = open(path, O_RDWR | O_CLOEXEC | flags, 0644);

	free(path);
	if (fd >= 0 && flock(fd, LOCK_EX | how) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int state_clear(const char *dir, int dying)
{
	int fd = lock(dir, 0, dying ? 0 : LOCK_NB);

	if (fd < 0)
		return -1;
	state_remove(dir);
	close(fd);
	return 0;
}

static void cannot(const char *dir) __attribute__((noreturn));

static void cannot(const char *dir)
{
	int err = errno;

	rmdir(dir); /* if it is empty, it was made for us */
	errno = err;
	die(dir);
}

void state_take(const char *dir)
{
	char *doms_dir = xprintf("%s/dom", dir);

	for (;;) {
		struct stat now;
		struct stat held;
		char *path;
		int same;

		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			die(dir);
		lock_fd = lock(dir, O_CREAT, LOCK_NB);
		if (lock_fd < 0 && errno == EWOULDBLOCK)
			fail("%s: a host runs there already", dir);
		if (lock_fd < 0)
			cannot(dir);
		path = xprintf("%s/lock", dir);
		same = stat(path, &now) == 0 && fstat(lock_fd, &held) == 0 && now.st_ino == held.st_ino;
		free(path);
		if (same && access(doms_dir, F_OK) < 0)
			break;
		if (same)
			state_remove(dir);
		close(lock_fd);
	}
	if (mkdir(doms_dir, 0755) < 0) {
		int err = errno;

		state_remove(dir);
		errno = err;
		die(dir);
	}
	free(doms_dir);
}

int state_sign(void)
{
	char buf[16];
	int n = snprintf(buf, sizeof(buf), "%d\n", (int)getpid());

	return write(lock_fd, buf, (size_t)n) == n ? 0 : -1;
}
