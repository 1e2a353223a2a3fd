/* SPDX-License-Identifier: MIT */
/* daemon.h - the start and end of both daemons: exit codes, systemd's notify and watchdog */
#ifndef NETPAIR_DAEMON_H
#define NETPAIR_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

/* Exit codes, which the systemd units know: after EXIT_ENVIRONMENT systemd starts
 * the daemon again after a pause, after the others never. EXIT_OCCUPIED: the kernel's driver or
 * another daemon serves the VIFs. */
enum { EXIT_ENVIRONMENT = 1, EXIT_USAGE = 2, EXIT_OCCUPIED = 3 };

/* Prints "program: ..." on stderr, with an error's priority if that is the
 * journal, and exits with code. Called only before the loop starts. */
_Noreturn void die(const char *program, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Returns half of systemd's watchdog time in milliseconds, at most max_ms. */
unsigned int daemon_watchdog_ms(unsigned int max_ms);

/* Send READY=1, WATCHDOG=1 and STOPPING=1 to systemd, if it is there. */
void daemon_ready(void);
void daemon_alive(void);
void daemon_stopping(void);

#endif
