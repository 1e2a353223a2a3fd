/* SPDX-License-Identifier: MIT */
/* past.h - what a VIF counted before its present connection
 *
 * A VIF's counters go on while the VIF exists: over connections, over its data process, and over
 * netbackd. A new block begins with what the last one had. At netbackd's end each VIF's counters are
 * written to run_dir/NAME.counters, which the next netbackd reads. They are lost where netbackd and
 * the data process are killed together. For the control thread.
 */
#ifndef NETPAIR_BACKEND_PAST_H
#define NETPAIR_BACKEND_PAST_H

#include "backend/data/conn.h"

/* The counters of each queue, and of the workers together. */
struct past {
	struct stats queue[VIF_QUEUES_MAX];
	struct stats workers;
};

/* Copies what a block has counted; all is 0 if there is none. */
void past_take(struct past *p, const struct vif_counters *c);

/* Adds it to a block that nobody counts in yet. What belongs to a queue that the block does not have is
 * added to the last one. Does nothing without a block. */
void past_give(const struct past *p, const struct vif_counters *c);

/* Writes what a block has counted for the next netbackd, if there is a block. Errors are logged. */
void past_save(const struct vif_counters *c, const char *run_dir, const char *name);

/* Reads what the last netbackd wrote; all is 0 if there is no such file, or one that cannot be used. */
void past_load(struct past *p, const char *run_dir, const char *name);

/* Removes the file of a VIF that is gone, if there is one. */
void past_forget(const char *run_dir, const char *name);

#endif
