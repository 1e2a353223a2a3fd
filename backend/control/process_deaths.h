/* SPDX-License-Identifier: MIT */
/* process_deaths.h - what is known and counted of the ends of data processes (process.h) */
#ifndef NETPAIR_BACKEND_PROCESS_DEATHS_H
#define NETPAIR_BACKEND_PROCESS_DEATHS_H

#include <signal.h>

#include "process.h"

/* Logs that the process ended. how: what waitid(2) said; si_pid 0: it was not control's child. */
void process_tell_end(struct process *p, const siginfo_t *how);

/* Counts a death that nobody asked for, and refuses the guest after too many. */
void process_count_death(struct process *p);

/* Serves a refused guest again, as its frontend starts anew. The deaths of the last minute still count: with
 * the next one it is refused again. */
void process_pardon(struct process *p);

#endif
