/* SPDX-License-Identifier: MIT */
/* headers.h - where the headers of a frame are, and Internet checksums
 *
 * All bytes parsed are in private memory, or their reader can only fool itself.
 */
#ifndef NETPAIR_HEADERS_H
#define NETPAIR_HEADERS_H

#include <stddef.h>
#include <stdint.h>

#include "util.h"

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

/* Looks through the first len bytes of a frame: Ethernet, up to two VLAN tags,
 * IPv4 or IPv6 with extension headers, TCP or UDP. */
struct headers headers_parse(const uint8_t *frame, size_t len);

/* The same one's complement sum that RFC 1071 has, not inverted: of len bytes
 * at p, added to sum, which is any headers_sum() or 16-bit words. */
uint32_t headers_sum(uint32_t sum, const uint8_t *p, size_t len);
uint16_t headers_fold(uint32_t sum);

/* The folded sum of the pseudo header, for a transport of len bytes in all. */
uint16_t headers_pseudo(const uint8_t *frame, const struct headers *h, uint32_t len);

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

#endif
