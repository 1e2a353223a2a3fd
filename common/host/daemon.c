/* SPDX-License-Identifier: MIT */
/* daemon.c - exits, and systemd's messages */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon.h"
#include "common/base/log.h"
#include "systemd.h"

/* #syscalls-control exit */

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
