/* SPDX-License-Identifier: MIT */
/* vnethdr.h - the offload header of docs/vnet-header.md: its masks, and what a receiver checks
 *
 * The sender asks the same function as the receiver, so the two cannot disagree on what may be sent.
 */
#ifndef NETPAIR_VNETHDR_H
#define NETPAIR_VNETHDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/if_tun.h>

#include "common/base/abi.h"
#include "common/base/drop.h"
#include "common/base/util.h"
#include "headers.h"

#ifndef TUN_F_USO4	/* Linux 6.2 */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4	/* Linux 6.2 */
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

/* The bits of a mask: TUN_F_*. */
#define VNETHDR_CSUM ((uint32_t)TUN_F_CSUM)
#define VNETHDR_TSO4 ((uint32_t)TUN_F_TSO4)
#define VNETHDR_TSO6 ((uint32_t)TUN_F_TSO6)
#define VNETHDR_USO ((uint32_t)(TUN_F_USO4 | TUN_F_USO6))
#define VNETHDR_ALL (VNETHDR_CSUM | VNETHDR_TSO4 | VNETHDR_TSO6 | VNETHDR_USO)

/* The smallest payload of a segment with a header, in bytes. It bounds the frames that one run over a
 * ring can become, as a receiver learns gso_size only once it has copied the run's packets. */
#define VNETHDR_GSO_SIZE_MIN 64u

/* Where a partial checksum may begin at the earliest: behind Ethernet and the shortest IP header. */
#define VNETHDR_CSUM_START_MIN 34u

/* Returns the bits of a peer's mask that count; 0: the peer takes no header. */
MUST_CHECK uint32_t vnethdr_usable(uint32_t mask);

/* Returns the bit of a mask that a type of GSO needs, VNETHDR_USO for UDP; 0: there is no such type. */
MUST_CHECK uint32_t vnethdr_gso_bit(uint8_t gso_type);

/* Clears the fields of a header, as a device wrote it, that mean nothing in its frame: a receiver wants them 0. */
void vnethdr_tidy(struct virtio_net_hdr *vh);

/* Checks the header of a frame of len bytes for a receiver that takes mask. h is where the frame's headers
 * are; without GSO it is not looked at. Returns DROP_NONE, or the reason why the packet is dropped. */
MUST_CHECK enum drop vnethdr_fits(const struct virtio_net_hdr *vh, uint32_t mask, uint32_t len, const struct headers *h);

/* Does the same for a receiver. head is a private copy of the frame's first head_len bytes; without GSO it is
 * not looked at. hdr is private, too. DROP_GSO may mean that head_len is too short. */
MUST_CHECK enum drop vnethdr_check(const struct virtio_net_hdr_mrg_rxbuf *hdr, uint32_t mask, uint32_t len,
				   const uint8_t *head, size_t head_len);

#endif
