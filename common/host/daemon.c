/* SPDX-License-Identifier: MIT */
/* daemon.c - exits, signals, timers, and systemd's messages */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon.h"
#include "common/base/log.h"

void die(const char *program, int code, const char *fmt, ...)
{
	va_list ap;

	if (log_to_journal())
		fputs("<3>", stderr);
	else
		fprintf(stderr, "%s: ", program);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(code);
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
