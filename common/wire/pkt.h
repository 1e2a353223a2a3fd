/* SPDX-License-Identifier: MIT */
/* pkt.h - packets in private memory, and the checked conversions from and to ring slots
 *
 * Only pkt_from_gtx() and pkt_from_grx() make a struct pkt from a ring: its slots
 * were copied once and passed every check of netif.h's rules. A packet that
 * breaks a rule is taken too, with the reason why it is dropped. The ring is lost
 * (a fault) only if it is unknown where the next packet starts.
 */
#ifndef NETPAIR_PKT_H
#define NETPAIR_PKT_H

#include <stdint.h>

#include "common/base/abi.h"
#include "common/base/drop.h"
#include "common/base/util.h"
#include "ring.h"

enum pkt_verdict {
	PKT_NONE,	/* the snapshot holds no further packet */
	PKT_TAKEN,	/* its slots are consumed; ->drop and ->mcast tell what it is (pkt_has_frame()) */
	PKT_FAULT,	/* the start of the next packet is unknown; ->why in words */
};

/* A run of bytes in one granted page. */
struct pkt_piece {
	struct gref gref;	/* gtx: the guest's grant */
	uint16_t index;		/* grx: the slot, and so the page, it lies in */
	uint16_t offset;	/* bytes; offset + len <= XEN_PAGE */
	uint16_t len;		/* bytes, never 0 */
};

struct pkt {
	uint32_t len;		/* bytes of the frame: the sum of the pieces, less the header's */
	uint16_t slots;		/* ring slots consumed, extras too */
	uint16_t pieces;
	bool header;		/* the first piece, or slot, begins with an offload header (vnethdr.h), which says what the next four do */
	bool csum_blank;	/* the L4 checksum covers the pseudo header only */
	bool csum_valid;	/* the sender or the kernel has validated the checksum */
	uint8_t gso_type;	/* XEN_NETIF_GSO_TYPE_* */
	uint16_t gso_size;	/* payload bytes of a segment; 0: it is not large */
	uint8_t mcast;		/* gtx: XEN_NETIF_EXTRA_TYPE_MCAST_ADD or _DEL: no frame, but a change of the multicast list */
	uint8_t addr[6];	/* with mcast, unchecked */
	bool hashed;		/* the next three are set */
	uint8_t hash_type;	/* _XEN_NETIF_CTRL_HASH_TYPE_*, unchecked */
	uint8_t hash_algorithm;	/* XEN_NETIF_CTRL_HASH_ALGORITHM_*, unchecked; always Toeplitz to grx */
	uint32_t hash_value;
	uint16_t headroom;	/* to grx: bytes left free in front of the data of each slot */
	enum drop drop;		/* its fate so far; not DROP_NONE: it ends here, and its pieces are not set */
	const char *why;	/* with PKT_FAULT, static */
	struct pkt_piece piece[PKT_SLOTS_FATAL];
};

/* Returns whether a packet that was taken has a frame to deliver. */
static inline bool pkt_has_frame(const struct pkt *p)
{
	return p->drop == DROP_NONE && !p->mcast;
}

/* Whether packets have an offload header (docs/vnet-header.md), as was agreed for the connection. */
enum pkt_layout {
	PKT_PLAIN,	/* netif.h: flags and extras */
	PKT_HEADED,	/* VNET_HDR_LEN bytes before the first slot's offset */
};

/* Takes the slots of the next packet off the gtx ring. On PKT_TAKEN the caller owes
 * p->slots responses. netif.h, "Guest transmit". The first piece of a PKT_HEADED packet
 * begins with its header, which is still to be checked (frame_from_pkt()). */
MUST_CHECK enum pkt_verdict pkt_from_gtx(struct gtx_back *ring, enum pkt_layout layout, struct pkt *p);

/* Takes the responses of the next packet off the grx ring; returns PKT_NONE or PKT_TAKEN. The
 * buffers of slots [first, first + p->slots) are the caller's again. first is
 * a ring slot, 0..255. A packet that is incomplete or has an error status is a drop. The first
 * piece of a PKT_HEADED packet begins with its header, as with pkt_from_gtx(). */
MUST_CHECK enum pkt_verdict pkt_from_grx(struct grx_front *ring, enum pkt_layout layout, struct pkt *p, uint16_t *first);

/* Returns the number of frames that segmentation makes of a checked packet. Its
 * headers count as payload, so the number may be a few too high. */
static inline uint32_t pkt_segments(const struct pkt *p)
{
	return p->gso_size ? (p->len + p->gso_size - 1u) / p->gso_size : 1u;
}

/* Returns the GSO extra for a packet. type is XEN_NETIF_GSO_TYPE_TCPV4 or 6, size
 * the payload bytes of a segment. */
struct netif_extra_info pkt_gso_extra(uint8_t type, uint16_t size);

/* Returns the bytes of a packet that a full slot holds, if it is not the first. */
static inline uint32_t pkt_part(const struct pkt *p)
{
	return XEN_PAGE - p->headroom;
}

/* Returns where a packet's bytes begin in its first slot. A header lies before them, in the headroom
 * if there is one. */
static inline uint16_t pkt_first(const struct pkt *p)
{
	return p->header && p->headroom < VNET_HDR_LEN ? (uint16_t)VNET_HDR_LEN : p->headroom;
}

/* Returns the number of extras of a packet; each takes a slot. */
static inline unsigned int pkt_extras(const struct pkt *p)
{
	return (p->gso_type != XEN_NETIF_GSO_TYPE_NONE) + p->hashed + (p->headroom != 0);
}

/* Returns the number of slots that a packet of p->len bytes takes, with its extras,
 * if each is filled up. It may be more than PKT_SLOTS_MAX. */
static inline unsigned int pkt_slots_for(const struct pkt *p)
{
	return (p->len + pkt_first(p) - p->headroom + pkt_part(p) - 1) / pkt_part(p) + pkt_extras(p);
}

/* Stages the responses for a frame of p->len bytes that lies in the oldest
 * unanswered buffers, from byte pkt_first() of the first and p->headroom of each other,
 * filled up one after the other. The caller has taken pkt_slots_for() buffers. */
void pkt_to_grx(struct grx_back *ring, const struct pkt *p);

/* Stages the requests for a frame whose pieces (gref, offset, len) are in
 * guest pages; ids[i] is the id of piece i. With p->header the header lies before the first,
 * which does not count it. There must be p->pieces free slots and one more for a GSO extra. */
void pkt_to_gtx(struct gtx_front *ring, const struct pkt *p, const uint16_t *ids);

/* Stages the dummy request that asks for a change of the multicast list: type
 * is XEN_NETIF_EXTRA_TYPE_MCAST_ADD or _DEL. There must be two free slots. */
void pkt_mcast_to_gtx(struct gtx_front *ring, uint16_t id, struct gref gref, uint8_t type, const uint8_t *addr);

#endif
