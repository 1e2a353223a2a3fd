/* SPDX-License-Identifier: MIT */
/* answers.h - which frame answers which, for round trips
 *
 * An ICMP echo request is answered by its reply, of IPv4 or IPv6; a TCP segment with data, or a SYN, by the first
 * segment the other way that acknowledges all of it. Of each TCP connection and direction one segment is timed at a
 * time. What is retransmitted may be timed wrong, as for anybody who only looks on.
 */
#ifndef NETPAIR_TOOL_ANSWERS_H
#define NETPAIR_TOOL_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

/* Questions that wait for an answer; a later one takes the place of an earlier one. */
#define ANSWERS_PLACES 4096u

struct answers {
	struct answers_place {
		uint64_t key, time;	/* key 0: free */
		uint32_t ack;		/* of TCP: what answers it */
	} place[ANSWERS_PLACES];
};

/* Looks at a frame, whose bytes may be anything; to_guest is 0 or 1. Returns true if it is an answer: *took is how long
 * after its question it came. */
MUST_CHECK bool answers_see(struct answers *a, const uint8_t *frame, uint32_t caplen, int to_guest, uint64_t time, uint64_t *took);

#endif
