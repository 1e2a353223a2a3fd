/* SPDX-License-Identifier: MIT */
/* headers.c - parsing of Ethernet, IP, TCP and UDP headers; Internet checksums */
#include <netinet/in.h>
#include <stdbool.h>

#include "headers.h"

#define ETH_HLEN 14u
#define UDP_HLEN 8u

/* Skips the Ethernet header and up to two VLAN tags. Returns the EtherType; 0: the
 * frame is too short. */
static uint16_t headers_parse_ethernet(const uint8_t *b, size_t len, struct headers *h)
{
	size_t at = ETH_HLEN;
	uint16_t type;

	if (len < ETH_HLEN)
		return 0;
	type = get16(b + 12);
	for (int tags = 0; tags < 2 && (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ); tags++) {
		if (len < at + 4)
			return 0;
		type = get16(b + at + 2);
		at += 4;
	}
	h->l3 = (uint16_t)at;
	return type;
}

static void headers_parse_l4(const uint8_t *b, size_t len, struct headers *h, uint8_t proto, size_t at)
{
	size_t hlen;

	if (proto == IPPROTO_TCP) {
		if (len < at + TCP_HLEN_MIN)
			return;
		hlen = (size_t)(b[at + 12] >> 4) * 4;
		if (hlen < TCP_HLEN_MIN)
			return;
	} else if (proto == IPPROTO_UDP) {
		hlen = UDP_HLEN;
	} else {
		return;
	}
	if (len < at + hlen)
		return;
	h->proto = proto;
	h->l4 = (uint16_t)at;
	h->end = (uint16_t)(at + hlen);
}

static void headers_parse_ipv4(const uint8_t *b, size_t len, struct headers *h)
{
	const uint8_t *ip = b + h->l3;
	size_t hlen;

	if (len < h->l3 + 20u || (ip[0] >> 4) != 4)
		return;
	hlen = (size_t)(ip[0] & 15) * 4;
	if (hlen < 20 || len < h->l3 + hlen)
		return;
	h->version = 4;
	if (get16(ip + 6) & 0x3fff)	/* more fragments, or not the first */
		return;
	headers_parse_l4(b, len, h, ip[9], h->l3 + hlen);
}

static bool headers_is_ipv6_option(uint8_t proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_DSTOPTS;
}

static void headers_parse_ipv6(const uint8_t *b, size_t len, struct headers *h)
{
	size_t at = h->l3 + 40u, end;
	uint8_t proto;

	if (len < at || (b[h->l3] >> 4) != 6)
		return;
	h->version = 6;
	/* Like Linux, parse only up to the end of the payload. */
	end = at + get16(b + h->l3 + 4);
	proto = b[h->l3 + 6];
	while (headers_is_ipv6_option(proto)) {		/* RFC 8200 4: units of 8 bytes, less the first */
		if (len < at + 8)
			return;
		proto = b[at];
		at += (b[at + 1] + 1u) * 8u;
		if (at > end)
			return;
	}
	headers_parse_l4(b, len, h, proto, at);
}

struct headers headers_parse(const uint8_t *frame, size_t len)
{
	struct headers h = { 0 };
	uint16_t type = headers_parse_ethernet(frame, len, &h);

	if (type == ETHERTYPE_IPV4)
		headers_parse_ipv4(frame, len, &h);
	else if (type == ETHERTYPE_IPV6)
		headers_parse_ipv6(frame, len, &h);
	return h;
}

uint32_t headers_sum(uint32_t sum, const uint8_t *p, size_t len)
{
	for (; len > 1; p += 2, len -= 2)
		sum += get16(p);
	if (len)
		sum += (uint32_t)p[0] << 8;
	return (sum & 0xffff) + (sum >> 16);
}

uint16_t headers_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint16_t headers_pseudo(const uint8_t *frame, const struct headers *h, uint32_t len)
{
	const uint8_t *ip = frame + h->l3;
	uint32_t sum = h->proto + len;

	if (h->version == 4)
		sum = headers_sum(sum, ip + 12, 8);
	else
		sum = headers_sum(sum, ip + 8, 32);
	return headers_fold(sum);
}
