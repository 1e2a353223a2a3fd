/* SPDX-License-Identifier: MIT */
/* run-offload.c - offloads: headers of every kind, with partial checksums and GSO, on the way from a
 * ring to a TAP and back
 *
 * The checksums are compared with a plain sum that this file computes.
 */
#include "unit.h"
#include "common/wire/frame.h"
#include "common/wire/offload.c"

#define TCP 6
#define UDP 17
#define HEADED { .csum4 = true, .csum6 = true, .gso4 = true, .gso6 = true, .sg = true, .header = true, .uso = true }
#define BLANK VIRTIO_NET_HDR_F_NEEDS_CSUM

/* What build() makes. All zero: IPv4 and TCP without options. */
struct shape {
	uint8_t version;	/* 4 if 0 */
	uint16_t tags[3];	/* ethertypes of VLAN tags, ended by 0 */
	uint16_t ethertype;	/* 0: that of the version */
	uint8_t ihl;		/* IPv4 header length in words; 5 if 0 */
	uint16_t frag;		/* IPv4 flags and fragment offset */
	uint8_t exts, ext[3];	/* IPv6 extension headers */
	uint8_t ext_len;	/* the length field of each of them */
	uint8_t proto;		/* TCP if 0 */
	uint8_t doff;		/* TCP header length in words; 5 if 0 */
	unsigned int payload;	/* in bytes */
};

struct frame {
	uint8_t b[4096];
	unsigned int len, l3, l4, end;
};

static void put16be(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void build_ipv4(struct frame *f, const struct shape *s, unsigned int l4_len)
{
	unsigned int hlen = (s->ihl ? s->ihl : 5) * 4u;
	uint8_t *ip = f->b + f->l3;

	memset(ip, 1, hlen < 20 ? 20 : hlen);	/* options: NOP */
	ip[0] = (uint8_t)(0x40 | hlen / 4);
	put16be(ip + 2, hlen + l4_len);
	put16be(ip + 6, s->frag);
	ip[9] = s->proto ? s->proto : TCP;
	memcpy(ip + 12, "\xc0\xa8\x01\xfe\x0a\xff\xff\x03", 8);
	f->l4 = f->l3 + hlen;
}

static void build_ipv6(struct frame *f, const struct shape *s, unsigned int l4_len)
{
	uint8_t *ip = f->b + f->l3, *next = ip + 6;
	unsigned int at = f->l3 + 40;

	ip[0] = 0x60;
	put16be(ip + 4, s->exts * 8u * (s->ext_len + 1u) + l4_len);
	for (unsigned int i = 0; i < 32; i++)
		ip[8 + i] = (uint8_t)(0xf0 + i * 7);
	for (unsigned int i = 0; i < s->exts; i++) {
		*next = s->ext[i];
		next = f->b + at;
		next[1] = s->ext_len;
		at += 8u * (s->ext_len + 1u);
	}
	*next = s->proto ? s->proto : TCP;
	f->l4 = at;
}

static void build(struct frame *f, const struct shape *s)
{
	uint8_t proto = s->proto ? s->proto : TCP;
	unsigned int l4_len, doff = s->doff ? s->doff : 5;

	memset(f, 0, sizeof(*f));
	f->l3 = 14;
	for (int i = 0; i < 3 && s->tags[i]; i++, f->l3 += 4) {
		put16be(f->b + f->l3 - 2, s->tags[i]);
		put16be(f->b + f->l3, 0x0123);
	}
	put16be(f->b + f->l3 - 2, s->ethertype ? s->ethertype : s->version == 6 ? 0x86dd : 0x0800);
	l4_len = (proto == TCP ? doff * 4 : 8) + s->payload;
	if (s->version == 6)
		build_ipv6(f, s, l4_len);
	else
		build_ipv4(f, s, l4_len);
	f->end = f->l4 + (proto == TCP ? doff * 4 : 8);
	f->len = f->l4 + l4_len;
	for (unsigned int i = f->l4; i < f->len; i++)
		f->b[i] = (uint8_t)(i * 37 + 11);
	if (proto == TCP)
		f->b[f->l4 + 12] = (uint8_t)(doff << 4);
	else if (proto == UDP)
		put16be(f->b + f->l4 + 4, l4_len);
}

/* --- the reference: the sum of RFC 1071, word by word ------------------------------- */

static unsigned int ref_sum(unsigned int sum, const uint8_t *p, unsigned int len)
{
	for (unsigned int i = 0; i < len; i++) {
		sum += i % 2 ? p[i] : p[i] * 256u;
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return sum;
}

static unsigned int ref_pseudo(const struct frame *f, unsigned int version, unsigned int proto)
{
	unsigned int l4_len = f->len - f->l4, sum = (proto + l4_len) % 0xffff;

	return version == 6 ? ref_sum(sum, f->b + f->l3 + 8, 32) : ref_sum(sum, f->b + f->l3 + 12, 8);
}

/* Returns true if the frame's transport checksum is right: the sum is all ones. */
static bool checksum_holds(const struct frame *f, unsigned int version, unsigned int proto)
{
	return ref_sum(ref_pseudo(f, version, proto), f->b + f->l4, f->len - f->l4) % 0xffff == 0;
}

static enum drop convert(struct virtio_net_hdr *vh, struct frame *f, const struct pkt *like)
{
	struct pkt p = *like;

	p.len = f->len;
	memset(vh, 0xee, sizeof(*vh));
	return vnet_from_pkt(vh, &p, f->b, f->len);
}

static const struct pkt blank = { .csum_blank = true, .csum_valid = true };

static void expect_blank_ok(const struct shape *s, unsigned int start, unsigned int offset)
{
	struct virtio_net_hdr vh;
	struct frame f, before;

	build(&f, s);
	before = f;
	assert_int_equal(f.l4, start);
	assert_int_equal(convert(&vh, &f, &blank), DROP_NONE);
	assert_int_equal(vh.flags, BLANK);
	assert_int_equal(vh.gso_type, VIRTIO_NET_HDR_GSO_NONE);
	assert_int_equal(vh.csum_start, start);
	assert_int_equal(vh.csum_offset, offset);
	assert_memory_equal(&f, &before, sizeof(f));	/* nothing was written */
}

static void expect_blank_bad(const struct shape *s)
{
	struct virtio_net_hdr vh;
	struct frame f;

	build(&f, s);
	assert_int_equal(convert(&vh, &f, &blank), DROP_CSUM);
}

/* --- ring -> TAP, checksums ----------------------------------------------------------- */

static void plain(void **state)
{
	static const uint8_t zero[sizeof(struct virtio_net_hdr)];
	struct virtio_net_hdr vh;
	struct frame f;

	(void)state;
	build(&f, &(struct shape){ 0 });
	assert_int_equal(convert(&vh, &f, &(struct pkt){ 0 }), DROP_NONE);
	assert_memory_equal(&vh, zero, sizeof(zero));
	assert_int_equal(convert(&vh, &f, &(struct pkt){ .csum_valid = true }), DROP_NONE);
	assert_int_equal(vh.flags, VIRTIO_NET_HDR_F_DATA_VALID);
	/* A frame that needs no offload is not parsed. */
	memset(f.b, 0xff, sizeof(f.b));
	assert_int_equal(convert(&vh, &f, &(struct pkt){ 0 }), DROP_NONE);
}

static void blank_tcp_udp(void **state)
{
	(void)state;
	expect_blank_ok(&(struct shape){ .payload = 100 }, 34, 16);
	expect_blank_ok(&(struct shape){ .proto = UDP, .payload = 100 }, 34, 6);
	expect_blank_ok(&(struct shape){ .version = 6, .payload = 100 }, 54, 16);
	expect_blank_ok(&(struct shape){ .version = 6, .proto = UDP }, 54, 6);
}

static void blank_vlan(void **state)
{
	(void)state;
	expect_blank_ok(&(struct shape){ .tags = { 0x8100 } }, 38, 16);
	expect_blank_ok(&(struct shape){ .tags = { 0x88a8, 0x8100 } }, 42, 16);
	expect_blank_ok(&(struct shape){ .tags = { 0x8100, 0x8100 }, .version = 6, .proto = UDP }, 62, 6);
	expect_blank_bad(&(struct shape){ .tags = { 0x88a8, 0x8100, 0x8100 } });
}

static void blank_ipv4_options(void **state)
{
	(void)state;
	expect_blank_ok(&(struct shape){ .ihl = 6 }, 38, 16);
	expect_blank_ok(&(struct shape){ .ihl = 15, .proto = UDP }, 74, 6);
}

static void blank_ipv4_header_lies(void **state)
{
	struct virtio_net_hdr vh;
	struct frame f;

	(void)state;
	for (uint8_t ihl = 0; ihl < 5; ihl++) {
		build(&f, &(struct shape){ 0 });
		f.b[f.l3] = (uint8_t)(0x40 | ihl);
		assert_int_equal(convert(&vh, &f, &blank), DROP_CSUM);
	}
	expect_blank_bad(&(struct shape){ .ethertype = 0x86dd });		/* IPv4 inside */
	expect_blank_bad(&(struct shape){ .ethertype = 0x0800, .version = 6 });
}

static void blank_fragments(void **state)
{
	(void)state;
	expect_blank_ok(&(struct shape){ .frag = 0x4000 }, 34, 16);	/* don't fragment */
	expect_blank_bad(&(struct shape){ .frag = 0x2000 });		/* the first of more */
	expect_blank_bad(&(struct shape){ .frag = 0x2001 });
	expect_blank_bad(&(struct shape){ .frag = 0x0001 });
	expect_blank_bad(&(struct shape){ .frag = 0x1fff, .proto = UDP });
}

static void blank_ipv6_extensions(void **state)
{
	(void)state;
	expect_blank_ok(&(struct shape){ .version = 6, .exts = 1, .ext = { 60 } }, 62, 16);
	expect_blank_ok(&(struct shape){ .version = 6, .exts = 3, .ext = { 0, 43, 60 }, .ext_len = 2, .proto = UDP },
			54 + 3 * 24, 6);
	expect_blank_ok(&(struct shape){ .version = 6, .exts = 1, .ext = { 43 }, .ext_len = 200 }, 54 + 201 * 8, 16);
	expect_blank_bad(&(struct shape){ .version = 6, .exts = 1, .ext = { 44 } });	/* a fragment */
	expect_blank_bad(&(struct shape){ .version = 6, .exts = 1, .ext = { 51 } });	/* authenticated */
	expect_blank_bad(&(struct shape){ .version = 6, .exts = 3, .ext = { 0, 60, 59 } });
}

/* The parser stops at the frame's end in a chain of extension headers that has no end. */
static void ipv6_extensions_without_end(void **state)
{
	struct virtio_net_hdr vh;
	struct frame f;

	(void)state;
	build(&f, &(struct shape){ .version = 6, .payload = 1400 });
	f.b[f.l3 + 6] = 0;
	memset(f.b + 54, 0, f.len - 54);	/* hop by hop, 8 bytes, hop by hop ... */
	assert_int_equal(convert(&vh, &f, &blank), DROP_CSUM);
	memset(f.b + 54, 0xff, f.len - 54);
	f.b[54] = 60;
	assert_int_equal(convert(&vh, &f, &blank), DROP_CSUM);
}

static void blank_not_tcp_nor_udp(void **state)
{
	(void)state;
	expect_blank_bad(&(struct shape){ .ethertype = 0x0806 });		/* ARP */
	expect_blank_bad(&(struct shape){ .ethertype = 0x0005 });		/* 802.3 length */
	expect_blank_bad(&(struct shape){ .proto = 1 });			/* ICMP */
	expect_blank_bad(&(struct shape){ .proto = 47 });
	expect_blank_bad(&(struct shape){ .version = 6, .proto = 58 });	/* ICMPv6 */
	expect_blank_bad(&(struct shape){ .version = 6, .proto = 59 });
}

/* A frame is cut off at every byte: the frame itself, or our copy of its headers. */
static void truncated_anywhere(void **state)
{
	static const struct shape shapes[] = {
		{ 0 }, { .proto = UDP }, { .version = 6 }, { .version = 6, .proto = UDP },
		{ .tags = { 0x8100 } }, { .tags = { 0x88a8, 0x8100 }, .doff = 15 }, { .ihl = 15 },
		{ .version = 6, .exts = 2, .ext = { 0, 60 }, .ext_len = 1 },
	};
	struct virtio_net_hdr vh;
	struct frame f;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(shapes); i++) {
		build(&f, &shapes[i]);
		for (unsigned int len = 0; len <= f.end; len++) {
			enum drop want = len < f.end ? DROP_CSUM : DROP_NONE;
			uint8_t *tight = malloc(len ? len : 1);
			struct pkt p = blank;

			assert_non_null(tight);
			memcpy(tight, f.b, len);
			p.len = len;
			assert_int_equal(vnet_from_pkt(&vh, &p, tight, len), want);
			p.len = 4096;		/* the packet is longer than the copy */
			assert_int_equal(vnet_from_pkt(&vh, &p, tight, len), want);
			free(tight);
		}
	}
}

static void tcp_data_offset(void **state)
{
	struct virtio_net_hdr vh;
	struct frame f;

	(void)state;
	for (unsigned int doff = 0; doff < 16; doff++) {
		build(&f, &(struct shape){ .payload = 200 });
		f.b[f.l4 + 12] = (uint8_t)(doff << 4);
		assert_int_equal(convert(&vh, &f, &blank), doff < 5 ? DROP_CSUM : DROP_NONE);
	}
	expect_blank_ok(&(struct shape){ .doff = 15 }, 34, 16);
	build(&f, &(struct shape){ .payload = 39 });
	f.b[f.l4 + 12] = 0xf0;		/* one byte beyond the packet */
	assert_int_equal(convert(&vh, &f, &blank), DROP_CSUM);
}

/* --- ring -> TAP, GSO -------------------------------------------------------------------- */

static const struct pkt gso4 = { .csum_blank = true, .gso_type = XEN_NETIF_GSO_TYPE_TCPV4, .gso_size = 1448 };
static const struct pkt gso6 = { .csum_blank = true, .gso_type = XEN_NETIF_GSO_TYPE_TCPV6, .gso_size = 1428 };

static void gso(void **state)
{
	struct virtio_net_hdr vh;
	struct frame f;

	(void)state;
	build(&f, &(struct shape){ .payload = 3000, .doff = 8 });
	assert_int_equal(convert(&vh, &f, &gso4), DROP_NONE);
	assert_int_equal(vh.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	assert_int_equal(vh.gso_size, 1448);
	assert_int_equal(vh.hdr_len, 34 + 32);
	assert_int_equal(vh.flags, BLANK);
	assert_int_equal(vh.csum_start, 34);
	build(&f, &(struct shape){ .version = 6, .payload = 3000, .tags = { 0x8100 } });
	assert_int_equal(convert(&vh, &f, &gso6), DROP_NONE);
	assert_int_equal(vh.gso_type, VIRTIO_NET_HDR_GSO_TCPV6);
	assert_int_equal(vh.gso_size, 1428);
	assert_int_equal(vh.hdr_len, 58 + 20);
}

static void gso_on_the_wrong_frame(void **state)
{
	static const struct { struct shape shape; bool six; } bad[] = {
		{ { .version = 6 }, false }, { { 0 }, true }, { { .proto = UDP }, false },
		{ { .version = 6, .proto = UDP }, true }, { { .proto = 1 }, false },
		{ { .ethertype = 0x0806 }, false }, { { .frag = 0x2000 }, false },
		{ { .version = 6, .exts = 1, .ext = { 44 } }, true },
		{ { .tags = { 0x8100, 0x8100, 0x8100 } }, false },
	};
	struct virtio_net_hdr vh;
	struct frame f;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		build(&f, &bad[i].shape);
		assert_int_equal(convert(&vh, &f, bad[i].six ? &gso6 : &gso4), DROP_GSO);
	}
}

static void gso_truncated(void **state)
{
	struct virtio_net_hdr vh;
	struct frame f;

	(void)state;
	build(&f, &(struct shape){ .payload = 100, .doff = 8 });
	for (f.len = 0; f.len < f.end; f.len++)
		assert_int_equal(convert(&vh, &f, &gso4), DROP_GSO);
	build(&f, &(struct shape){ .payload = 100 });
	f.b[f.l4 + 12] = 0x40;
	assert_int_equal(convert(&vh, &f, &gso4), DROP_GSO);
}

static void expect_pseudo(const struct shape *s, const struct pkt *like)
{
	unsigned int version = s->version ? s->version : 4;
	struct pkt p = *like;
	struct virtio_net_hdr vh;
	struct frame f, before;

	p.csum_blank = false;
	build(&f, s);
	before = f;
	assert_int_equal(convert(&vh, &f, &p), DROP_NONE);
	assert_int_equal(vh.flags, BLANK);
	assert_int_equal((f.b[f.l4 + 16] << 8 | f.b[f.l4 + 17]) % 0xffff, ref_pseudo(&f, version, TCP) % 0xffff);
	/* Do what a receiver does: sum from csum_start on, write the result. The checksum must be right. */
	put16be(f.b + f.l4 + 16, 0xffff & ~ref_sum(0, f.b + f.l4, f.len - f.l4));
	assert_true(checksum_holds(&f, version, TCP));
	put16be(f.b + f.l4 + 16, 0);
	put16be(before.b + f.l4 + 16, 0);
	assert_memory_equal(&f, &before, sizeof(f));	/* nothing else was written */
}

static void gso_without_blank_gets_pseudo_header(void **state)
{
	(void)state;
	for (unsigned int payload = 2000; payload < 2003; payload++) {
		expect_pseudo(&(struct shape){ .payload = payload }, &gso4);
		expect_pseudo(&(struct shape){ .payload = payload, .ihl = 9, .tags = { 0x8100 } }, &gso4);
		expect_pseudo(&(struct shape){ .payload = payload, .version = 6 }, &gso6);
		expect_pseudo(&(struct shape){ .payload = payload, .version = 6, .exts = 1, .ext = { 60 } }, &gso6);
	}
}

/* --- TAP -> ring ---------------------------------------------------------------------------- */

static void to_pkt_flags(void **state)
{
	struct pkt p;

	(void)state;
	memset(&p, 0xee, sizeof(p));
	assert_int_equal(vnet_to_pkt(&p, &(struct virtio_net_hdr){ 0 }), DROP_NONE);
	assert_true(!p.csum_blank && !p.csum_valid);
	assert_int_equal(p.gso_type, XEN_NETIF_GSO_TYPE_NONE);
	assert_int_equal(p.gso_size, 0);
	assert_int_equal(vnet_to_pkt(&p, &(struct virtio_net_hdr){ .flags = BLANK }), DROP_NONE);
	assert_true(p.csum_blank && p.csum_valid);
	assert_int_equal(vnet_to_pkt(&p, &(struct virtio_net_hdr){ .flags = VIRTIO_NET_HDR_F_DATA_VALID }), DROP_NONE);
	assert_true(!p.csum_blank && p.csum_valid);
}

static void to_pkt_gso(void **state)
{
	(void)state;
	for (unsigned int type = 0; type < 256; type++) {
		struct virtio_net_hdr vh = { .gso_type = (uint8_t)type, .gso_size = 1448, .flags = BLANK };
		unsigned int kind = type & 0x7f;
		struct pkt p = { 0 };
		enum drop drop = vnet_to_pkt(&p, &vh);

		assert_int_equal(drop, kind == 0 || kind == VIRTIO_NET_HDR_GSO_TCPV4 ||
				 kind == VIRTIO_NET_HDR_GSO_TCPV6 ? DROP_NONE : DROP_GSO);
		if (drop != DROP_NONE)
			continue;
		assert_int_equal(p.gso_type, kind == 0 ? XEN_NETIF_GSO_TYPE_NONE :
				 kind == VIRTIO_NET_HDR_GSO_TCPV4 ? XEN_NETIF_GSO_TYPE_TCPV4 :
				 XEN_NETIF_GSO_TYPE_TCPV6);
		assert_int_equal(p.gso_size, kind ? 1448 : 0);
	}
	for (uint16_t size = 0; size < 20; size++)
		assert_int_equal(vnet_to_pkt(&(struct pkt){ 0 }, &(struct virtio_net_hdr){
			.gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = size }), size < 8 ? DROP_GSO : DROP_NONE);
}

/* A header that goes over the ring and back is the same. */
static void to_pkt_and_back(void **state)
{
	struct virtio_net_hdr in, out;
	struct frame f;
	struct pkt p = { 0 };

	(void)state;
	build(&f, &(struct shape){ .payload = 3000 });
	in = (struct virtio_net_hdr){ .flags = BLANK, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 1400,
				      .hdr_len = 54, .csum_start = 34, .csum_offset = 16 };
	assert_int_equal(vnet_to_pkt(&p, &in), DROP_NONE);
	assert_int_equal(convert(&out, &f, &p), DROP_NONE);
	assert_memory_equal(&in, &out, sizeof(in));
}

/* The expected length is counted segment by segment: each has all headers and a part of the payload. */
static void wire_lengths(void **state)
{
	static const uint16_t sizes[] = { 8, 9, 48, 536, 1448, 8948, 65535 };
	static const uint32_t payloads[] = { 0, 1, 8, 9, 1448, 1449, 2896, 65000, 65481 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (unsigned int j = 0; j < ARRAY_SIZE(payloads); j++) {
			struct virtio_net_hdr vh = { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = sizes[i], .hdr_len = 54 };
			uint32_t wire = 0, left = payloads[j];

			do {
				uint32_t part = left < sizes[i] ? left : sizes[i];

				wire += 54 + part;
				left -= part;
			} while (left);
			assert_int_equal(vnet_wire_len(&vh, 54 + payloads[j]), wire);
			vh.gso_type = VIRTIO_NET_HDR_GSO_NONE;
			assert_int_equal(vnet_wire_len(&vh, 54 + payloads[j]), 54 + payloads[j]);
		}
	}
	/* 64 KiB of mss 8 are 8,186 frames, half a megabyte. */
	assert_int_equal(vnet_wire_len(&(struct virtio_net_hdr){ .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 8,
		.hdr_len = 54 }, 65535), 65481 + 8186 * 54);
	/* An impossible header length. */
	assert_int_equal(vnet_wire_len(&(struct virtio_net_hdr){ .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 8,
		.hdr_len = 65535 }, 100), 100);
}

static void tun_offloads(void **state)
{
	(void)state;
	for (unsigned int bits = 0; bits < 32; bits++) {
		bool c4 = bits & 1, c6 = bits & 2, g4 = bits & 4, g6 = bits & 8, sg = bits & 16;
		struct vnet_peer peer = { .csum4 = c4, .csum6 = c6, .gso4 = g4, .gso6 = g6, .sg = sg };
		unsigned int got = vnet_tun_offloads(&peer);

		assert_int_equal(!!(got & TUN_F_CSUM), c4 || c6);
		assert_int_equal(!!(got & TUN_F_TSO4), sg && g4 && c4);
		assert_int_equal(!!(got & TUN_F_TSO6), sg && g6 && c6);
		assert_int_equal(!!(got & TUN_F_TSO_ECN), sg && ((g4 && c4) || (g6 && c6)));
		assert_int_equal(got & ~(unsigned int)(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN), 0);
	}
}

/* --- fills in partial checksums ----------------------------------------------------------------- */

/* Puts the pseudo header's sum into the field, as frames come from a TAP. Returns the header for that. */
static struct virtio_net_hdr make_blank(struct frame *f, const struct shape *s)
{
	unsigned int proto = s->proto ? s->proto : TCP;
	struct virtio_net_hdr vh = { .flags = BLANK, .csum_start = (uint16_t)f->l4,
				     .csum_offset = proto == TCP ? 16 : 6 };

	put16be(f->b + f->l4 + vh.csum_offset, ref_pseudo(f, s->version ? s->version : 4, proto));
	return vh;
}

static const struct shape complete_shapes[] = {
	{ .payload = 100 }, { .payload = 101 }, { .payload = 1, .proto = UDP }, { .payload = 1000, .version = 6 },
	{ .payload = 999, .version = 6, .proto = UDP }, { .payload = 7, .tags = { 0x8100 } },
	{ .payload = 8, .ihl = 7, .proto = UDP }, { .payload = 3001, .version = 6, .exts = 1, .ext = { 60 } },
};

static void expect_complete(const struct shape *s, const unsigned int *runs, unsigned int n)
{
	struct frame f;
	struct virtio_net_hdr vh;
	struct iovec iov[8];
	unsigned int at = 0;

	build(&f, s);
	vh = make_blank(&f, s);
	for (unsigned int i = 0; i < n; i++) {
		unsigned int left = f.len - at;

		iov[i].iov_base = f.b + at;
		iov[i].iov_len = i == n - 1 || runs[i] > left ? left : runs[i];
		at += (unsigned int)iov[i].iov_len;
	}
	assert_int_equal(vnet_prepare(&vh, &(struct vnet_peer){ 0 }, iov, n), VNET_SEND);
	assert_true(checksum_holds(&f, s->version ? s->version : 4, s->proto ? s->proto : TCP));
	assert_int_equal(vh.flags, VIRTIO_NET_HDR_F_DATA_VALID);
	assert_int_equal(vh.csum_start, 0);
	assert_int_equal(vh.csum_offset, 0);
}

static void complete_in_one_run(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(complete_shapes); i++)
		expect_complete(&complete_shapes[i], NULL, 1);
}

static void complete_over_runs(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(complete_shapes); i++) {
		for (unsigned int first = 100; first < 104; first++) {
			for (unsigned int second = 0; second < 6; second++) {
				const unsigned int runs[] = { first, second, 1, 0, 3, 2 };

				for (unsigned int n = 2; n <= 7; n++)
					expect_complete(&complete_shapes[i], runs, n);
			}
		}
	}
}

/* The largest sum: the largest frame, with all bits set. */
static void complete_largest(void **state)
{
	static uint8_t big[65535];
	struct iovec iov = { big, sizeof(big) };
	struct virtio_net_hdr vh = { .flags = BLANK, .csum_start = 34, .csum_offset = 16 };
	unsigned int want;

	(void)state;
	memset(big, 0xff, sizeof(big));
	put16be(big + 12, 0x0800);
	want = 0xffff & ~ref_sum(0, big + 34, sizeof(big) - 34);
	assert_int_equal(vnet_prepare(&vh, &(struct vnet_peer){ 0 }, &iov, 1), VNET_SEND);
	assert_int_equal(big[50] << 8 | big[51], want);
}

/* RFC 768: a UDP checksum of 0 is sent as all ones. A TCP one is not. */
static void complete_udp_zero(void **state)
{
	for (unsigned int proto = TCP; proto <= UDP; proto += UDP - TCP) {
		struct shape s = { .proto = (uint8_t)proto, .payload = 64 };
		unsigned int field = proto == TCP ? 16 : 6, sum;
		struct virtio_net_hdr vh;
		struct frame f;
		struct iovec iov;

		(void)state;
		build(&f, &s);
		vh = make_blank(&f, &s);
		/* The payload's last word makes the sum 0xffff. */
		put16be(f.b + f.len - 2, 0);
		sum = ref_sum(0, f.b + f.l4, f.len - f.l4);
		put16be(f.b + f.len - 2, 0xffff - sum);
		iov = (struct iovec){ f.b, f.len };
		assert_int_equal(vnet_prepare(&vh, &(struct vnet_peer){ 0 }, &iov, 1), VNET_SEND);
		assert_int_equal(f.b[f.l4 + field] << 8 | f.b[f.l4 + field + 1], proto == UDP ? 0xffff : 0);
	}
}

static void complete_only_if_needed(void **state)
{
	static const struct { struct shape shape; struct vnet_peer peer; bool filled; } cases[] = {
		{ { 0 }, { .csum4 = true, .csum6 = true }, false },
		{ { 0 }, { .csum4 = true }, false },
		{ { 0 }, { .csum6 = true }, true },
		{ { .version = 6 }, { .csum6 = true }, false },
		{ { .version = 6 }, { .csum4 = true }, true },
		{ { .proto = UDP }, { .csum4 = true }, false },
		{ { .version = 6, .exts = 1, .ext = { 60 } }, { .csum6 = true }, false },
		/* Linux finds no checksum behind a tag. */
		{ { .version = 6, .tags = { 0x8100 } }, { .csum4 = true, .csum6 = true }, true },
		{ { .tags = { 0x8100 } }, { .csum4 = true, .csum6 = true }, true },
		{ { 0 }, { 0 }, true },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct frame f, before;
		struct virtio_net_hdr vh, vh_before;
		struct iovec iov;

		build(&f, &cases[i].shape);
		vh = vh_before = make_blank(&f, &cases[i].shape);
		before = f;
		iov = (struct iovec){ f.b, f.len };
		assert_int_equal(vnet_prepare(&vh, &cases[i].peer, &iov, 1), VNET_SEND);
		assert_int_equal(memcmp(&f, &before, sizeof(f)) != 0, cases[i].filled);
		assert_int_equal(memcmp(&vh, &vh_before, sizeof(vh)) != 0, cases[i].filled);
		/* A finished checksum is not changed. */
		vh.flags = VIRTIO_NET_HDR_F_DATA_VALID;
		before = f;
		assert_int_equal(vnet_prepare(&vh, &(struct vnet_peer){ 0 }, &iov, 1), VNET_SEND);
		assert_memory_equal(&f, &before, sizeof(f));
	}
}

static void complete_what_is_not_found(void **state)
{
	static const struct vnet_peer all = { .csum4 = true, .csum6 = true };
	/* Where the partial checksum is, relative to the first TCP or UDP header, and the ports. */
	static const struct { struct shape shape; uint16_t by, offset, port; bool filled; } cases[] = {
		{ { .payload = 60 }, 0, 16, 80, false },
		{ { .payload = 60, .proto = UDP }, 0, 6, 69, false },
		{ { .payload = 60, .proto = UDP }, 0, 6, 67, true },	/* DHCP */
		{ { .payload = 60, .proto = UDP, .version = 6 }, 0, 6, 68, true },
		{ { .payload = 60 }, 0, 16, 68, false },
		{ { .payload = 60, .proto = UDP }, 30, 16, 4789, true },	/* that of an inner packet */
		{ { .payload = 60 }, 0, 6, 80, true },
		{ { .payload = 60, .proto = 132 }, 0, 8, 80, true },
		{ { .payload = 60, .ethertype = 0x0806 }, 0, 16, 80, true },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct frame f, before;
		struct virtio_net_hdr vh;
		struct iovec iov;

		build(&f, &cases[i].shape);
		put16be(f.b + f.l4 + 2, cases[i].port);
		vh = (struct virtio_net_hdr){ .flags = BLANK, .csum_start = (uint16_t)(f.l4 + cases[i].by),
					      .csum_offset = cases[i].offset };
		before = f;
		iov = (struct iovec){ f.b, f.len };
		assert_int_equal(vnet_prepare(&vh, &all, &iov, 1), VNET_SEND);
		assert_int_equal(vh.flags, cases[i].filled ? VIRTIO_NET_HDR_F_DATA_VALID : BLANK);
		assert_int_equal(memcmp(&f, &before, sizeof(f)) != 0, cases[i].filled);
		if (cases[i].filled)
			assert_int_equal(ref_sum(ref_sum(0, before.b + f.l4 + cases[i].by, f.len - f.l4 - cases[i].by),
						 f.b + f.l4 + cases[i].by + cases[i].offset, 2) & 0xffff, 0xffff);
	}
}

/* With an offload header a partial checksum stays as it is wherever it is, but for DHCP, and where the
 * receiver would say no. */
static void headed_checksums(void **state)
{
	static const struct vnet_peer headed = HEADED, filled = { .sg = true, .header = true };
	static const struct { struct shape shape; uint16_t by, offset, port; bool filled; } cases[] = {
		{ { .payload = 60 }, 0, 16, 80, false },
		{ { .payload = 60, .tags = { 0x8100 } }, 0, 16, 80, false },
		{ { .payload = 60, .tags = { 0x8100, 0x8100, 0x8100 } }, 0, 16, 80, false },
		{ { .payload = 60, .proto = UDP }, 30, 16, 4789, false },	/* that of an inner packet */
		{ { .payload = 60, .proto = 132 }, 0, 8, 80, false },
		{ { .payload = 60, .proto = UDP }, 0, 6, 67, true },
		{ { .payload = 60, .proto = UDP, .version = 6 }, 0, 6, 68, true },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct virtio_net_hdr vh;
		struct frame f, before;
		struct iovec iov;

		build(&f, &cases[i].shape);
		put16be(f.b + f.l4 + 2, cases[i].port);
		vh = (struct virtio_net_hdr){ .flags = BLANK, .csum_start = (uint16_t)(f.l4 + cases[i].by),
					      .csum_offset = cases[i].offset };
		before = f;
		iov = (struct iovec){ f.b, f.len };
		assert_int_equal(vnet_prepare(&vh, &headed, &iov, 1), VNET_SEND);
		assert_int_equal(vh.flags, cases[i].filled ? VIRTIO_NET_HDR_F_DATA_VALID : BLANK);
		assert_int_equal(memcmp(&f, &before, sizeof(f)) != 0, cases[i].filled);
		/* The rule --fill-checksums: it takes none. */
		assert_int_equal(vnet_prepare(&vh, &filled, &iov, 1), VNET_SEND);
		assert_int_equal(vh.flags, VIRTIO_NET_HDR_F_DATA_VALID);
	}
}

/* What a device left in fields that mean nothing in a frame is not sent: a receiver would drop it. */
static void headed_is_tidy(void **state)
{
	static const struct vnet_peer headed = HEADED, filled = { .sg = true, .header = true };
	static const uint8_t flags[] = { 0, VIRTIO_NET_HDR_F_DATA_VALID, BLANK };
	struct frame f;
	struct iovec iov;

	(void)state;
	build(&f, &(struct shape){ .payload = 60 });
	iov = (struct iovec){ f.b, f.len };
	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++)
		for (unsigned int how = 0; how < 2; how++) {
			struct virtio_net_hdr_mrg_rxbuf hdr = { .hdr = { .flags = (uint8_t)(flags[i] | 4), .hdr_len = 54, .gso_size = 9,
				.csum_start = (uint16_t)f.l4, .csum_offset = 16 } };

			assert_int_equal(vnet_prepare(&hdr.hdr, how ? &filled : &headed, &iov, 1), VNET_SEND);
			assert_int_equal(vnethdr_check(&hdr, 1, f.len, f.b, f.len), DROP_NONE);
		}
}

/* What a mask says of a peer comes back from it. */
static void masks_and_peers(void **state)
{
	static const uint32_t masks[] = { 0x01, 0x03, 0x05, 0x07, 0x61, 0x63, 0x65, 0x67 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(masks); i++) {
		struct vnet_peer peer = { .sg = true };

		vnet_peer_from_mask(&peer, masks[i]);
		assert_true(peer.header);
		assert_int_equal(vnet_peer_mask(&peer), masks[i]);
		assert_int_equal(vnet_tun_offloads(&peer) & ~(unsigned int)TUN_F_TSO_ECN, masks[i]);
		peer.sg = false;
		assert_int_equal(vnet_peer_mask(&peer), 0x01);
		assert_int_equal(vnet_tun_offloads(&peer), 0x01);
		peer.csum4 = peer.csum6 = false;
		assert_int_equal(vnet_peer_mask(&peer), 0);
		peer = (struct vnet_peer){ .csum4 = true, .sg = true };
		assert_int_equal(vnet_peer_mask(&peer), 0);
	}
}

/* A large segment keeps its partial checksum, or is split. It is never filled in as it is. */
static void split_what_is_not_taken(void **state)
{
	static const struct {
		struct shape shape;
		uint8_t gso_type;
		struct vnet_peer peer;
		bool cut;
	} cases[] = {
		{ { 0 }, VIRTIO_NET_HDR_GSO_NONE, { .csum4 = true }, false },
		{ { 0 }, VIRTIO_NET_HDR_GSO_TCPV4, { .sg = true, .gso4 = true, .csum4 = true }, false },
		{ { 0 }, VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN,
		  { .sg = true, .gso4 = true, .csum4 = true }, false },
		{ { 0 }, VIRTIO_NET_HDR_GSO_TCPV4, { .gso4 = true, .csum4 = true }, true },
		{ { 0 }, VIRTIO_NET_HDR_GSO_TCPV4, { .sg = true, .gso6 = true, .csum4 = true, .csum6 = true }, true },
		{ { 0 }, VIRTIO_NET_HDR_GSO_TCPV4, { .sg = true, .gso4 = true, .csum6 = true }, true },
		{ { .version = 6 }, VIRTIO_NET_HDR_GSO_TCPV6, { .sg = true, .gso6 = true, .csum6 = true }, false },
		{ { .version = 6 }, VIRTIO_NET_HDR_GSO_TCPV6, { .sg = true, .gso4 = true, .csum6 = true }, true },
		{ { .tags = { 0x8100 } }, VIRTIO_NET_HDR_GSO_TCPV4, { .sg = true, .gso4 = true, .csum4 = true }, true },
		/* The virtio header and the frame disagree. */
		{ { .version = 6 }, VIRTIO_NET_HDR_GSO_TCPV4, { .sg = true, .gso4 = true, .csum4 = true }, true },
		{ { 0 }, VIRTIO_NET_HDR_GSO_TCPV6, { .sg = true, .gso6 = true, .csum6 = true }, true },
		/* With an offload header tags are no obstacle. */
		{ { .payload = 99, .tags = { 0x8100 } }, VIRTIO_NET_HDR_GSO_TCPV4, HEADED, false },
		{ { .payload = 99, .tags = { 0x88a8, 0x8100 }, .version = 6 }, VIRTIO_NET_HDR_GSO_TCPV6, HEADED, false },
		{ { .payload = 99, .tags = { 0x8100, 0x8100, 0x8100 } }, VIRTIO_NET_HDR_GSO_TCPV4, HEADED, true },
		{ { .payload = 99, .version = 6 }, VIRTIO_NET_HDR_GSO_TCPV4, HEADED, true },
		{ { .payload = 99, .version = 6, .exts = 1, .ext = { 60 } }, VIRTIO_NET_HDR_GSO_TCPV6, HEADED, false },
		{ { .payload = 99, .proto = UDP }, VIRTIO_NET_HDR_GSO_UDP_L4, HEADED, false },
		{ { .payload = 99, .proto = UDP, .version = 6, .tags = { 0x8100 } }, VIRTIO_NET_HDR_GSO_UDP_L4, HEADED, false },
		/* UDP goes to nobody else. */
		{ { .payload = 99, .proto = UDP }, VIRTIO_NET_HDR_GSO_UDP_L4,
		  { .sg = true, .csum4 = true, .csum6 = true, .gso4 = true, .gso6 = true, .header = true }, true },
		{ { .payload = 99, .proto = UDP }, VIRTIO_NET_HDR_GSO_UDP_L4,
		  { .csum4 = true, .csum6 = true, .gso4 = true, .gso6 = true, .header = true, .uso = true }, true },
		{ { .payload = 99, .proto = UDP }, VIRTIO_NET_HDR_GSO_UDP_L4,
		  { .sg = true, .csum4 = true, .csum6 = true, .gso4 = true, .gso6 = true, .uso = true }, true },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct frame f, before;
		struct virtio_net_hdr vh;
		struct iovec iov;

		build(&f, &cases[i].shape);
		before = f;
		vh = (struct virtio_net_hdr){ .flags = BLANK, .gso_type = cases[i].gso_type, .gso_size = 1000,
					      .csum_start = (uint16_t)f.l4, .csum_offset = cases[i].shape.proto == UDP ? 6 : 16 };
		iov = (struct iovec){ f.b, f.len };
		assert_int_equal(vnet_prepare(&vh, &cases[i].peer, &iov, 1), cases[i].cut ? VNET_SEGMENT : VNET_SEND);
		assert_int_equal(vh.flags, BLANK);
		assert_int_equal(vh.hdr_len, cases[i].gso_type ? f.end : 0);
		assert_memory_equal(&f, &before, sizeof(f));
		iov.iov_len = 13;
		if (cases[i].gso_type)
			assert_int_equal(vnet_prepare(&vh, &cases[i].peer, &iov, 1), VNET_SEGMENT);
	}
}

static void complete_outside_frame(void **state)
{
	static const struct { uint16_t start, offset; } bad[] = {
		{ 59, 0 }, { 60, 0 }, { 0xffff, 0xffff }, { 0xfff0, 0x10 }, { 0, 59 }, { 44, 15 }, { 0x8000, 0x8000 },
	};
	uint8_t *frame = malloc(60);
	struct iovec iov = { frame, 60 };

	(void)state;
	assert_non_null(frame);
	memset(frame, 0, 60);
	put16be(frame + 12, 0x0800);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		struct virtio_net_hdr vh = { .flags = BLANK, .csum_start = bad[i].start, .csum_offset = bad[i].offset };

		assert_int_equal(vnet_prepare(&vh, &(struct vnet_peer){ 0 }, &iov, 1), VNET_BROKEN);
	}
	free(frame);
}

/* A checksum field that ends with the first run is inside it. */
static void complete_at_the_very_end(void **state)
{
	uint8_t *frame = calloc(1, 60);
	struct iovec iov = { frame, 60 };
	struct virtio_net_hdr vh = { .flags = BLANK, .csum_start = 44, .csum_offset = 14 };

	(void)state;
	assert_non_null(frame);
	put16be(frame + 12, 0x0800);
	frame[44] = 0x12;
	frame[59] = 0x34;
	assert_int_equal(vnet_prepare(&vh, &(struct vnet_peer){ 0 }, &iov, 1), VNET_SEND);
	assert_int_equal(frame[58] << 8 | frame[59], 0xffff & ~0x1234);
	free(frame);
}

/* --- the sender's rule compared with the receiver's -------------------------------------------- */

static const struct vnet_peer takes_all = { .csum4 = true, .csum6 = true, .gso4 = true, .gso6 = true, .sg = true };

/* Does what skb_checksum_setup() of Linux's net/core/skbuff.c does. Returns the offset of the
 * transport header, or 0 if Linux drops the frame. */
static unsigned int linux_finds(const struct frame *f)
{
	unsigned int type = f->b[12] * 256u + f->b[13], off = 40, end;
	const uint8_t *ip = f->b + 14;
	uint8_t next;

	if (type == 0x0800)
		return (ip[6] * 256u + ip[7]) & 0x3fff ? 0 : 14 + (ip[0] & 15) * 4u;
	if (type != 0x86dd)
		return 0;
	end = 40 + ip[4] * 256u + ip[5];
	for (next = ip[6]; next == 0 || next == 43 || next == 60 || next == 51 || next == 44;) {
		const uint8_t *header = ip + off;

		if (off > end || off + 8 > 256 || (next == 44 && ((header[2] * 256u + header[3]) & 0xfff9)))
			return 0;
		off += next == 44 ? 8 : next == 51 ? (header[1] + 2) * 4u : (header[1] + 1) * 8u;
		next = header[0];
	}
	return off > end || (next != TCP && next != UDP) ? 0 : 14 + off;
}

/* Applies the sender's rule to a frame. Returns true if it sends it unchanged; then both receivers'
 * rules must accept it. */
static bool goes_as_it_is(struct frame *f, const struct shape *s, bool large)
{
	struct virtio_net_hdr vh = make_blank(f, s), back;
	struct iovec iov = { f->b, f->len };
	struct pkt p = { .len = f->len };
	uint8_t head[VNET_HEAD_MAX];

	if (large) {
		vh.gso_type = s->version == 6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
		vh.gso_size = 1000;
	}
	if (vnet_prepare(&vh, &takes_all, &iov, 1) != VNET_SEND || !(vh.flags & BLANK))
		return false;
	assert_int_equal(vnet_to_pkt(&p, &vh), DROP_NONE);
	/* A receiver of netpair's first version copies no more than this. */
	memcpy(head, f->b, min_size(f->len, sizeof(head)));
	assert_int_equal(vnet_from_pkt(&back, &p, head, min_size(f->len, sizeof(head))), DROP_NONE);
	assert_int_equal(back.csum_start, f->l4);
	assert_int_equal(back.csum_offset, vh.csum_offset);
	assert_int_equal(back.gso_type, vh.gso_type);
	assert_int_equal(linux_finds(f), f->l4);
	return true;
}

/* Every length and kind of extension headers, TCP options and tags. */
static void sender_asks_the_receiver(void **state)
{
	static const uint8_t kinds[] = { 0, 43, 60, 44, 51, 135, 139, 140 };
	unsigned int sent = 0;

	(void)state;
	for (unsigned int kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
		for (unsigned int len = 0; len < 255; len++) {
			for (unsigned int n = 1; n <= 3; n += 2) {
				struct shape s = { .version = 6, .exts = (uint8_t)n, .ext = { kinds[kind], 60, 0 },
						   .ext_len = (uint8_t)len, .payload = 20,
						   .doff = (uint8_t)(5 + len % 11) };
				bool fits, plain = kinds[kind] == 0 || kinds[kind] == 43 || kinds[kind] == 60;
				struct frame f;

				if (n * 8 * (len + 1) + 160 > sizeof(f.b))
					continue;
				build(&f, &s);
				fits = plain && f.end <= VNET_HEAD_MAX;
				sent += fits;
				assert_int_equal(goes_as_it_is(&f, &s, true), fits);
				assert_int_equal(goes_as_it_is(&f, &s, false), fits);
			}
		}
	}
	assert_true(sent > 50);
}

/* Other frames: tags, IPv4 options, fragments, a payload length that ends inside the options. */
static void sender_asks_about_other_frames(void **state)
{
	static const struct { struct shape shape; bool as_it_is; } cases[] = {
		{ { .payload = 100 }, true }, { { .payload = 100, .ihl = 15, .doff = 15 }, true },
		{ { .payload = 100, .tags = { 0x8100 } }, false }, { { .payload = 100, .frag = 0x2000 }, false },
		{ { .payload = 100, .tags = { 0x88a8, 0x8100 } }, false },
		{ { .payload = 100, .tags = { 0x88a8, 0x8100, 0x8100 } }, false },
		{ { .payload = 100, .version = 6 }, true }, { { .payload = 100, .version = 6, .tags = { 0x8100 } }, false },
	};
	struct shape s = { .version = 6, .exts = 1, .ext = { 60 }, .ext_len = 3, .payload = 100 };
	struct frame f;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		build(&f, &cases[i].shape);
		assert_int_equal(goes_as_it_is(&f, &cases[i].shape, true), cases[i].as_it_is);
		assert_int_equal(goes_as_it_is(&f, &cases[i].shape, false), cases[i].as_it_is);
	}
	build(&f, &s);
	put16be(f.b + f.l3 + 4, 16);
	assert_false(goes_as_it_is(&f, &s, true));
	assert_false(goes_as_it_is(&f, &s, false));
	put16be(f.b + f.l3 + 4, 32);
	assert_true(goes_as_it_is(&f, &s, true));
}

/* A frame whose headers a receiver would not find is filled in or split, wherever the field is. */
static void long_options_are_filled_in(void **state)
{
	(void)state;
	for (unsigned int len = 30; len < 255; len += 3) {
		struct shape s = { .version = 6, .exts = 1, .ext = { 60 }, .ext_len = (uint8_t)len, .payload = 333 };
		const unsigned int runs[] = { 256 + len % 3 * 8, 128, 512, 8 };

		for (unsigned int n = 1; n <= 5; n++)
			expect_complete(&s, runs, n);
	}
}

/* A field that lies in two runs is refused: pages begin at even bytes, so no frame of ours has one. */
static void complete_across_runs(void **state)
{
	struct shape s = { .version = 6, .exts = 1, .ext = { 60 }, .ext_len = 60, .payload = 33 };
	struct virtio_net_hdr vh;
	struct iovec iov[2];
	struct frame f;

	(void)state;
	build(&f, &s);
	vh = make_blank(&f, &s);
	iov[0] = (struct iovec){ f.b, f.l4 + 17 };
	iov[1] = (struct iovec){ f.b + f.l4 + 17, f.len - f.l4 - 17 };
	assert_int_equal(vnet_prepare(&vh, &takes_all, iov, 2), VNET_BROKEN);
}

/* --- a private copy of the first bytes ----------------------------------------------------------- */

/* Lays a frame out in n runs. */
static void lay_runs(struct iovec *from, uint8_t *frame, unsigned int len, const unsigned int *runs, unsigned int n)
{
	unsigned int at = 0;

	for (unsigned int i = 0; i < n; i++) {
		unsigned int part = i == n - 1 ? len - at : (unsigned int)min_size(runs[i], len - at);

		from[i] = (struct iovec){ frame + at, part };
		at += part;
	}
}

/* Gathers a packet of len bytes in n runs. Checks that the virtio header, the copy, which must have
 * copied bytes, and the rest together are the frame. */
static void expect_gather(const uint8_t *bytes, unsigned int len, const unsigned int *runs, unsigned int n,
			  const struct pkt *like, enum drop result, size_t copied)
{
	uint8_t *frame = malloc(len ? len : 1), whole[8192];
	struct iovec from[8], out[9];
	unsigned int got = n;
	struct pkt p = *like;
	struct frame_head head;
	size_t sum = 0;

	assert_non_null(frame);
	memcpy(frame, bytes, len);
	p.len = len;
	lay_runs(from, frame, len, runs, n);
	memset(&head, 0xee, sizeof(head));
	assert_int_equal(frame_from_pkt(&head, &p, 0, out, from, &got), result);
	assert_in_range(got, 1, n + 1);
	assert_ptr_equal(out[0].iov_base, &head);
	assert_int_equal(out[0].iov_len, VNET_HDR_LEN + copied);
	for (unsigned int i = 0; i < got; i++) {
		assert_true(out[i].iov_len > 0);
		memcpy(whole + sum, out[i].iov_base, out[i].iov_len);
		sum += out[i].iov_len;
	}
	assert_int_equal(sum, VNET_HDR_LEN + len);
	assert_memory_equal(whole + VNET_HDR_LEN, bytes, len);
	/* The peer writes to its pages, and the copy does not change. */
	memset(frame, 0xff, len);
	assert_memory_equal(head.bytes, bytes, copied);
	free(frame);
}

static const unsigned int gather_runs[][7] = {
	{ 1000 }, { 255, 1 }, { 256 }, { 257 }, { 1, 1, 1, 1, 1, 1, 1 }, { 14, 40, 200, 2, 100, 100, 100 },
	{ 100, 100, 56, 300 }, { 200, 0, 100 },
};

static void gather(void **state)
{
	static const unsigned int lengths[] = { 14, 60, 255, 256, 257, 1000, 1514 };
	uint8_t frame[2048];

	(void)state;
	for (unsigned int i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 5 + 3);
	for (unsigned int r = 0; r < ARRAY_SIZE(gather_runs); r++)
		for (unsigned int l = 0; l < ARRAY_SIZE(lengths); l++)
			for (unsigned int n = 1; n <= 8; n++)
				expect_gather(frame, lengths[l], gather_runs[r], n, &(struct pkt){ 0 }, DROP_NONE,
					      min_size(lengths[l], VNET_HEAD_MAX));
}

/* A frame is accepted whose headers are longer than 256 bytes, which Linux sends. */
static void gather_long_headers(void **state)
{
	struct shape s = { .version = 6, .exts = 1, .ext = { 60 }, .payload = 600, .doff = 8 };
	struct frame f;

	(void)state;
	for (unsigned int len = 0; len < 80; len++) {
		enum drop result;
		size_t copied;

		s.ext_len = (uint8_t)len;
		build(&f, &s);
		copied = f.end <= VNET_HEAD_MAX ? VNET_HEAD_MAX : VNET_HEAD_LONG;
		result = f.end <= VNET_HEAD_LONG ? DROP_NONE : DROP_GSO;
		for (unsigned int r = 0; r < ARRAY_SIZE(gather_runs); r++)
			for (unsigned int n = 1; n <= 8; n++) {
				expect_gather(f.b, f.len, gather_runs[r], n, &gso6, result, copied);
				expect_gather(f.b, f.len, gather_runs[r], n, &blank,
					      result == DROP_NONE ? DROP_NONE : DROP_CSUM, copied);
			}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain), cmocka_unit_test(blank_tcp_udp), cmocka_unit_test(blank_vlan),
		cmocka_unit_test(blank_ipv4_options), cmocka_unit_test(blank_ipv4_header_lies),
		cmocka_unit_test(blank_fragments), cmocka_unit_test(blank_ipv6_extensions),
		cmocka_unit_test(ipv6_extensions_without_end), cmocka_unit_test(blank_not_tcp_nor_udp),
		cmocka_unit_test(truncated_anywhere), cmocka_unit_test(tcp_data_offset),
		cmocka_unit_test(gso), cmocka_unit_test(gso_on_the_wrong_frame), cmocka_unit_test(gso_truncated),
		cmocka_unit_test(gso_without_blank_gets_pseudo_header),
		cmocka_unit_test(to_pkt_flags), cmocka_unit_test(to_pkt_gso), cmocka_unit_test(to_pkt_and_back),
		cmocka_unit_test(tun_offloads), cmocka_unit_test(wire_lengths),
		cmocka_unit_test(complete_in_one_run), cmocka_unit_test(complete_over_runs),
		cmocka_unit_test(complete_largest), cmocka_unit_test(complete_udp_zero),
		cmocka_unit_test(complete_only_if_needed), cmocka_unit_test(complete_outside_frame),
		cmocka_unit_test(complete_what_is_not_found), cmocka_unit_test(split_what_is_not_taken), cmocka_unit_test(headed_checksums), cmocka_unit_test(headed_is_tidy),
		cmocka_unit_test(masks_and_peers),
		cmocka_unit_test(complete_at_the_very_end), cmocka_unit_test(complete_across_runs),
		cmocka_unit_test(sender_asks_the_receiver), cmocka_unit_test(sender_asks_about_other_frames),
		cmocka_unit_test(long_options_are_filled_in),
		cmocka_unit_test(gather), cmocka_unit_test(gather_long_headers),
	};

	return RUN_TESTS(tests);
}
