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

struct frame;
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
	bool lost;		/* a frame was dropped meanwhile */
	bool split_now;		/* a large frame waited in vain: the next is split at once */
	atomic_bool stalled;	/* written by the worker, read by the control thread */
};

/* Returns the limits for a frontend, from what the options say in milliseconds
 * (stall_ms 0: never). A frontend without feature-rx-notify does not signal new
 * slots: its frames do not wait long, and it never counts as stalled. */
struct grx_stall_limits grx_stall_limits_for(bool rx_notify, uint32_t hold_ms, uint32_t stall_ms);

/* Decides on a frame, the last of the batch, that lacks slots. Returns true if
 * it is kept for the next run, as vw->held; else it was dropped, or is to go on
 * in segments (grx_split.h). */
MUST_CHECK bool vif_stall_keeps(const struct frame *f);

/* Moves the held frame to the buffer's start. Not before the next run: the
 * frames ahead of it are copied out of the buffer only at the end of a run. */
void vif_stall_move_held(struct vif_worker *vw);

/* Decides on the frames in the TAP while there is no slot at all. Returns true
 * if they are to be dropped, false while they wait. */
MUST_CHECK bool vif_stall_drops(struct vif_queue *q);

/* Ends the wait of queues that lost nothing, as the TAP is empty. */
void vif_stall_end_idle(struct vif_worker *vw);

/* Ends a queue's wait if slots came; else finds out whether it is stalled. */
void vif_stall_check(struct vif_queue *q);

/* Notes that a frame was delivered while slots lack for another. */
void vif_stall_progress(struct vif_queue *q);

/* Returns true if there are the slots that the queue waits for, q->slots_wanted,
 * or if its ring is broken. */
MUST_CHECK bool vif_stall_has_slots(struct vif_queue *q);

/* Asks to be signalled for these slots. Returns true if they are there already. */
MUST_CHECK bool vif_stall_rearm(struct vif_queue *q);

/* Returns how many milliseconds the worker may sleep before vif_stall_check()
 * or a waiting frame is due; -1: any. */
int vif_stall_sleep_ms(const struct vif_worker *vw);

/* From any thread: returns true if the queue is stalled. */
MUST_CHECK bool vif_stall_is_stalled(const struct vif_queue *q);

#endif
