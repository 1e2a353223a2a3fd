/* SPDX-License-Identifier: MIT */
/* taplook.h - whether to read a TAP of which nothing says that it has a frame
 *
 * Theory of operation. After a frame was read there may be another one, and after packets
 * went out there may be an answer; only a read can tell, which is a system call. In a stream most
 * such reads find one. In a round trip none does. So a worker remembers whether the last looks of each kind
 * found something. If they did not, it leaves the look to the wait before its next sleep, which is
 * level-triggered and returns at once if there is a frame. Each TAPLOOK_TRY-th time it looks all the same, so
 * a worker that never waits looks, too.
 *
 * The functions make no system call. Belongs to one thread.
 */
#ifndef NETPAIR_TAPLOOK_H
#define NETPAIR_TAPLOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

/* After so many looks in a row that found nothing, looks are left out, but for each TAPLOOK_TRY-th. */
#define TAPLOOK_MISSES 2u
#define TAPLOOK_TRY 8u

/* The looks of one kind. */
struct taplook_kind {
	uint8_t misses;		/* consecutive looks that found nothing, at most TAPLOOK_MISSES */
	uint8_t left_out;	/* looks that were left out since the last one */
};

/* The looks of one worker. The zero value looks each time. */
struct taplook {
	struct taplook_kind again, answer;	/* after a frame; after packets went out */
	struct taplook_kind *now;		/* the kind of the next read; NULL: the kernel announced a frame */
};

/* Notes that the kernel announced a frame, or that another thread asks for a read. Returns true: the TAP is to
 * be read. */
static inline bool taplook_announced(struct taplook *l)
{
	l->now = NULL;
	return true;
}

/* Notes that a read gave a frame. Returns whether to read again. */
MUST_CHECK bool taplook_again(struct taplook *l);

/* Notes that a read gave none. */
void taplook_empty(struct taplook *l);

/* Notes that packets went out, to which there may be an answer. Returns whether to read. */
MUST_CHECK bool taplook_answer(struct taplook *l);

#endif
