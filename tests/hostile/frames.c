/* SPDX-License-Identifier: MIT */
/* frames.c - templates of what a guest sends */
#include <string.h>

#include "frames.h"

/* An address without an owner: dom0 drops frames for it. */
static const uint8_t nobody[6] = { 0x02, 0, 0, 0, 0, 0x99 };
static const uint8_t guest[6] = { 0x00, 0x16, 0x3e, 0x66, 0x66, 0x66 };

static uint8_t *put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v & 0xffff);
}

static uint8_t *ethernet(uint8_t *p, const uint8_t *dst, unsigned int type)
{
	memcpy(p, dst, 6);
	memcpy(p + 6, guest, 6);
	return put16(p + 12, type);
}

/* Writes the fixed header and that many words of options. */
static uint8_t *ipv4(uint8_t *p, unsigned int proto, unsigned int words, unsigned int len)
{
	memset(p, 1, 20 + words * 4);	/* option 1: no operation */
	p[0] = (uint8_t)(0x45 + words);
	p[1] = 0;
	put16(p + 2, len);
	put32(p + 4, 0x00010000);
	p[8] = 64;
	p[9] = (uint8_t)proto;
	put16(p + 10, 0);
	put32(p + 12, 0x0a4d0102);
	put32(p + 16, 0x0a4d0163);
	return p + 20 + words * 4;
}

static uint8_t *ipv6(uint8_t *p, unsigned int next, unsigned int len)
{
	memset(p, 0, 40);
	p[0] = 0x60;
	put16(p + 4, len);
	p[6] = (uint8_t)next;
	p[7] = 64;
	p[8] = p[24] = 0xfd;
	p[23] = 2;
	p[39] = 0x99;
	return p + 40;
}

static void tcp(uint8_t *p)
{
	memset(p, 0, 20);
	put16(p, 1025);
	put16(p + 2, 9);
	p[12] = 5 << 4;
	p[13] = 0x10;
	put16(p + 14, 0xffff);
}

static void udp(uint8_t *p, unsigned int len)
{
	put16(put16(put16(put16(p, 1025), 9), len), 0);
}

void frame_make(uint8_t *to, enum frame kind)
{
	unsigned int tags = 0;

	switch (kind) {
	case FRAME_RAW:
		ethernet(to, nobody, 0x88b5);
		break;
	case FRAME_TCP4_VLAN3:
		tags++;
		/* fall through */
	case FRAME_TCP4_QINQ:
		tags++;
		/* fall through */
	case FRAME_TCP4_VLAN:
		tags++;
		/* fall through */
	case FRAME_TCP4:
		to = ethernet(to, nobody, tags ? 0x8100 : 0x0800);
		for (; tags; tags--)
			to = put16(put16(to, 5), tags > 1 ? 0x8100 : 0x0800);
		tcp(ipv4(to, 6, 0, 2040));
		break;
	case FRAME_TCP4_OPTIONS:
		tcp(ipv4(ethernet(to, nobody, 0x0800), 6, 10, 2080));
		break;
	case FRAME_TCP6:
		tcp(ipv6(ethernet(to, nobody, 0x86dd), 6, 2020));
		break;
	case FRAME_TCP6_HOPOPTS:
		to = ipv6(ethernet(to, nobody, 0x86dd), 0, 2028);
		memset(to, 0, 8);
		to[0] = 6;
		tcp(to + 8);
		break;
	case FRAME_UDP4:
		udp(ipv4(ethernet(to, nobody, 0x0800), 17, 0, 128), 108);
		break;
	case FRAME_ICMP4:
		memset(ipv4(ethernet(to, nobody, 0x0800), 1, 0, 128), 8, 8);
		break;
	case FRAME_ARP:
		put32(put32(ethernet(to, nobody, 0x0806), 0x00010800), 0x06040001);
		break;
	}
}

void frame_arp(uint8_t *to, uint32_t guest_ip, uint32_t host_ip)
{
	static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	to = put32(put32(ethernet(to, all, 0x0806), 0x00010800), 0x06040001);
	memcpy(to, guest, 6);
	to = put32(to + 6, guest_ip);
	memset(to, 0, 6);
	put32(to + 6, host_ip);
}
