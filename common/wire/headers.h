/* SPDX-License-Identifier: MIT */
/* headers.h - positions of the headers in a frame, and Internet checksums
 *
 * The bytes that are parsed must be in private memory: a peer that can write
 * them could change them between the check and the use.
 */
#ifndef NETPAIR_HEADERS_H
#define NETPAIR_HEADERS_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/util.h"

#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_IPV6 0x86ddu
#define ETHERTYPE_VLAN 0x8100u
#define ETHERTYPE_QINQ 0x88a8u

#define TCP_HLEN_MIN 20u
#define TCP_CSUM_OFFSET 16u
#define UDP_CSUM_OFFSET 6u

/* Where the headers of a frame are, in bytes from its start. */
struct headers {
	uint8_t version;	/* 4, 6; 0: not IP */
	uint8_t proto;		/* IPPROTO_TCP or _UDP if l4 is set */
	uint16_t l3;
	uint16_t l4;		/* 0: no transport header here (other protocol, fragment) */
	uint16_t end;		/* past the transport header */
};

/* Parses the first len bytes of a frame: Ethernet, up to two VLAN tags, IPv4 or
 * IPv6 with extension headers, TCP or UDP. Returns the positions that it found. */
struct headers headers_parse(const uint8_t *frame, size_t len);

/* Adds the 16-bit words of len bytes at p to sum, the sum of RFC 1071 before it
 * is inverted. sum is a result of headers_sum() or a sum of 16-bit words. */
uint32_t headers_sum(uint32_t sum, const uint8_t *p, size_t len);

/* Folds a sum to 16 bits. */
uint16_t headers_fold(uint32_t sum);

/* Returns the folded sum of the pseudo header, for a transport header and payload of len bytes. */
uint16_t headers_pseudo(const uint8_t *frame, const struct headers *h, uint32_t len);

/* Reads 16 bits in network order. */
static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Writes 16 bits in network order. */
static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

#endif
