/* SPDX-License-Identifier: MIT */
/* worker.h - the thread that moves packets of a connection's queues, the same in both daemons
 *
 * Theory of operation. One loop: run both directions a batch at a time until
 * neither has work; then poll for a short, adaptive time; then arm the rings,
 * look once more, and sleep.
 *
 * A port that fired stays masked while the worker is awake, so a peer's
 * signals cost nothing until the next sleep; if they bring no work for several
 * wakes, it stays so for a pause that grows (storm.h). The order before sleeping is what
 * loses no wake-up: arm (pairs C, D in shm.h), look again, unmask, wait.
 *
 * The TAP is watched edge-triggered: tap_ready stays true until a read said
 * EAGAIN, so a TAP that we may not read for want of slots does not wake us.
 *
 * With an event mask all rings have one port, and a peer that sees us awake
 * does not even signal; the mask is looked at after the rings are armed.
 *
 * The worker ends only when its owner, the control thread, stops it (XSA-374).
 * After a fault it touches nothing and waits for that.
 */
#ifndef NETPAIR_WORKER_H
#define NETPAIR_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "boost.h"
#include "burst.h"
#include "evmask.h"
#include "evtchn.h"
#include "stats.h"
#include "storm.h"
#include "util.h"

/* Ports of one worker: two for each of 16 queues, and the control ring's. */
#define WORKER_PORTS_MAX 33u

struct worker;

/* How the peer is told of what was published in one ring. */
struct bell {
	struct evport port;	/* local */
	uint64_t bit;		/* with an event mask: the ring's */
};

/* What a daemon's worker does; each is called on the worker's thread. */
struct worker_ops {
	/* At most one batch a direction; how many packets were dealt with. */
	unsigned int (*run)(struct worker *w);
	/* Whether the rings have work, by a look at memory only. */
	bool (*pending)(struct worker *w);
	/* Arms the rings; true: there is work after all. */
	bool (*rearm)(struct worker *w);
	/* The most a sleep may last, in milliseconds; -1: for ever. */
	int (*sleep_ms)(struct worker *w);
};

/* Slots that a run of a ring takes: a quarter of it. More would be a whole TCP
 * window, whose answers then all wait for its end: the two ends would work in turn. */
#define WORKER_RUN_SLOTS 64u

/* Frames that the packets of one pass over the rings towards the TAP may become
 * where they are cut (pkt_segments()): the kernel may do that before a write
 * returns. The packet that goes beyond is the last, so whatever else a worker
 * has to do waits for one packet of the worst kind, some 8,000 segments. More
 * than a run of full-sized packets needs at an MSS of 536. */
#define WORKER_RUN_SEGMENTS 1024u

struct worker {
	const struct worker_ops *ops;
	const char *name;		/* the interface, for the log; borrowed */
	int tap_fd;			/* borrowed */
	int wake_fd;			/* the daemon's eventfd: look at fault and the like; borrowed */
	int ctl_fd;			/* eventfd: look at stop */
	int epoll_fd;
	bool running;
	pthread_t thread;
	atomic_bool stop;
	_Atomic(const char *) fault;	/* why the ring is lost, static; set once */
	struct evt_dev *evt;
	struct {
		struct evport port;	/* local */
		bool masked;		/* it fired since the last sleep */
	} port[WORKER_PORTS_MAX];
	unsigned int nports;
	bool tap_ready;			/* the TAP may have a frame */
	bool alone;			/* one processor serves all: polling only holds the peer up */
	struct boost boost;		/* its priority then */
	struct storm storm;		/* signals that bring no work */
	unsigned int spin_us;		/* what polling before sleep is worth now */
	uint64_t crowded_until;		/* nothing, as others want the processor; microseconds */
	uint64_t streams_until;		/* a nap, as much data flows; microseconds */
	uint64_t moved;			/* bytes since it last had nothing to do */
	struct burst burst;		/* frames on their way to the TAP */
	struct evmask mask;		/* if all rings share a channel; set before the start */
	struct stats stats;		/* what is nobody's but the worker's */
};

/* Opens what a worker needs besides its rings. On -errno worker_exit() is still owed. */
MUST_CHECK int worker_init(struct worker *w, const struct worker_ops *ops, const char *name,
			   int tap_fd, int wake_fd);

/* Before the start: binds to a port that domain peer offers, or offers one,
 * which then wakes the worker; at most WORKER_PORTS_MAX. -errno. */
MUST_CHECK int worker_bind(struct worker *w, struct domid peer, struct evport remote, struct bell *bell);
MUST_CHECK int worker_offer(struct worker *w, struct domid peer, struct bell *bell);

/* Starts the thread. -errno. */
MUST_CHECK int worker_start(struct worker *w);

/* Ends the thread, if it runs, after the batch it is in. */
void worker_stop(struct worker *w);

/* Closes all; the thread must be stopped. */
void worker_exit(struct worker *w);

/* On the worker's thread: the peer's ring cannot be followed any more. */
void worker_fault(struct worker *w, const char *why);

/* From any thread: has the worker look at its rings and its TAP, and at what the owner changed. */
void worker_poke(struct worker *w);

/* On the worker's thread: something else for the control thread to look at. */
void worker_tell(struct worker *w);

/* On the worker's thread: so many bytes of packets went to or from a ring. */
static inline void worker_moved(struct worker *w, uint32_t bytes)
{
	w->moved += bytes;
}

/* Signals the peer, if the event mask does not tell that it is awake, and counts it. */
void worker_notify(struct worker *w, struct bell bell);

/* Why the worker stands still, or NULL; any thread. */
const char *worker_faulted(const struct worker *w);

/* Monotonic time in microseconds. */
uint64_t now_us(void);

#endif
