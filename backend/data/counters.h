/* SPDX-License-Identifier: MIT */
/* counters.h - the counters of a connection, in one block of memory
 *
 * The block belongs to the caller of vif_conn_start(). It has a set of counters for each queue
 * and for each worker, and beside it the positions of that queue or worker. A counter is one 64-bit word that one thread writes and every thread may
 * read. The block has no pointers and is a memfd, so that two processes can share it. Control
 * makes it and seals its size, so that control's reads never fault, whatever the process that
 * writes does to the descriptor. Control only prints what it reads there.
 */
#ifndef NETPAIR_BACKEND_COUNTERS_H
#define NETPAIR_BACKEND_COUNTERS_H

#include <stdalign.h>
#include <stdbool.h>

#include "common/base/positions.h"
#include "common/base/stats.h"
#include "common/base/stuck.h"
#include "common/base/util.h"

/* One writer's counters and positions. Each set begins a cache line, so that no two threads write to the same line. */
struct vif_counters_set {
	alignas(64) union {
		struct stats stats;
		struct queue_counters queue;
		struct worker_counters worker;
	};
};

struct vif_counters {
	struct vif_counters_set *set;	/* those of the queues, then those of the workers; NULL: there is no block */
	unsigned int queues, workers;
	int fd;				/* the block's memfd, or -1; only with a set */
};

/* Unmaps the block that c has, and makes one whose counters are 0. If there is no memory or descriptor, c has
 * no block, and vif_conn_start() fails. */
void vif_counters_new(struct vif_counters *c, unsigned int queues, unsigned int workers);

/* Maps the block that another process made with vif_counters_new() for as many queues and
 * workers; c has no block before. Takes fd, also after an error. Returns 0; -EINVAL: it is no
 * memfd whose size is sealed, or has another size; other -errno. */
MUST_CHECK int vif_counters_map(struct vif_counters *c, int fd, unsigned int queues, unsigned int workers);

/* Closes the block's memfd, which no other process needs from here any more; the block stays. */
void vif_counters_close_fd(struct vif_counters *c);

/* Unmaps the block, if c has one; no connection may use it any more. */
void vif_counters_free(struct vif_counters *c);

/* Return the set of queue i, and the set of worker i, for counters that belong to no queue. */
struct stats *vif_counters_queue(const struct vif_counters *c, unsigned int i);
struct stats *vif_counters_worker(const struct vif_counters *c, unsigned int i);

/* Copies the counters of queue i, where there is more than one. Returns false if there is no block or no such
 * queue. Safe from every thread. */
MUST_CHECK bool vif_counters_queue_stats(const struct vif_counters *c, unsigned int i, struct stats *out);

/* Return all that queue i publishes, and all that worker i does. */
struct queue_counters *vif_counters_all_of_queue(const struct vif_counters *c, unsigned int i);
struct worker_counters *vif_counters_all_of_worker(const struct vif_counters *c, unsigned int i);

/* Returns the first queue that worker i serves; it serves those up to the first one of worker i + 1. */
unsigned int vif_counters_first_queue(const struct vif_counters *c, unsigned int i);

/* Reads where queue i is, and its worker. Returns false if there is no block or no such queue. A data process
 * may lie about its own. Safe from every thread. */
MUST_CHECK bool vif_counters_positions(const struct vif_counters *c, unsigned int i, struct positions *out);

/* Takes one look at worker i and at the queues that it serves, for a watchdog. */
enum stuck_verdict vif_counters_look(const struct vif_counters *c, unsigned int i, struct stuck *s);

/* Sums all sets; sum is 0 if there is no block. Safe from every thread. */
void vif_counters_sum(const struct vif_counters *c, struct stats *sum);

#endif
