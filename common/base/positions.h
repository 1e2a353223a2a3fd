/* SPDX-License-Identifier: MIT */
/* positions.h - where a queue's rings are, and whether the worker sleeps, as another thread may read it
 *
 * The worker that owns a queue publishes these at the end of a run of frames and before it
 * sleeps: by plain relaxed stores, without a clock or a system call. Every thread, and every
 * process that maps the memory, may read them. A reader may see words of two moments side by side.
 */
#ifndef NETPAIR_POSITIONS_H
#define NETPAIR_POSITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "stats.h"

/* A ring as one of its ends knows it. Indices are free-running. Of req_prod and rsp_prod one is
 * what this end published, the other is the peer's, as last seen. */
struct ring_position {
	uint32_t req_prod, rsp_prod;
	uint32_t cons;			/* the next entry that it takes: req_cons of a backend, rsp_cons of a frontend */
};

struct queue_position {
	struct ring_position gtx, grx;
};

struct worker_position {
	uint64_t turns;			/* sleeps that began, and sleeps that ended: odd while it sleeps */
	uint64_t mask_ours, mask_theirs;	/* the words of the event mask as last seen; 0 without one */
};

/* What the worker of a queue counts and publishes, and what it does for no queue. */
struct queue_counters {
	struct stats stats;
	struct queue_position at;
};

struct worker_counters {
	struct stats stats;
	struct worker_position at;
};

/* What is known of one queue and of its worker, for a person to read. */
struct positions {
	struct queue_position queue;
	struct worker_position worker;
	unsigned int worker_index;
	uint64_t sleeps;		/* of the worker, which are its wake-ups */
	bool asleep;
};

/* Publishes a ring's position. Called by its worker. */
static inline void positions_put_ring(struct ring_position *at, uint32_t req_prod, uint32_t rsp_prod, uint32_t cons)
{
	__atomic_store_n(&at->req_prod, req_prod, __ATOMIC_RELAXED);
	__atomic_store_n(&at->rsp_prod, rsp_prod, __ATOMIC_RELAXED);
	__atomic_store_n(&at->cons, cons, __ATOMIC_RELAXED);
}

/* Publishes that a sleep begins or ends. Called by the worker. */
static inline void positions_turn(struct worker_position *at)
{
	__atomic_store_n(&at->turns, at->turns + 1, __ATOMIC_RELAXED);
}

/* Publishes the words of the event mask. Called by the worker. */
static inline void positions_put_mask(struct worker_position *at, uint64_t ours, uint64_t theirs)
{
	__atomic_store_n(&at->mask_ours, ours, __ATOMIC_RELAXED);
	__atomic_store_n(&at->mask_theirs, theirs, __ATOMIC_RELAXED);
}

/* Reads what was published of a queue and of its worker, whose index is worker_index. Safe from every thread. */
void positions_get(struct positions *out, const struct queue_position *queue, const struct worker_position *worker,
		   unsigned int worker_index);

/* Bytes for positions_print(). */
#define POSITIONS_TEXT_MAX 320

/* Writes the positions as "name=value" pairs for a log line, to buf of len bytes. */
void positions_print(const struct positions *p, char *buf, unsigned int len);

#endif
