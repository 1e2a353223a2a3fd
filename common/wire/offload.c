/* SPDX-License-Identifier: MIT */
/* offload.c - ring metadata <-> virtio_net_hdr, and checksums that the peer does not take blank */
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <string.h>

#include "headers.h"
#include "offload.h"
#include "vnethdr.h"

#define DHCP_SERVER_PORT 67u
#define DHCP_CLIENT_PORT 68u

static enum drop offload_gso_from_pkt(struct virtio_net_hdr *vh, const struct pkt *p,
				      const struct headers *h, uint8_t *head)
{
	bool v4 = p->gso_type == XEN_NETIF_GSO_TYPE_TCPV4;

	if (!h->l4 || h->proto != IPPROTO_TCP || h->version != (v4 ? 4 : 6))
		return DROP_GSO;
	vh->gso_type = v4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	vh->gso_size = p->gso_size;
	vh->hdr_len = h->end;
	if (!p->csum_blank)
		put16(head + h->l4 + TCP_CSUM_OFFSET, headers_pseudo(head, h, p->len - h->l4));
	return DROP_NONE;
}

enum drop vnet_from_pkt(struct virtio_net_hdr *vh, const struct pkt *p, uint8_t *head, size_t head_len)
{
	struct headers h;

	memset(vh, 0, sizeof(*vh));
	if (!p->csum_blank && p->gso_type == XEN_NETIF_GSO_TYPE_NONE) {
		vh->flags = p->csum_valid ? VIRTIO_NET_HDR_F_DATA_VALID : 0;
		return DROP_NONE;
	}
	h = headers_parse(head, min_size(head_len, p->len));
	if (p->gso_type != XEN_NETIF_GSO_TYPE_NONE) {
		enum drop drop = offload_gso_from_pkt(vh, p, &h, head);

		if (drop != DROP_NONE)
			return drop;
	}
	if (!h.l4)
		return DROP_CSUM;
	vh->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	vh->csum_start = h.l4;
	vh->csum_offset = h.proto == IPPROTO_TCP ? TCP_CSUM_OFFSET : UDP_CSUM_OFFSET;
	return DROP_NONE;
}

enum drop vnet_to_pkt(struct pkt *p, const struct virtio_net_hdr *vh)
{
	p->csum_blank = vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	p->csum_valid = vh->flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID);
	p->gso_type = XEN_NETIF_GSO_TYPE_NONE;
	p->gso_size = 0;
	switch (vh->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return DROP_NONE;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		p->gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
		break;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		p->gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
		break;
	default:
		return DROP_GSO;
	}
	if (vh->gso_size < PKT_GSO_SIZE_MIN)
		return DROP_GSO;
	p->gso_size = vh->gso_size;
	return DROP_NONE;
}

uint32_t vnet_wire_len(const struct virtio_net_hdr *vh, uint32_t len)
{
	uint32_t payload = len - vh->hdr_len;

	if (vh->gso_type == VIRTIO_NET_HDR_GSO_NONE || vh->hdr_len >= len || payload <= vh->gso_size ||
	    vh->gso_size < PKT_GSO_SIZE_MIN)
		return len;
	return payload + (payload + vh->gso_size - 1u) / vh->gso_size * vh->hdr_len;
}

void vnet_peer_from_mask(struct vnet_peer *peer, uint32_t mask)
{
	peer->header = true;
	peer->csum4 = peer->csum6 = mask & VNETHDR_CSUM;
	peer->gso4 = mask & VNETHDR_TSO4;
	peer->gso6 = mask & VNETHDR_TSO6;
	peer->uso = (mask & VNETHDR_USO) == VNETHDR_USO;
}

static bool offload_takes_gso(const struct vnet_peer *peer, uint8_t gso_type)
{
	/* A large segment has a blank checksum and needs many slots. */
	switch (vnethdr_gso_bit(gso_type)) {
	case VNETHDR_TSO4:
		return peer->sg && peer->gso4 && peer->csum4;
	case VNETHDR_TSO6:
		return peer->sg && peer->gso6 && peer->csum6;
	case VNETHDR_USO:
		return peer->sg && peer->header && peer->uso && peer->csum4 && peer->csum6;
	}
	return false;
}

uint32_t vnet_peer_mask(const struct vnet_peer *peer)
{
	if (!peer->header || !peer->csum4)
		return 0;
	return VNETHDR_CSUM | (offload_takes_gso(peer, VIRTIO_NET_HDR_GSO_TCPV4) ? VNETHDR_TSO4 : 0) |
	       (offload_takes_gso(peer, VIRTIO_NET_HDR_GSO_TCPV6) ? VNETHDR_TSO6 : 0) |
	       (offload_takes_gso(peer, VIRTIO_NET_HDR_GSO_UDP_L4) ? VNETHDR_USO : 0);
}

unsigned int vnet_tun_offloads(const struct vnet_peer *peer)
{
	unsigned int f = 0;

	if (!peer->csum4 && !peer->csum6)
		return 0;
	f |= TUN_F_CSUM;
	if (offload_takes_gso(peer, VIRTIO_NET_HDR_GSO_TCPV4))
		f |= TUN_F_TSO4 | TUN_F_TSO_ECN;
	if (offload_takes_gso(peer, VIRTIO_NET_HDR_GSO_TCPV6))
		f |= TUN_F_TSO6 | TUN_F_TSO_ECN;
	if (offload_takes_gso(peer, VIRTIO_NET_HDR_GSO_UDP_L4))
		f |= VNETHDR_USO;
	return f;
}

/* Returns the folded sum of the frame from byte start on. */
static uint16_t offload_sum_iov(const struct iovec *iov, unsigned int n, size_t start)
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
		part = headers_fold(headers_sum(0, p + start, len - start));
		/* After a run of odd length the bytes of this one are swapped. */
		sum += odd ? (part >> 8 | (part & 0xff) << 8) : part;
		odd ^= (len - start) & 1;
		start = 0;
	}
	return headers_fold(sum);
}

/* Returns whether the header that the receiver finds by itself is the one that vh
 * means. A receiver takes the first one, and does not skip VLAN tags. */
static bool offload_is_found(const struct virtio_net_hdr *vh, const struct headers *h)
{
	uint16_t field = h->proto == IPPROTO_TCP ? TCP_CSUM_OFFSET : UDP_CSUM_OFFSET;

	if (!h->l4 || h->l3 != ETH_HLEN)
		return false;
	return !(vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || (vh->csum_start == h->l4 && vh->csum_offset == field);
}

/* A frame that is to be sent: its private first bytes, what was found in them, and with an offload header the
 * length of it all. */
struct offload_frame {
	const uint8_t *head;
	uint32_t len;
	struct headers h;
};

/* Returns whether the peer takes a frame's header as an offload header. */
static bool offload_is_headed(const struct virtio_net_hdr *vh, const struct vnet_peer *peer, const struct offload_frame *f)
{
	uint32_t mask = peer->csum4 ? VNETHDR_CSUM : 0;

	if (vh->gso_type != VIRTIO_NET_HDR_GSO_NONE && offload_takes_gso(peer, vh->gso_type))
		mask |= vnethdr_gso_bit(vh->gso_type);
	return vnethdr_fits(vh, mask, f->len, &f->h) == DROP_NONE;
}

/* Returns whether a blank checksum may stay blank. */
static bool offload_takes_blank(const struct virtio_net_hdr *vh, const struct vnet_peer *peer, const struct offload_frame *f)
{
	const struct headers *h = &f->h;
	uint16_t port;

	if (peer->header ? !offload_is_headed(vh, peer, f) :
	    !offload_is_found(vh, h) || !(h->version == 4 ? peer->csum4 : peer->csum6))
		return false;
	if (h->proto != IPPROTO_UDP)
		return true;
	/* DHCP clients read raw frames, and many drop frames with a blank checksum. */
	port = get16(f->head + h->l4 + 2);
	return port != DHCP_CLIENT_PORT && port != DHCP_SERVER_PORT;
}

/* Returns whether a large segment may stay large, with a blank checksum. Sets hdr_len. */
static bool offload_takes_large(struct virtio_net_hdr *vh, const struct vnet_peer *peer, const struct offload_frame *f)
{
	const struct headers *h = &f->h;
	bool v4 = (vh->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) == VIRTIO_NET_HDR_GSO_TCPV4;

	/* The kernel's hdr_len is the length of the linear part of its buffer. */
	vh->hdr_len = h->l4 ? h->end : (uint16_t)(vh->csum_start + TCP_HLEN_MIN);
	if (peer->header)
		return offload_is_headed(vh, peer, f);
	return offload_takes_gso(peer, vh->gso_type) && offload_is_found(vh, h) &&
	       h->proto == IPPROTO_TCP && h->version == (v4 ? 4 : 6);
}

static uint32_t offload_length(const struct iovec *iov, unsigned int n)
{
	uint32_t len = 0;

	for (unsigned int i = 0; i < n; i++)
		len += (uint32_t)iov[i].iov_len;
	return len;
}

/* Returns the address of the two bytes at offset at; NULL: they are not in one run. */
static uint8_t *offload_csum_field(const struct iovec *iov, unsigned int n, size_t at)
{
	for (unsigned int i = 0; i < n; i++) {
		if (at + 2 <= iov[i].iov_len)
			return (uint8_t *)iov[i].iov_base + at;
		if (at < iov[i].iov_len)
			return NULL;
		at -= iov[i].iov_len;
	}
	return NULL;
}

enum vnet_step vnet_prepare(struct virtio_net_hdr *vh, const struct vnet_peer *peer,
			    const struct iovec *iov, unsigned int n)
{
	bool blank = vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM, large = vh->gso_type != VIRTIO_NET_HDR_GSO_NONE;
	UNINITIALISED uint8_t head[VNET_HEAD_MAX];
	size_t head_len = min_size(iov[0].iov_len, VNET_HEAD_MAX);
	struct offload_frame f = { .head = head };
	uint8_t *field;
	uint16_t sum;

	if (peer->header)
		vnethdr_tidy(vh);
	if (!blank && !large)
		return VNET_SEND;
	/* The peer may write to the frame's page while we parse it. */
	memcpy(head, iov[0].iov_base, head_len);
	f.h = headers_parse(head, head_len);
	if (peer->header)
		f.len = offload_length(iov, n);
	if (large)
		return offload_takes_large(vh, peer, &f) ? VNET_SEND : VNET_SEGMENT;
	if (offload_takes_blank(vh, peer, &f))
		return VNET_SEND;
	field = offload_csum_field(iov, n, (size_t)vh->csum_start + vh->csum_offset);
	if (!field)
		return VNET_BROKEN;
	sum = (uint16_t)~offload_sum_iov(iov, n, vh->csum_start);
	/* RFC 768: a UDP checksum of 0 means none, so all ones stands for it. */
	put16(field, sum == 0 && vh->csum_offset == UDP_CSUM_OFFSET ? 0xffff : sum);
	vh->flags = VIRTIO_NET_HDR_F_DATA_VALID;
	vh->csum_start = vh->csum_offset = 0;
	return VNET_SEND;
}
