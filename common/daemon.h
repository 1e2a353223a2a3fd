/* SPDX-License-Identifier: MIT */
/* daemon.h - what both daemons do at their start and end: options, one instance
 * at a time, signals as events, systemd's notify and watchdog */
#ifndef NETPAIR_DAEMON_H
#define NETPAIR_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util.h"

/* Exit codes. */
enum { EXIT_ENVIRONMENT = 1, EXIT_USAGE = 2 };

/* Prints "program: ..." on stderr and exits with code. Before the loop only. */
_Noreturn void die(const char *program, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Makes dir and takes the lock dir/name.lock, which goes with the process. 0;
 * -EBUSY: the process *holder has it and did not end in patience_ms; other
 * -errno. *fd stays open. */
MUST_CHECK int daemon_lock(int *fd, const char *dir, const char *name, unsigned int patience_ms, pid_t *holder);

/* Waits until the lock's holder has let go, at most timeout_ms. -ETIMEDOUT. */
MUST_CHECK int daemon_wait_unlocked(const char *dir, const char *name, unsigned int timeout_ms);

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
