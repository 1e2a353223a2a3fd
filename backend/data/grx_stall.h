/* SPDX-License-Identifier: MIT */
/* grx_stall.h - frames for a guest that posts too few slots: they wait, are split or are dropped
 *
 * Theory of operation. A queue lacks slots if there are fewer than the next frame needs, not
 * only if there are none (XSA-392). From the first frame that lacks slots on:
 *
 *   at once         the frame waits, and all later frames wait in the TAP's queue
 *   after split_us  a large frame is sent in segments of one slot each
 *   after hold_us   the frame is dropped, and so is each later one that lacks slots
 *   after stall_us  without a delivered frame, the queue is stalled: the carrier goes down
 *
 * When slots come, all of that ends.
 *
 * Only the worker's thread calls these functions, but for vif_stall_is_stalled().
 */
#ifndef NETPAIR_BACKEND_GRX_STALL_H
#define NETPAIR_BACKEND_GRX_STALL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

struct vif_frame;
struct vif_queue;
struct vif_worker;

/* Times in microseconds, in ascending order. */
struct grx_stall_limits {
	uint64_t split_us;
	uint64_t hold_us;
	uint64_t stall_us;	/* 0: never */
};

struct grx_stall {
	uint64_t since;		/* the time since which slots lack; 0: none lack */
	uint64_t last_progress;	/* the time of the last delivered frame, at least since */
	unsigned int needed;	/* slots that the waiting frame, or the last dropped one, needs */
	unsigned int wanted;	/* wake up when this many slots are posted; 0: do not */
	bool lost;		/* a frame was dropped meanwhile */
	bool split_now;		/* a large frame was split after a wait: split the next one at once */
	atomic_bool stalled;	/* written by the worker, read by the control thread */
};

/* Returns the limits for a frontend, from the options in milliseconds (stall_ms 0: never). A
 * frontend without feature-rx-notify does not signal new slots: its frames wait a short time,
 * and its queues never stall. */
struct grx_stall_limits grx_stall_limits_for(bool rx_notify, uint32_t hold_ms, uint32_t stall_ms);

/* Begins a run. Moves the waiting frame to the buffer's start. Returns true if a queue lacks
 * slots: the caller must then call vif_stall_review(), after grx_back_begin() of each ring. */
MUST_CHECK bool vif_stall_begin(struct vif_worker *vw);

/* Returns whether a queue lacks slots. */
MUST_CHECK bool vif_stall_waits(const struct vif_worker *vw);

/* Ends the wait of each queue that has slots now, and finds the queues that are stalled. */
void vif_stall_review(struct vif_worker *vw);

/* What to do with a frame for the guest. */
enum vif_fit {
	FIT_NOW,	/* deliver it: there are slots */
	FIT_WAIT,	/* it waits: vif_stall_resume() returns it in a later run */
	FIT_SPLIT,	/* send it in segments */
	FIT_TIMEOUT,	/* drop it: slots lacked for too long */
};

/* Takes buffers off the ring and decides on a frame, the last of the batch. */
MUST_CHECK enum vif_fit vif_stall_fit(const struct vif_frame *f);

/* Gets the waiting frame. Returns false if there is none. */
MUST_CHECK bool vif_stall_resume(struct vif_worker *vw, struct vif_frame *f);

/* Decides on the frames in the TAP while there is no slot. Returns true if they must be
 * dropped, false while they wait. */
MUST_CHECK bool vif_stall_drops(struct vif_queue *q);

/* Ends the wait of queues that have lost no frame, when the TAP is empty. */
void vif_stall_end_idle(struct vif_worker *vw);

/* Records that a frame was delivered while slots lack for another one. */
void vif_stall_progress(struct vif_queue *q);

/* Returns true if the slots that the queue waits for are there, or if its ring is broken.
 * Returns false if it waits for none. */
MUST_CHECK bool vif_stall_is_over(struct vif_queue *q);

/* Asks for a signal when these slots are posted. Returns true if they are there already. */
MUST_CHECK bool vif_stall_rearm(struct vif_queue *q);

/* Returns the milliseconds until vif_stall_review() or a waiting frame is due; -1: none is. */
int vif_stall_sleep_ms(const struct vif_worker *vw);

/* Returns true if the queue is stalled. Safe from every thread. */
MUST_CHECK bool vif_stall_is_stalled(const struct vif_queue *q);

#endif
