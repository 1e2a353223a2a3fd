/* SPDX-License-Identifier: MIT */
/* offload.c - header parsing in private bytes; ring metadata <-> virtio_net_hdr */
#include <errno.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <string.h>

#include "offload.h"

#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_IPV6 0x86ddu
#define ETHERTYPE_VLAN 0x8100u
#define ETHERTYPE_QINQ 0x88a8u

#define TCP_CSUM_OFFSET 16u
#define UDP_CSUM_OFFSET 6u
#define TCP_HLEN_MIN 20u
#define UDP_HLEN 8u

/* Where the headers of a frame are, in bytes from its start. */
struct headers {
	uint8_t version;	/* 4, 6; 0: not IP */
	uint8_t proto;		/* IPPROTO_TCP or _UDP if l4 is set */
	uint16_t l3;
	uint16_t l4;		/* 0: no transport header here (other protocol, fragment) */
	uint16_t end;		/* past the transport header */
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Passes over the Ethernet header and up to two VLAN tags. */
static uint16_t parse_ethernet(const uint8_t *b, size_t len, struct headers *h)
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

static void parse_l4(const uint8_t *b, size_t len, struct headers *h, uint8_t proto, size_t at)
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

static void parse_ipv4(const uint8_t *b, size_t len, struct headers *h)
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
	parse_l4(b, len, h, ip[9], h->l3 + hlen);
}

static bool is_ipv6_option(uint8_t proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_DSTOPTS;
}

static void parse_ipv6(const uint8_t *b, size_t len, struct headers *h)
{
	size_t at = h->l3 + 40u;
	uint8_t proto;

	if (len < at || (b[h->l3] >> 4) != 6)
		return;
	h->version = 6;
	proto = b[h->l3 + 6];
	while (is_ipv6_option(proto)) {		/* RFC 8200 4: units of 8 bytes, less the first */
		if (len < at + 8)
			return;
		proto = b[at];
		at += (b[at + 1] + 1u) * 8u;
	}
	parse_l4(b, len, h, proto, at);
}

static struct headers parse(const uint8_t *b, size_t len)
{
	struct headers h = { 0 };
	uint16_t type = parse_ethernet(b, len, &h);

	if (type == ETHERTYPE_IPV4)
		parse_ipv4(b, len, &h);
	else if (type == ETHERTYPE_IPV6)
		parse_ipv6(b, len, &h);
	return h;
}

static uint32_t sum_bytes(uint32_t sum, const uint8_t *p, size_t len)
{
	for (; len > 1; p += 2, len -= 2)
		sum += get16(p);
	if (len)
		sum += (uint32_t)p[0] << 8;
	return (sum & 0xffff) + (sum >> 16);
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Writes the pseudo header's sum where a blank checksum has it. */
static void write_pseudo(uint8_t *b, const struct headers *h, uint32_t frame_len)
{
	const uint8_t *ip = b + h->l3;
	uint32_t sum = h->proto + (frame_len - h->l4);

	if (h->version == 4)
		sum = sum_bytes(sum, ip + 12, 8);
	else
		sum = sum_bytes(sum, ip + 8, 32);
	put16(b + h->l4 + TCP_CSUM_OFFSET, fold(sum));
}

static enum vnet_result gso_from_pkt(struct virtio_net_hdr *vh, const struct pkt *p,
				     const struct headers *h, uint8_t *head)
{
	bool v4 = p->gso_type == XEN_NETIF_GSO_TYPE_TCPV4;

	if (!h->l4 || h->proto != IPPROTO_TCP || h->version != (v4 ? 4 : 6))
		return VNET_BAD_GSO;
	vh->gso_type = v4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	vh->gso_size = p->gso_size;
	vh->hdr_len = h->end;
	if (!p->csum_blank)
		write_pseudo(head, h, p->len);
	return VNET_OK;
}

enum vnet_result vnet_from_pkt(struct virtio_net_hdr *vh, const struct pkt *p,
			       uint8_t *head, size_t head_len)
{
	struct headers h;

	memset(vh, 0, sizeof(*vh));
	if (!p->csum_blank && p->gso_type == XEN_NETIF_GSO_TYPE_NONE) {
		vh->flags = p->csum_valid ? VIRTIO_NET_HDR_F_DATA_VALID : 0;
		return VNET_OK;
	}
	h = parse(head, min_size(head_len, p->len));
	if (p->gso_type != XEN_NETIF_GSO_TYPE_NONE) {
		enum vnet_result r = gso_from_pkt(vh, p, &h, head);

		if (r != VNET_OK)
			return r;
	}
	if (!h.l4)
		return VNET_BAD_CSUM;
	vh->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	vh->csum_start = h.l4;
	vh->csum_offset = h.proto == IPPROTO_TCP ? TCP_CSUM_OFFSET : UDP_CSUM_OFFSET;
	return VNET_OK;
}

unsigned int vnet_gather(struct vnet_head *head, struct iovec *out, const struct iovec *from, unsigned int n)
{
	unsigned int runs = 1;
	size_t copied = 0;

	for (unsigned int i = 0; i < n; i++) {
		size_t part = min_size(from[i].iov_len, VNET_HEAD_MAX - copied);
		uint8_t *data = from[i].iov_base;

		memcpy(head->bytes + copied, data, part);
		copied += part;
		if (part < from[i].iov_len)
			out[runs++] = (struct iovec){ data + part, from[i].iov_len - part };
	}
	out[0] = (struct iovec){ head, VNET_HDR_LEN + copied };
	return runs;
}

int vnet_to_pkt(struct pkt *p, const struct virtio_net_hdr *vh)
{
	p->csum_blank = vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	p->csum_valid = vh->flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID);
	p->gso_type = XEN_NETIF_GSO_TYPE_NONE;
	p->gso_size = 0;
	switch (vh->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return 0;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		p->gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
		break;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		p->gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
		break;
	default:
		return -EINVAL;
	}
	if (vh->gso_size == 0)
		return -EINVAL;
	p->gso_size = vh->gso_size;
	return 0;
}

unsigned int vnet_tun_offloads(const struct vnet_peer *peer)
{
	unsigned int f = 0;

	if (!peer->csum4 && !peer->csum6)
		return 0;
	f |= TUN_F_CSUM;
	/* A large segment has a blank checksum and needs many slots. */
	if (peer->sg && peer->gso4 && peer->csum4)
		f |= TUN_F_TSO4 | TUN_F_TSO_ECN;
	if (peer->sg && peer->gso6 && peer->csum6)
		f |= TUN_F_TSO6 | TUN_F_TSO_ECN;
	return f;
}

/* One's complement sum of the frame from byte start on, run by run. */
static uint16_t sum_iov(const struct iovec *iov, unsigned int n, size_t start)
{
	uint32_t sum = 0;
	bool odd = false;

	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *p = iov[i].iov_base;
		size_t len = iov[i].iov_len;
		uint32_t part;

		if (start >= len) {
			start -= len;
			continue;
		}
		part = fold(sum_bytes(0, p + start, len - start));
		/* After an odd run the bytes of this one trade places. */
		sum += odd ? (part >> 8 | (part & 0xff) << 8) : part;
		odd ^= (len - start) & 1;
		start = 0;
	}
	return fold(sum);
}

int vnet_complete(struct virtio_net_hdr *vh, const struct vnet_peer *peer,
		  const struct iovec *iov, unsigned int n)
{
	size_t at = (size_t)vh->csum_start + vh->csum_offset;
	uint8_t *head = iov[0].iov_base;
	struct headers h = { 0 };
	uint16_t type, sum;

	if (!(vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || (peer->csum4 && peer->csum6))
		return 0;
	type = parse_ethernet(head, iov[0].iov_len, &h);
	if ((type == ETHERTYPE_IPV4 && peer->csum4) || (type == ETHERTYPE_IPV6 && peer->csum6))
		return 0;
	if (at + 2 > iov[0].iov_len)
		return -EINVAL;
	sum = (uint16_t)~sum_iov(iov, n, vh->csum_start);
	/* RFC 768: a UDP checksum of 0 means none, so all ones stands for it. */
	put16(head + at, sum == 0 && vh->csum_offset == UDP_CSUM_OFFSET ? 0xffff : sum);
	vh->flags = VIRTIO_NET_HDR_F_DATA_VALID;
	vh->csum_start = vh->csum_offset = 0;
	return 0;
}
