/* SPDX-License-Identifier: MIT */
/* state.c - locks the state directory, and clears what a dead host left */
#include "state.h"

#include "netns.h"
#include "procs.h"
#include "tools/xensim/base/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int state_lock_fd = -1;

/* How long a host that was killed may take to end: 2 s in naps of 10 ms. */
#define STATE_NAP_NS 10000000
#define STATE_LOOKS_MAX 200

/* Ends the processes of a domain without a host and removes its namespace. */
static void state_remove_dom(const char *dom_dir)
{
	char *path = xprintf("%s/netns", dom_dir);
	FILE *f = fopen(path, "re");
	char name[256];

	procs_signal(dom_dir, SIGKILL);
	if (f && fgets(name, sizeof(name), f)) {
		name[strcspn(name, "\n")] = '\0';
		netns_remove(name);
	}
	if (f)
		fclose(f);
	free(path);
}

static void state_remove_file(const char *dir, const char *name)
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
			state_remove_dom(dom_dir);
		free(dom_dir);
	}
	if (d)
		closedir(d);
	remove_tree(doms_dir);
	free(doms_dir);
	state_remove_file(dir, "ctl.sock");
	state_remove_file(dir, "log");
	state_remove_file(dir, "lock"); /* last: until then no other host starts there */
	rmdir(dir);
}

/* Locks DIR/lock. Returns its descriptor, or -1 and errno: with LOCK_NB as how EWOULDBLOCK if a host has it. */
static int state_lock(const char *dir, int flags, int how)
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
	int fd = state_lock(dir, 0, dying ? 0 : LOCK_NB);

	if (fd < 0)
		return -1;
	state_remove(dir);
	close(fd);
	return 0;
}

/* Returns 1 if the kernel's account of a process has a line that begins with key and, where bits
 * are not 0, has one of these in its hexadecimal value. */
static int state_has_line(const char *status, const char *key, unsigned long long bits)
{
	const char *at = strstr(status, key);

	return at && (!bits || (strtoull(at + strlen(key), NULL, 16) & bits));
}

/* Returns 1 if the process that signed the lock has been killed, or has ended: it holds the lock
 * until the kernel is through with its descriptors. */
static int state_holder_is_dying(const char *dir)
{
	const unsigned long long sigkill = 1ull << (SIGKILL - 1);
	char *lock = xprintf("%s/lock", dir);
	char *path = NULL;
	char status[4096] = "";
	FILE *f = fopen(lock, "re");
	int pid = 0;

	if (f) {
		pid = fscanf(f, "%d", &pid) == 1 ? pid : 0;
		fclose(f);
	}
	free(lock);
	if (pid <= 0)
		return 0; /* it is about to start */
	path = xprintf("/proc/%d/status", pid);
	f = fopen(path, "re");
	free(path);
	if (!f)
		return 1;
	status[fread(status, 1, sizeof(status) - 1, f)] = '\0';
	fclose(f);
	/* One that ends has given its memory back before its descriptors. */
	return !state_has_line(status, "\nVmRSS:", 0) || state_has_line(status, "\nSigPnd:", sigkill) ||
	       state_has_line(status, "\nShdPnd:", sigkill);
}

/* Returns 1 if the lock is to be tried once more: its holder is dying, or was only looked at once. */
static int state_tries_again(const char *dir, int *looks)
{
	const struct timespec nap = { .tv_nsec = STATE_NAP_NS };
	int dying = state_holder_is_dying(dir);

	if (++*looks > STATE_LOOKS_MAX || (!dying && *looks > 1))
		return 0;
	nanosleep(&nap, NULL);
	return 1;
}

static void state_give_up(const char *dir) __attribute__((noreturn));

static void state_give_up(const char *dir)
{
	int err = errno;

	rmdir(dir); /* an empty one was made by us */
	errno = err;
	die(dir);
}

void state_take(const char *dir)
{
	char *doms_dir = xprintf("%s/dom", dir);
	int looks = 0;

	for (;;) {
		struct stat now;
		struct stat held;
		char *path;
		int same;

		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			die(dir);
		state_lock_fd = state_lock(dir, O_CREAT, LOCK_NB);
		if (state_lock_fd < 0 && errno == EWOULDBLOCK && state_tries_again(dir, &looks))
			continue;
		if (state_lock_fd < 0 && errno == EWOULDBLOCK)
			fail("%s: a host runs there already", dir);
		if (state_lock_fd < 0)
			state_give_up(dir);
		path = xprintf("%s/lock", dir);
		same = stat(path, &now) == 0 && fstat(state_lock_fd, &held) == 0 && now.st_ino == held.st_ino;
		free(path);
		if (same && access(doms_dir, F_OK) < 0)
			break;
		if (same)
			state_remove(dir);
		close(state_lock_fd);
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

	return write(state_lock_fd, buf, (size_t)n) == n ? 0 : -1;
}
