/* SPDX-License-Identifier: MIT */
/* segment.h - cutting a large TCP frame into frames that any receiver takes
 *
 * What a kernel does for a device without TSO, for the few frames that reach
 * us large where the peer takes no such: the rest the TAP has cut already.
 * Every segment has its checksum filled in.
 */
#ifndef NETPAIR_SEGMENT_H
#define NETPAIR_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "abi.h"
#include "headers.h"

/* A frame that is being cut; the zero value with its buffer set is none. */
struct segment {
	uint8_t *frame;		/* PKT_LEN_MAX bytes of private memory, the owner's */
	bool left;		/* there are segments to be taken */
	uint32_t len;
	struct headers h;
	uint16_t pseudo;	/* folded sum of the pseudo header without its length */
	uint16_t size;		/* payload of each but the last, bytes */
	uint16_t count;		/* segments given out */
	uint32_t next;		/* where in the frame the next payload starts */
};

/* Copies a frame in n runs to the buffer, to be cut so that no segment is
 * longer than most bytes. -EINVAL: it is not TCP of the kind and in the place
 * that vh tells, too long, or most has no room for the headers. */
MUST_CHECK int segment_begin(struct segment *s, const struct virtio_net_hdr *vh,
			     const struct iovec *iov, unsigned int n, uint32_t most);

/* Writes the next segment to out, which has room for most bytes. Its length; 0: that was all. */
MUST_CHECK uint32_t segment_take(struct segment *s, uint8_t *out);

#endif
