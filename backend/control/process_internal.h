/* SPDX-License-Identifier: MIT */
/* process_internal.h - what the files of process.h share */
#ifndef NETPAIR_BACKEND_PROCESS_INTERNAL_H
#define NETPAIR_BACKEND_PROCESS_INTERNAL_H

#include "process.h"

/* Watches a descriptor: processes_events() looks at what, or, if that is NULL, at who waits. Returns 0 or -errno. */
MUST_CHECK int processes_watch(const struct processes *all, int fd, void *what);

/* Starts a process that does not run, or waits for the end of the one that is there. Returns 0 or -errno. */
MUST_CHECK int process_start(struct process *p);

/* Takes what a process says, and its end. It may be freed then. */
void process_look(struct process *p);

/* Takes a process's exit status. Returns false if it has not ended. */
MUST_CHECK bool process_reap(struct process *p);

#endif
