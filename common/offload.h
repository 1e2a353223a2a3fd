/* SPDX-License-Identifier: MIT */
/* offload.h - checksum and segmentation metadata: ring flags and extras on one side,
 * virtio_net_hdr on the other
 *
 * Nothing is computed that need not be: a blank checksum stays blank and a
 * large segment stays large as long as the next receiver said it takes them.
 * All header bytes looked at are in private memory (design.md 3).
 */
#ifndef NETPAIR_OFFLOAD_H
#define NETPAIR_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "abi.h"
#include "pkt.h"

/* Bytes of a frame that every receiver looks through for headers: Ethernet, two
 * VLAN tags, IPv6 with extensions, TCP with options. Linux's drivers look
 * through as many of the IP packet (MAX_IPV6_HDR_LEN in net/core/skbuff.c). */
#define VNET_HEAD_MAX 256u

/* Bytes that we look through where a sender relied on more. */
#define VNET_HEAD_LONG 512u

enum vnet_result {
	VNET_OK,
	VNET_BAD_CSUM,	/* blank checksum in what is neither TCP nor UDP, or cut off */
	VNET_BAD_GSO,	/* GSO on what is not TCP of that IP version, or cut off */
};

/* Fills vh for a packet from a ring. head is a private copy of the frame's
 * first head_len bytes (the whole frame or at least VNET_HEAD_MAX); a GSO
 * packet whose checksum is not blank gets its pseudo header checksum written
 * there, as the kernel wants it. vh is in host order. */
MUST_CHECK enum vnet_result vnet_from_pkt(struct virtio_net_hdr *vh, const struct pkt *p,
					  uint8_t *head, size_t head_len);

/* Takes a TAP's header over into p (csum_*, gso_*). -EINVAL: a kind of GSO
 * that netif.h has no name for, or segments below PKT_GSO_SIZE_MIN. */
MUST_CHECK int vnet_to_pkt(struct pkt *p, const struct virtio_net_hdr *vh);

/* A frame's header for the TAP with a private copy of its first bytes. */
struct vnet_head {
	struct virtio_net_hdr_mrg_rxbuf hdr;
	uint8_t bytes[VNET_HEAD_LONG];
};

/* Makes a packet from a ring, whose bytes are the *n runs in from, into a frame
 * for the TAP. Copies the first VNET_HEAD_MAX bytes to head, or as many as
 * VNET_HEAD_LONG if its headers are not found in these, fills head->hdr in as
 * vnet_from_pkt() does, and lays out[0] over header and copy, out[1...] over
 * the rest; out takes *n + 1 runs, and *n gets their number. What is parsed is
 * the copy, and the copy is what is sent: a peer that can still write the runs
 * cannot change what was checked. out may be the array from one element before
 * from. Returns as vnet_from_pkt(). */
MUST_CHECK enum vnet_result vnet_gather(struct vnet_head *head, const struct pkt *p, struct iovec *out,
					const struct iovec *from, unsigned int *n);

/* Returns the bytes of a frame of len bytes once it is on a wire: those of all its
 * segments, each with its headers. hdr_len is that of vnet_from_pkt() or
 * vnet_prepare(). */
uint32_t vnet_wire_len(const struct virtio_net_hdr *vh, uint32_t len);

/* The largest MTU towards a peer that takes one slot a packet; Linux's figure. */
#define VNET_MTU_NO_SG 1500u

/* What a receiver takes. */
struct vnet_peer {
	bool csum4, csum6;	/* blank checksums */
	bool gso4, gso6;	/* TCP segments larger than the MTU */
	bool sg;		/* packets of more than one slot */
};

/* The TAP's offloads (TUN_F_*) whose frames the peer takes as they are, or
 * with what vnet_prepare() does. */
unsigned int vnet_tun_offloads(const struct vnet_peer *peer);

/* What a frame from a TAP needs on its way to a ring. */
enum vnet_step {
	VNET_SEND,	/* nothing more */
	VNET_CUT,	/* a large segment that must be cut (segment.h) */
	VNET_BROKEN,	/* it has a blank checksum out of its bounds */
};

/* Makes a frame, whose bytes are iov in n runs, into one that the peer takes.
 * The first run has at least min(length, VNET_HEAD_MAX) bytes; a peer may
 * write them meanwhile.
 *
 * A ring tells of a blank checksum or a large segment with one bit and no
 * offset. So its receiver looks for the first TCP or UDP header by itself,
 * and this asks the receiver's own parser, headers_parse(), over the bytes
 * that every receiver looks through. What it would not find there (behind a
 * VLAN tag, behind long or other IPv6 extension headers, inside a tunnel),
 * what the peer does not take, and DHCP, whose clients read raw frames, is
 * filled in here if it is a checksum (RFC 1071, RFC 768), or is to be cut.
 * Frames in the TAP's queue may be older than the offloads it was last told.
 *
 * Changes vh: a checksum that is filled in is taken from it; hdr_len of a large
 * segment becomes the length of its headers. */
MUST_CHECK enum vnet_step vnet_prepare(struct virtio_net_hdr *vh, const struct vnet_peer *peer,
				       const struct iovec *iov, unsigned int n);

#endif
