/* SPDX-License-Identifier: MIT */
/* daemon.h - what both daemons do at their start and end: exit codes, signals as
 * events, systemd's notify and watchdog */
#ifndef NETPAIR_DAEMON_H
#define NETPAIR_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "util.h"

/* Exit codes, which the units know: after EXIT_ENVIRONMENT a new start is tried
 * after a pause, after the others never. EXIT_OCCUPIED: the kernel's driver or
 * another daemon serves the VIFs. */
enum { EXIT_ENVIRONMENT = 1, EXIT_USAGE = 2, EXIT_OCCUPIED = 3 };

/* Prints "program: ..." on stderr, with an error's priority if that is the
 * journal, and exits with code. Before the loop only. */
_Noreturn void die(const char *program, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Blocks SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2 and ignores SIGPIPE; a
 * descriptor that reads as signalfd_siginfo, or -errno. */
MUST_CHECK int daemon_signals(void);

/* A timer descriptor that fires every interval_ms, or -errno. */
MUST_CHECK int daemon_timer(unsigned int interval_ms);

/* Half of systemd's watchdog time in milliseconds, at most max_ms. */
unsigned int daemon_watchdog_ms(unsigned int max_ms);

void daemon_ready(void);
void daemon_alive(void);
void daemon_stopping(void);

#endif
