/* SPDX-License-Identifier: MIT */
/* guestsock.h - the socket of the run directory at which a guest's data process listens
 *
 * It says that the process is there, over restarts of control: the kernel closes it with the
 * process, behind the process's maps of the guest's memory.
 */
#ifndef NETPAIR_BACKEND_GUESTSOCK_H
#define NETPAIR_BACKEND_GUESTSOCK_H

#include <stdint.h>
#include <sys/types.h>

#include "common/base/util.h"

/* Connects to the process. Returns the socket; -ENOENT: there is no process; -EAGAIN: it has no
 * room; other -errno. */
MUST_CHECK int guestsock_connect(const char *run_dir, struct domid guest);

/* Returns the listening socket of a new process; -EBUSY: there is a process; other -errno. */
MUST_CHECK int guestsock_listen(const char *run_dir, struct domid guest);

/* Returns a pidfd of the process at the other end of guestsock_connect()'s socket, and its number;
 * -ESRCH: it has ended; other -errno. */
MUST_CHECK int guestsock_peer(int sock, pid_t *pid);

/* Calls fn for each guest of whom there is such a socket, or was one. */
void guestsock_each(const char *run_dir, void (*fn)(void *arg, struct domid guest), void *arg);

/* Removes the socket of a process that has ended. Guests come and go under new numbers: a socket that stays
 * stays until the next start. */
void guestsock_remove(const char *run_dir, struct domid guest);

/* Kills the process, if there is one, waits a second for its end, and removes the socket. Returns the
 * process's number; 0: there was none. */
pid_t guestsock_kill(const char *run_dir, struct domid guest);

#endif
