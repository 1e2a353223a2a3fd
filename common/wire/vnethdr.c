/* SPDX-License-Identifier: MIT */
/* vnethdr.c - the rules of docs/vnet-header.md, for vnethdr.h */
#include <netinet/in.h>

#include "headers.h"
#include "vnethdr.h"

#define VNETHDR_FLAGS (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID)

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a header lies in a page as in a struct");
static_assert(sizeof(struct virtio_net_hdr_mrg_rxbuf) == 12, "the header of docs/vnet-header.md");

uint32_t vnethdr_usable(uint32_t mask)
{
	mask &= VNETHDR_ALL;
	if (!(mask & VNETHDR_CSUM))
		return 0;
	return (mask & VNETHDR_USO) == VNETHDR_USO ? mask : mask & ~VNETHDR_USO;
}

uint32_t vnethdr_gso_bit(uint8_t gso_type)
{
	switch (gso_type) {
	case VIRTIO_NET_HDR_GSO_TCPV4:
	case VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN:
		return VNETHDR_TSO4;
	case VIRTIO_NET_HDR_GSO_TCPV6:
	case VIRTIO_NET_HDR_GSO_TCPV6 | VIRTIO_NET_HDR_GSO_ECN:
		return VNETHDR_TSO6;
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		return VNETHDR_USO;
	}
	return 0;
}

void vnethdr_tidy(struct virtio_net_hdr *vh)
{
	vh->flags &= VNETHDR_FLAGS;
	if (!(vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		vh->csum_start = vh->csum_offset = 0;
	if (vh->gso_type == VIRTIO_NET_HDR_GSO_NONE)
		vh->hdr_len = vh->gso_size = 0;
}

/* Returns whether the headers that were found are those that a large segment's header means. */
static bool vnethdr_is_found(const struct virtio_net_hdr *vh, const struct headers *h)
{
	uint32_t bit = vnethdr_gso_bit(vh->gso_type);
	bool udp = bit == VNETHDR_USO;

	return h->l4 && h->proto == (udp ? IPPROTO_UDP : IPPROTO_TCP) &&
	       (udp || h->version == (bit == VNETHDR_TSO4 ? 4 : 6)) && vh->csum_start == h->l4 &&
	       vh->csum_offset == (udp ? UDP_CSUM_OFFSET : TCP_CSUM_OFFSET) && vh->hdr_len == h->end;
}

enum drop vnethdr_fits(const struct virtio_net_hdr *vh, uint32_t mask, uint32_t len, const struct headers *h)
{
	bool blank = vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM, large = vh->gso_type != VIRTIO_NET_HDR_GSO_NONE;

	if ((vh->flags & ~VNETHDR_FLAGS) || (!blank && (vh->csum_start || vh->csum_offset)) ||
	    (!large && (vh->hdr_len || vh->gso_size)))
		return DROP_HEADER;
	if (blank && (!(mask & VNETHDR_CSUM) || vh->csum_start < VNETHDR_CSUM_START_MIN ||
		      (uint32_t)vh->csum_start + vh->csum_offset + 2 > len))
		return DROP_CSUM;
	if (!large)
		return DROP_NONE;
	if (!(mask & vnethdr_gso_bit(vh->gso_type)) || !blank || vh->gso_size < VNETHDR_GSO_SIZE_MIN || vh->hdr_len >= len)
		return DROP_GSO;
	return vnethdr_is_found(vh, h) ? DROP_NONE : DROP_GSO;
}

enum drop vnethdr_check(const struct virtio_net_hdr_mrg_rxbuf *hdr, uint32_t mask, uint32_t len,
			const uint8_t *head, size_t head_len)
{
	struct headers h = { .l4 = 0 };

	if (hdr->num_buffers)
		return DROP_HEADER;
	if (hdr->hdr.gso_type != VIRTIO_NET_HDR_GSO_NONE)
		h = headers_parse(head, min_size(head_len, len));
	return vnethdr_fits(&hdr->hdr, mask, len, &h);
}
