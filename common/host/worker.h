/* SPDX-License-Identifier: MIT */
/* worker.h - the thread that moves packets of a connection's queues, the same in both daemons
 *
 * Theory of operation. The worker is one loop: it runs both directions, a batch
 * at a time, until neither has work; it polls for a short, adaptive time; it arms
 * the rings, looks once more, and sleeps.
 *
 * A port that fired stays masked while the worker is awake, so a peer's
 * signals cost nothing until the next sleep. If several wakes in a row find no
 * work, the ports stay masked for a growing pause (storm.h). No wake-up is lost
 * because of the order before a sleep: arm (pairs C, D in shm.h), look again,
 * unmask, wait.
 *
 * tap_ready says that the TAP is to be read. While it is false the worker also waits for
 * the TAP, level-triggered: a frame that was left unread wakes it at once. So a read that would
 * find nothing can be left out (taplook.h). If tap_ready is still true when there is no work,
 * the TAP cannot be read for lack of slots or credit. Then the worker waits for the other
 * descriptors only, as such a TAP is readable all the time.
 *
 * With an event mask all rings have one port, and a peer that sees the
 * awake bit does not signal; the worker reads the mask after it has armed the rings.
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
#include "capture.h"
#include "common/base/clock.h"
#include "common/wire/evmask.h"
#include "evtchn.h"
#include "port.h"
#include "common/base/positions.h"
#include "common/base/stats.h"
#include "spin.h"
#include "taplook.h"
#include "storm.h"
#include "common/base/util.h"

/* Ports of one worker: two for each of 16 queues, and the control ring's. */
#define WORKER_PORTS_MAX 33u

struct worker;

/* How the peer is signalled about one ring. */
struct doorbell {
	struct evport port;	/* local */
	uint64_t bit;		/* the ring's bit, with an event mask */
};

/* The callbacks of a daemon, on the worker's thread. */
struct worker_ops {
	/* Processes at most one batch a direction. Returns the number of packets. */
	unsigned int (*run)(struct worker *w);
	/* Returns whether the rings have work; reads memory only. */
	bool (*pending)(struct worker *w);
	/* Arms the rings. Returns whether there is work after all. */
	bool (*rearm)(struct worker *w);
	/* Returns the longest sleep in milliseconds; -1: no limit. */
	int (*sleep_ms)(struct worker *w);
	/* Gives the memory back that only traffic needs: called once after traffic, when no event has come for
	 * WORKER_IDLE_MS. NULL: there is none. */
	void (*idle)(struct worker *w);
};

/* Slots that one batch of a ring takes: a quarter of the ring. More would be a whole
 * TCP window, all of whose responses would wait for the end of the batch, so that
 * the two ends would work in turn. */
#define WORKER_RUN_SLOTS 64u

/* The sleep after which a worker is idle, in milliseconds. */
#define WORKER_IDLE_MS 5000

/* The most segments (pkt_segments()) of the packets that one pass over the rings
 * writes to the TAP, as the kernel may segment them before a write returns. The
 * pass ends with the packet that exceeds it, so the worker's other work waits for
 * at most one packet of the worst kind, some 8,000 segments. A batch of full-sized
 * packets with an MSS of 536 has fewer. */
#define WORKER_RUN_SEGMENTS 1024u

struct worker {
	const struct worker_ops *ops;
	const char *name;		/* the VIF's, for the log; borrowed */
	struct net_port net;		/* the TAP, or another port: where it reads and writes frames */
	int control_fd;			/* the daemon's eventfd, to wake the control thread; borrowed */
	int kick_fd;			/* eventfd, to wake the worker */
	int epoll_fd;			/* waits for the TAP, too */
	int epoll_rest_fd;		/* waits for all but the TAP */
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
	bool carried;			/* packets since it was last idle */
	bool tap_ready;			/* the TAP is to be read */
	struct taplook look;		/* whether it is read without being announced */
	bool uniprocessor;		/* all threads share one processor: polling would only delay the peer */
	struct boost boost;		/* its priority on a uniprocessor */
	struct storm storm;		/* signals that bring no work */
	struct spin spin;		/* how long it polls before a sleep */
	struct capture capture;		/* who gets copies of the frames */
	struct evmask mask;		/* if all rings share one channel; set before the start */
	struct stats *stats;		/* counters that belong to no queue; borrowed */
	struct worker_position *at;	/* whether it sleeps, for other threads; borrowed */
};

/* What a worker in a sandbox cannot make. */
struct worker_handles {
	struct evt_dev *evt;		/* never NULL */
	struct burst_ring *ring;	/* NULL: it has none */
};

/* Opens the descriptors of a worker, which gets the port net and is the only writer of counters from its
 * start to its stop. The worker owns what given has, also after an error; NULL: it opens its own. Returns 0
 * or -errno; the caller owes worker_exit() also after an error. */
MUST_CHECK int worker_init(struct worker *w, const struct worker_ops *ops, const char *name,
			   const struct net_port *net, int control_fd, struct worker_counters *counters, const struct worker_handles *given);

/* Bind to a port that domain peer offers, or offer one, which then wakes the worker;
 * at most WORKER_PORTS_MAX. Called before the start. Return 0 or -errno. */
MUST_CHECK int worker_bind(struct worker *w, struct domid peer, struct evport remote, struct doorbell *doorbell);
MUST_CHECK int worker_offer(struct worker *w, struct domid peer, struct doorbell *doorbell);

/* Starts the thread. Returns 0 or -errno. */
MUST_CHECK int worker_start(struct worker *w);

/* Ends the thread, if it runs, after its present batch. */
void worker_stop(struct worker *w);

/* Asks the thread to end, and does not wait for it. Returns true once it has ended, or if it never ran;
 * worker_stop() does not wait then. */
MUST_CHECK bool worker_try_stop(struct worker *w);

/* Closes the descriptors and ports; the thread must be stopped. */
void worker_exit(struct worker *w);

/* Records a fault of the peer's ring: the worker then only waits for its stop. Called
 * on the worker's thread. why is static. */
void worker_fault(struct worker *w, const char *why);

/* Wakes the worker, which then looks at its rings, its TAP and the owner's changes.
 * Safe from every thread. */
void worker_kick(struct worker *w);

/* Wakes the control thread. Called on the worker's thread. */
void worker_wake_control(struct worker *w);

/* Counts bytes of packets that went to or from a ring. Called on the worker's thread. */
static inline void worker_count_bytes(struct worker *w, uint32_t bytes)
{
	w->spin.bytes_since_idle += bytes;
}

/* Signals the peer, unless the event mask says that it is awake, and counts the signal. */
void worker_notify(struct worker *w, struct doorbell doorbell);

/* Returns the reason of the worker's fault, or NULL. Safe from every thread. */
const char *worker_faulted(const struct worker *w);

#endif
