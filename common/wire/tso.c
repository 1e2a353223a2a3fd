/* SPDX-License-Identifier: MIT */
/* tso.c - TCP and UDP segmentation, IPv4 and IPv6 (RFC 9293; RFC 3168 for CWR; RFC 768) */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "tso.h"
#include "vnethdr.h"

#define TCP_FIN 0x01u
#define TCP_PSH 0x08u
#define TCP_CWR 0x80u

static uint32_t tso_get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void tso_put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

/* Returns a - b in one's complement. */
static uint16_t tso_less(uint16_t a, uint32_t b)
{
	return headers_fold((uint32_t)a + (uint16_t)~headers_fold(b));
}

/* Returns whether the frame's headers are those of a large frame of that type. */
static bool tso_is_type(const struct headers *h, uint8_t type)
{
	switch (type) {
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return h->proto == IPPROTO_TCP && h->version == 4;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return h->proto == IPPROTO_TCP && h->version == 6;
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		return h->proto == IPPROTO_UDP;
	}
	return false;
}

/* Returns whether segments of so many bytes may be made, in at most most bytes each. TCP's may become
 * shorter; datagrams are what a program sent, and can be of any size. */
static bool tso_is_size(const struct headers *h, uint32_t payload, uint16_t size, uint32_t most)
{
	if (h->proto == IPPROTO_UDP)
		return size > 0 && h->end + min_size(size, payload) <= most;
	return size >= PKT_GSO_SIZE_MIN && h->end < most;
}

static uint32_t tso_csum_field(const struct headers *h)
{
	return h->l4 + (h->proto == IPPROTO_UDP ? UDP_CSUM_OFFSET : TCP_CSUM_OFFSET);
}

int tso_begin(struct tso *s, const struct virtio_net_hdr *vh,
	      const struct iovec *iov, unsigned int n, uint32_t most)
{
	uint8_t type = vh->gso_type & ~VIRTIO_NET_HDR_GSO_ECN, *frame = s->frame;
	uint32_t len = 0, l4_len;

	*s = (struct tso){ .frame = frame };
	for (unsigned int i = 0; i < n; i++) {
		if (iov[i].iov_len > PKT_LEN_MAX - len)
			return -EINVAL;
		if (iov[i].iov_len)
			memcpy(frame + len, iov[i].iov_base, iov[i].iov_len);
		len += (uint32_t)iov[i].iov_len;
	}
	s->len = len;
	s->h = headers_parse(frame, len);
	if (!tso_is_type(&s->h, type) || !tso_is_size(&s->h, len - s->h.end, vh->gso_size, most))
		return -EINVAL;
	/* vh means the inner packet of a tunnel, not the first header. */
	if ((vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) && vh->csum_start != s->h.l4)
		return -EINVAL;
	l4_len = len - s->h.l4;
	/* A blank checksum field holds the pseudo header's sum. It has the final
	 * destination even if a routing header names it. */
	s->pseudo = vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM ?
		tso_less(get16(frame + tso_csum_field(&s->h)), l4_len) : headers_pseudo(frame, &s->h, 0);
	s->size = (uint16_t)min_size(vh->gso_size, most - s->h.end);
	s->next = s->h.end;
	s->left = true;
	return 0;
}

static void tso_fix_ip(const struct tso *s, uint8_t *out, uint32_t len)
{
	uint8_t *ip = out + s->h.l3;

	if (s->h.version == 6) {
		put16(ip + 4, (uint16_t)(len - s->h.l3 - 40u));
		return;
	}
	put16(ip + 2, (uint16_t)(len - s->h.l3));
	put16(ip + 4, (uint16_t)(get16(ip + 4) + s->count));
	put16(ip + 10, 0);
	put16(ip + 10, (uint16_t)~headers_fold(headers_sum(0, ip, (ip[0] & 15u) * 4u)));
}

static void tso_fix_tcp(const struct tso *s, uint8_t *out, bool last)
{
	uint8_t *tcp = out + s->h.l4;

	tso_put32(tcp + 4, tso_get32(tcp + 4) + (s->next - s->h.end));
	if (!last)
		tcp[13] &= (uint8_t)~(TCP_FIN | TCP_PSH);
	if (s->count)
		tcp[13] &= (uint8_t)~TCP_CWR;
}

/* Fills in the checksum of a segment, which is otherwise complete. */
static void tso_fix_csum(const struct tso *s, uint8_t *out, uint32_t len)
{
	uint8_t *field = out + tso_csum_field(&s->h), *l4 = out + s->h.l4;
	uint32_t l4_len = len - s->h.l4;
	uint16_t sum;

	put16(field, 0);
	sum = (uint16_t)~headers_fold(headers_sum(s->pseudo + l4_len, l4, l4_len));
	/* RFC 768: a UDP checksum of 0 means none, so all ones stands for it. */
	put16(field, sum == 0 && s->h.proto == IPPROTO_UDP ? 0xffff : sum);
}

uint32_t tso_take(struct tso *s, uint8_t *out)
{
	uint32_t part = (uint32_t)min_size(s->len - s->next, s->size), len = s->h.end + part;

	if (!s->left)
		return 0;
	memcpy(out, s->frame, s->h.end);
	memcpy(out + s->h.end, s->frame + s->next, part);
	tso_fix_ip(s, out, len);
	if (s->h.proto == IPPROTO_UDP)
		put16(out + s->h.l4 + 4, (uint16_t)(len - s->h.l4));
	else
		tso_fix_tcp(s, out, s->next + part == s->len);
	tso_fix_csum(s, out, len);
	s->next += part;
	s->count++;
	s->left = s->next < s->len;
	return len;
}
