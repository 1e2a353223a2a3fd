/* SPDX-License-Identifier: MIT */
/* announce.c - gratuitous ARP, unsolicited neighbour advertisement, reverse ARP */
#include <string.h>

#include "announce.h"
#include "common/wire/headers.h"

#define ETHERTYPE_ARP 0x0806u
#define ETHERTYPE_RARP 0x8035u

/* The length of the shortest Ethernet frame, without its FCS. */
#define FRAME_MIN 60u

#define ETHER_LEN 14u
#define IPV6_LEN 40u
#define NA_LEN 32u	/* with the option target link-layer address */

/* RFC 826, RFC 903. */
#define ARP_REQUEST 1u
#define RARP_REQUEST 3u

/* RFC 4861 4.4: router, override; not solicited. */
#define NA_TYPE 136u
#define NA_ROUTER 0x80u
#define NA_OVERRIDE 0x20u
#define NA_OPTION_TARGET 2u

static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };

bool announce_add(struct announce *a, uint8_t version, const uint8_t *addr)
{
	static const uint8_t any[16], loopback[16] = { [15] = 1 };
	struct announce_address *to = &a->addr[a->count];
	size_t len = version == 4 ? 4 : 16;

	if (a->count == ANNOUNCE_MAX || memcmp(addr, any, len) == 0)
		return false;
	if (version == 4 ? addr[0] == 127 || addr[0] >= 224 : addr[0] == 0xff || memcmp(addr, loopback, len) == 0)
		return false;
	to->version = version;
	memcpy(to->addr, addr, len);
	a->count++;
	return true;
}

unsigned int announce_frames(const struct announce *a)
{
	return a->count ? a->count : 1;
}

static void announce_put_ether(uint8_t *buf, const uint8_t *to, const uint8_t *from, uint16_t type)
{
	memcpy(buf, to, 6);
	memcpy(buf + 6, from, 6);
	put16(buf + 12, type);
}

/* Writes an ARP or RARP packet after the Ethernet header: from mac and ip to
 * target and ip. */
static void announce_put_arp(uint8_t *buf, uint16_t op, const uint8_t *mac, const uint8_t *target, const uint8_t *ip)
{
	static const uint8_t kinds[6] = { 0, 1, ETHERTYPE_IPV4 >> 8, ETHERTYPE_IPV4 & 0xff, 6, 4 };
	uint8_t *p = buf + ETHER_LEN;

	memcpy(p, kinds, sizeof(kinds));
	put16(p + 6, op);
	memcpy(p + 8, mac, 6);
	memcpy(p + 14, ip, 4);
	memcpy(p + 18, target, 6);
	memcpy(p + 24, ip, 4);
}

static void announce_put_advertisement(uint8_t *buf, const struct announce *a, const uint8_t *addr)
{
	uint8_t *ip = buf + ETHER_LEN, *na = ip + IPV6_LEN;
	struct headers at = { .version = 6, .l3 = ETHER_LEN, .l4 = ETHER_LEN + IPV6_LEN, .proto = 58 };

	ip[0] = 6 << 4;
	put16(ip + 4, NA_LEN);
	ip[6] = at.proto;
	ip[7] = 255;	/* RFC 4861 7.1.2: it was not forwarded */
	memcpy(ip + 8, addr, 16);
	memcpy(ip + 24, all_nodes, 16);
	na[0] = NA_TYPE;
	na[4] = NA_OVERRIDE | (a->router ? NA_ROUTER : 0);
	memcpy(na + 8, addr, 16);
	na[24] = NA_OPTION_TARGET;
	na[25] = 1;	/* in units of eight bytes */
	memcpy(na + 26, a->mac, 6);
	put16(na + 2, (uint16_t)~headers_fold(headers_sum(headers_pseudo(buf, &at, NA_LEN), na, NA_LEN)));
}

uint32_t announce_frame(const struct announce *a, unsigned int i, uint8_t *buf)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, none[6];
	static const uint8_t multicast[6] = { 0x33, 0x33, [5] = 1 };
	const struct announce_address *of = &a->addr[i];

	assert(i < announce_frames(a));
	memset(buf, 0, ANNOUNCE_FRAME_MAX);
	if (a->count == 0) {
		announce_put_ether(buf, broadcast, a->mac, ETHERTYPE_RARP);
		announce_put_arp(buf, RARP_REQUEST, a->mac, a->mac, none);
		return FRAME_MIN;
	}
	if (of->version == 4) {
		announce_put_ether(buf, broadcast, a->mac, ETHERTYPE_ARP);
		announce_put_arp(buf, ARP_REQUEST, a->mac, none, of->addr);
		return FRAME_MIN;
	}
	announce_put_ether(buf, multicast, a->mac, ETHERTYPE_IPV6);
	announce_put_advertisement(buf, a, of->addr);
	return ANNOUNCE_FRAME_MAX;
}

static_assert(ETHER_LEN + IPV6_LEN + NA_LEN == ANNOUNCE_FRAME_MAX, "the longest frame");
