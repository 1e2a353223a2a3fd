/* SPDX-License-Identifier: MIT */
/* frame.h - a device's frame <-> a ring's packet, the same for both daemons
 *
 * A frame is a virtio_net_hdr and bytes, as a TAP has it; a packet (pkt.h) is what
 * slots and extras carry. frame_to_pkt() is what netbackd's grx and netfrontd's gtx
 * do with a frame that they read, frame_from_pkt() what netbackd's gtx and
 * netfrontd's grx do with a packet that they took.
 */
#ifndef NETPAIR_FRAME_H
#define NETPAIR_FRAME_H

#include <stdint.h>
#include <sys/uio.h>

#include "common/base/abi.h"
#include "common/base/drop.h"
#include "common/base/util.h"
#include "offload.h"
#include "pkt.h"
#include "tso.h"

/* The virtio_net_hdr of a frame, and a private copy of the frame's first bytes. */
struct frame_head {
	struct virtio_net_hdr_mrg_rxbuf hdr;
	uint8_t bytes[VNET_HEAD_LONG];
};

/* Shortens n runs to the len bytes that a frame has. Returns the number of runs that
 * are left; it is not more than n. */
unsigned int frame_trim(struct iovec *iov, unsigned int n, uint32_t len);

/* Makes a frame of p->len bytes, which are iov in n runs, into a packet that the peer
 * takes. The first run has at least min(p->len, VNET_HEAD_MAX) bytes; a peer may write
 * them meanwhile. Sets p's header, csum_*, gso_* and slots; p->hashed and p->headroom are set
 * before. vh changes as vnet_prepare() says; with p->header it is what goes before the frame.
 *
 * If the frame must be segmented, it is copied to tso, which had none: tso->left is
 * true then, and p is no packet. Segments fit a slot.
 *
 * Returns DROP_NONE or the reason why the frame is dropped. */
MUST_CHECK enum drop frame_to_pkt(struct pkt *p, struct tso *tso, struct virtio_net_hdr *vh,
				  const struct vnet_peer *peer, const struct iovec *iov, unsigned int n);

/* Makes the next segment of tso into a packet. Writes its bytes to out, which has room
 * for a page; an offload header, if it is to have one, to the VNET_HDR_LEN bytes before out.
 * headroom is that of its slots. Sets all of p but its pieces. */
void frame_next_segment(struct pkt *p, struct tso *tso, enum pkt_layout layout, uint8_t *out, uint16_t headroom);

/* Writes an offload header of a frame without partial checksum and GSO. */
void frame_plain_header(uint8_t *out);

/* Makes a packet from a ring, whose bytes are the *n runs in from, into a frame.
 * Copies the first VNET_HEAD_MAX bytes to head, or as many as VNET_HEAD_LONG if its
 * headers are not found in these, fills head->hdr in as vnet_from_pkt() does, and lays
 * out[0] over header and copy, out[1...] over the rest; out takes *n + 1 runs, and *n
 * gets their number. The copy is parsed, and the copy is sent: a peer that can still
 * write the runs cannot change what was checked. out may be the array from one
 * element before from.
 *
 * With p->header the first run begins with the header. It is copied once, and checked by
 * mask, which is what we take (vnethdr_check()); p->gso_size becomes what it says. Bytes of
 * the frame are copied only if they are parsed, for GSO.
 *
 * Returns DROP_NONE or the reason why the packet is dropped. */
MUST_CHECK enum drop frame_from_pkt(struct frame_head *head, struct pkt *p, uint32_t mask, struct iovec *out,
				    const struct iovec *from, unsigned int *n);

/* Does the same for a packet whose bytes are all private, behind room for the header, or behind
 * the header: fills hdr in and lays out over both. Returns as frame_from_pkt(). */
MUST_CHECK enum drop frame_from_private(struct virtio_net_hdr_mrg_rxbuf *hdr, struct pkt *p, uint32_t mask, struct iovec *out);

#endif
