/* SPDX-License-Identifier: MIT */
/* tso.h - software segmentation of a large TCP or UDP frame
 *
 * A kernel segments frames for a device without TSO or USO. The TAP's kernel does so for
 * most frames. This file segments the few that are read as large frames although
 * the peer does not take them, and those that the device does not take. Every segment has
 * its checksum filled in.
 */
#ifndef NETPAIR_TSO_H
#define NETPAIR_TSO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/base/abi.h"
#include "headers.h"

/* A frame under segmentation; the zero value with frame set has none. */
struct tso {
	uint8_t *frame;		/* PKT_LEN_MAX bytes of private memory, which the caller owns */
	bool left;		/* segments are left to be taken */
	uint32_t len;		/* bytes of the frame */
	struct headers h;
	uint16_t pseudo;	/* folded sum of the pseudo header without its length */
	uint16_t size;		/* payload bytes of each segment but the last */
	uint16_t count;		/* segments that were taken */
	uint32_t next;		/* offset of the next payload in the frame */
};

/* Copies a frame, which lies in n runs, to s->frame. No segment will be longer
 * than most bytes. Returns 0; -EINVAL: the frame is not TCP of the IP version, or UDP, and
 * at the offset that vh says, or is too long, or most bytes do not hold the headers. A UDP
 * frame whose payload would need smaller datagrams than vh says is -EINVAL, too. */
MUST_CHECK int tso_begin(struct tso *s, const struct virtio_net_hdr *vh,
			 const struct iovec *iov, unsigned int n, uint32_t most);

/* Writes the next segment to out, which has room for most bytes. Returns its
 * length in bytes; 0: there is none left. */
MUST_CHECK uint32_t tso_take(struct tso *s, uint8_t *out);

#endif
