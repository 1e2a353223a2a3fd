/* SPDX-License-Identifier: MIT */
/* offload.h - checksum and segmentation metadata: ring flags and extras on one side,
 * virtio_net_hdr on the other
 *
 * A partial checksum stays partial ("blank") and a large segment stays large if
 * the next receiver takes them. All header bytes are parsed in private memory,
 * so that a peer cannot change them between the check and the use.
 */
#ifndef NETPAIR_OFFLOAD_H
#define NETPAIR_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/base/abi.h"
#include "pkt.h"

/* Bytes of a frame that every receiver parses for headers: Ethernet, two VLAN
 * tags, IPv6 with extensions, TCP with options. Linux's drivers parse as many
 * bytes of the IP packet (MAX_IPV6_HDR_LEN in net/core/skbuff.c). */
#define VNET_HEAD_MAX 256u

/* Bytes that we parse if the headers are not complete in VNET_HEAD_MAX. */
#define VNET_HEAD_LONG 512u

/* Fills in vh for a packet from a ring. head is a private copy of the frame's
 * first head_len bytes (the whole frame or at least VNET_HEAD_MAX); a GSO
 * packet whose checksum is not blank gets its pseudo header checksum written
 * there, as the kernel wants it. vh is in host order. Returns DROP_NONE; DROP_CSUM: a
 * blank checksum, but no complete TCP or UDP header; DROP_GSO: GSO, but no complete
 * TCP header of that IP version. */
MUST_CHECK enum drop vnet_from_pkt(struct virtio_net_hdr *vh, const struct pkt *p,
				   uint8_t *head, size_t head_len);

/* Sets p's csum_* and gso_* from a TAP's header. Returns DROP_NONE; DROP_GSO: a
 * type of GSO that netif.h does not have, or segments below PKT_GSO_SIZE_MIN. */
MUST_CHECK enum drop vnet_to_pkt(struct pkt *p, const struct virtio_net_hdr *vh);

/* Returns the bytes that a frame of len bytes has on a wire: those of all its
 * segments, each with its headers. hdr_len is that of vnet_from_pkt() or
 * vnet_prepare(). */
uint32_t vnet_wire_len(const struct virtio_net_hdr *vh, uint32_t len);

/* The largest MTU towards a peer that takes one slot a packet, as in Linux netback. */
#define VNET_MTU_NO_SG 1500u

/* What the frontend or backend at the other end takes. */
struct vnet_peer {
	bool csum4, csum6;	/* blank checksums */
	bool gso4, gso6;	/* TCP segments larger than the MTU */
	bool sg;		/* packets of more than one slot */
	bool header;		/* packets have an offload header (docs/vnet-header.md); gso4 and gso6 are its mask's */
	bool uso;		/* with header: UDP datagrams in one large frame */
};

/* Sets what the peer takes from the mask of its offload header. */
void vnet_peer_from_mask(struct vnet_peer *peer, uint32_t mask);

/* Returns the mask of what the peer takes with an offload header, 0 where it takes none of it. */
uint32_t vnet_peer_mask(const struct vnet_peer *peer);

/* Returns the TAP's offloads (TUN_F_*) whose frames the peer takes, as they are or
 * after vnet_prepare(). */
unsigned int vnet_tun_offloads(const struct vnet_peer *peer);

/* What vnet_prepare() leaves to its caller. */
enum vnet_step {
	VNET_SEND,	/* send the frame */
	VNET_SEGMENT,	/* segment the frame (tso.h) */
	VNET_BROKEN,	/* drop the frame: the field of its blank checksum is out of its bounds */
};

/* Makes a frame, whose bytes are iov in n runs, into one that the peer takes.
 * The first run has at least min(length, VNET_HEAD_MAX) bytes; a peer may
 * write them meanwhile.
 *
 * A ring has one flag for a blank checksum or a large segment, and no offset. So
 * the receiver looks for the first TCP or UDP header by itself. This function
 * calls the receiver's own parser, headers_parse(), over the bytes that every
 * receiver parses. It fills in the checksum (RFC 1071, RFC 768), or asks for
 * segmentation, where
 *  - the receiver would not find the header: behind a VLAN tag, behind long or
 *    other IPv6 extension headers, inside a tunnel. With an offload header it is told where a
 *    checksum is, and finds large segments behind VLAN tags, too;
 *  - the peer does not take it; frames in the TAP's queue may be older than the
 *    offloads that were last set;
 *  - the frame is DHCP, whose clients read raw frames.
 *
 * Changes vh: clears the flag of a checksum that it fills in, and sets hdr_len of
 * a large segment to the length of its headers. With an offload header it clears what
 * means nothing in the frame. */
MUST_CHECK enum vnet_step vnet_prepare(struct virtio_net_hdr *vh, const struct vnet_peer *peer,
				       const struct iovec *iov, unsigned int n);

#endif
