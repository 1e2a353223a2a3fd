/* SPDX-License-Identifier: MIT */
/* daemon.c - for daemon.h */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon.h"

void die(const char *program, int code, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(code);
}

static int lock_open(const char *dir, const char *name)
{
	char path[256];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s.lock", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

int daemon_lock(int *fd, const char *dir, const char *name, unsigned int patience_ms, pid_t *holder)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int f;

	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	f = lock_open(dir, name);
	if (f < 0)
		return f;
	if (fcntl(f, F_SETLK, &lock) == 0) {
		*fd = f;
		return 0;
	}
	if (patience_ms && daemon_wait_unlocked(dir, name, patience_ms) == 0) {
		close(f);
		return daemon_lock(fd, dir, name, 0, holder);
	}
	/* The kernel knows who it is, where a pid in a file may be stale. */
	if (fcntl(f, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
		*holder = lock.l_pid;
		close(f);
		return -EBUSY;
	}
	close(f);
	return -EAGAIN;
}

int daemon_wait_unlocked(const char *dir, const char *name, unsigned int timeout_ms)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct pollfd gone = { .events = POLLIN };
	int f = lock_open(dir, name), n = 0;

	if (f < 0)
		return f;
	if (fcntl(f, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
		gone.fd = (int)syscall(SYS_pidfd_open, lock.l_pid, 0);
		if (gone.fd >= 0) {
			n = poll(&gone, 1, (int)timeout_ms);
			close(gone.fd);
		} else if (errno == ESRCH) {
			n = 1;
		}
	} else {
		n = 1;
	}
	close(f);
	return n > 0 ? 0 : -ETIMEDOUT;
}

int daemon_signals(void)
{
	static const int wanted[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2 };
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (unsigned int i = 0; i < ARRAY_SIZE(wanted); i++)
		sigaddset(&set, wanted[i]);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int daemon_timer(unsigned int interval_ms)
{
	struct timespec t = { interval_ms / 1000, (long)(interval_ms % 1000) * 1000000L };
	struct itimerspec every = { .it_interval = t, .it_value = t };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), err;

	if (fd < 0)
		return -errno;
	if (timerfd_settime(fd, 0, &every, NULL) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

unsigned int daemon_watchdog_ms(unsigned int max_ms)
{
	uint64_t us = 0;

	if (sd_watchdog_enabled(0, &us) <= 0 || us / 2000 > max_ms)
		return max_ms;
	return us / 2000 > 100 ? (unsigned int)(us / 2000) : 100;
}

void daemon_ready(void)
{
	sd_notify(0, "READY=1");
}

void daemon_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}

void daemon_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}
