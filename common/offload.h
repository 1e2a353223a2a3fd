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

/* Bytes of a frame that hold every header we parse: Ethernet, two VLAN tags,
 * IPv6 with extensions, TCP with options. */
#define VNET_HEAD_MAX 256u

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
 * that netif.h has no name for. */
MUST_CHECK int vnet_to_pkt(struct pkt *p, const struct virtio_net_hdr *vh);

/* A frame's header for the TAP with a private copy of its first bytes. */
struct vnet_head {
	struct virtio_net_hdr_mrg_rxbuf hdr;
	uint8_t bytes[VNET_HEAD_MAX];
};

/* Copies the first VNET_HEAD_MAX bytes of the n runs in from to head and lays
 * out[0] over header and copy, out[1...] over the rest; out takes n + 1 runs.
 * What is parsed later is the copy, and the copy is what is sent: a peer that
 * can still write the runs cannot change what was checked. out may be the array
 * from one element before from. How many runs. */
MUST_CHECK unsigned int vnet_gather(struct vnet_head *head, struct iovec *out,
				    const struct iovec *from, unsigned int n);

/* The largest MTU towards a peer that takes one slot a packet; Linux's figure. */
#define VNET_MTU_NO_SG 1500u

/* What a receiver takes. */
struct vnet_peer {
	bool csum4, csum6;	/* blank checksums */
	bool gso4, gso6;	/* TCP segments larger than the MTU */
	bool sg;		/* packets of more than one slot */
};

/* The TAP's offloads (TUN_F_*) whose frames the peer takes as they are, or
 * with what vnet_complete() does. */
unsigned int vnet_tun_offloads(const struct vnet_peer *peer);

/* Whether a large segment must be cut (segment.h) before the peer takes it: it
 * takes none of the kind, or would not find the headers behind a VLAN tag.
 * Frames in the TAP's queue may be older than the offloads it was last told. */
MUST_CHECK bool vnet_must_cut(const struct virtio_net_hdr *vh, const struct vnet_peer *peer,
			      const uint8_t *head, size_t len);

/* Fills in a blank checksum that the peer does not take, would not find (behind
 * a VLAN tag, of an inner packet) or that its programs stumble over (DHCP), and
 * clears it from vh; nothing for all others. iov is the frame in n runs, the
 * first of at least min(len, VNET_HEAD_MAX) bytes. -EINVAL: vh points out of
 * the frame. RFC 1071, RFC 768. */
MUST_CHECK int vnet_complete(struct virtio_net_hdr *vh, const struct vnet_peer *peer,
			     const struct iovec *iov, unsigned int n);

#endif
