/* SPDX-License-Identifier: MIT */
/* processes.h - all data processes together (process.h) */
#ifndef NETPAIR_BACKEND_PROCESSES_H
#define NETPAIR_BACKEND_PROCESSES_H

#include "process.h"

/* Prepares for data processes. Returns 0 or -errno. */
MUST_CHECK int processes_init(struct processes *all);

/* Returns a descriptor that is readable while processes_events() has work. */
int processes_fd(const struct processes *all);

/* Takes messages and ends. */
void processes_events(struct processes *all);

/* Kills what has exceeded its time. Called each second. */
void processes_tick(struct processes *all);

/* Ends each data process of an earlier control that serves a VIF which nobody claimed, once all VIFs were
 * looked at: what else it serves goes on in another one. */
void processes_drop_unclaimed(struct processes *all);

/* Returns false while a process says what it serves, or ends. */
MUST_CHECK bool processes_settled(const struct processes *all);

/* Kills the data processes that an earlier control left for guests of which no VIF is connected:
 * is_known says which have one. */
void processes_sweep(struct processes *all, bool (*is_known)(void *arg, struct domid guest), void *arg);

/* Sets the level of the log of all data processes, also of those that start later. */
void processes_set_level(struct processes *all, enum log_level level);

/* Ends all data processes in order, and waits for that, at most a few seconds. */
void processes_stop(struct processes *all);

#endif
