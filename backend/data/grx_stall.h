/* SPDX-License-Identifier: MIT */
/* grx_stall.h - frames for a guest that posts too few slots: kept, split or dropped
 *
 * Theory of operation. What matters is not that there are no slots but that
 * there are fewer than the next frame needs (XSA-392). From the first frame
 * that lacks slots on:
 *
 *   at once      the frame waits, and all frames behind it in the TAP's own queue
 *   split_us     if it is a large one, it goes on in segments of one slot each
 *   hold_us      it is dropped, and so are all that lack slots after it, until slots come
 *   stall_us     nothing was delivered for so long: the carrier is down until slots come
 *
 * All on the worker's thread but for vif_stall_is_stalled().
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
	uint64_t since;		/* when slots began to lack; 0: they do not */
	uint64_t last_progress;	/* when a frame was delivered last; since or later */
	unsigned int needed;	/* slots of the frame that lacks them, or was dropped last */
	unsigned int wanted;	/* wake up when this many slots are posted; 0: do not */
	bool lost;		/* a frame was dropped meanwhile */
	bool split_now;		/* a large frame waited in vain: the next is split at once */
	atomic_bool stalled;	/* written by the worker, read by the control thread */
};

/* Returns the limits for a frontend, from what the options say in milliseconds
 * (stall_ms 0: never). A frontend without feature-rx-notify does not signal new
 * slots: its frames do not wait long, and it never counts as stalled. */
struct grx_stall_limits grx_stall_limits_for(bool rx_notify, uint32_t hold_ms, uint32_t stall_ms);

/* Begins a run. Moves the frame that waits to the buffer's start. Returns true if a queue
 * lacks slots: vif_stall_review() is due once the rings were looked at. */
MUST_CHECK bool vif_stall_begin(struct vif_worker *vw);

/* Ends the wait of each queue for which slots came, and finds out which are stalled. */
void vif_stall_review(struct vif_worker *vw);

/* What a frame does that is for the guest. */
enum vif_fit {
	FIT_NOW,	/* there are slots for it */
	FIT_WAIT,	/* it waits: vif_stall_resume() gets it in a later run */
	FIT_SPLIT,	/* it must go on in segments */
	FIT_TIMEOUT,	/* slots lacked for too long: it must be dropped */
};

/* Takes buffers off the ring and decides on a frame, the last of the batch. */
MUST_CHECK enum vif_fit vif_stall_fit(const struct vif_frame *f);

/* Gets the frame that waits. Returns false if there is none. */
MUST_CHECK bool vif_stall_resume(struct vif_worker *vw, struct vif_frame *f);

/* Decides on the frames in the TAP while there is no slot at all. Returns true
 * if they are to be dropped, false while they wait. */
MUST_CHECK bool vif_stall_drops(struct vif_queue *q);

/* Ends the wait of queues that lost nothing, as the TAP is empty. */
void vif_stall_end_idle(struct vif_worker *vw);

/* Notes that a frame was delivered while slots lack for another. */
void vif_stall_progress(struct vif_queue *q);

/* Returns true if the slots are there that the queue waits for, or if its ring is
 * broken. False if it waits for none. */
MUST_CHECK bool vif_stall_is_over(struct vif_queue *q);

/* Asks to be signalled for these slots. Returns true if they are there already. */
MUST_CHECK bool vif_stall_rearm(struct vif_queue *q);

/* Returns how many milliseconds the worker may sleep before vif_stall_review()
 * or a waiting frame is due; -1: any. */
int vif_stall_sleep_ms(const struct vif_worker *vw);

/* From any thread: returns true if the queue is stalled. */
MUST_CHECK bool vif_stall_is_stalled(const struct vif_queue *q);

#endif
