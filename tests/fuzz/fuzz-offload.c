/* SPDX-License-Identifier: MIT */
/* fuzz-offload.c - turns any packet's offloads and headers into a virtio_net_hdr, and back
 *
 * Input: flags (1 byte), GSO type (1) and size (2), the number of bytes beyond our copy (2), then the
 * frame. The header must be valid for the frame, and the frame may change in the checksum only.
 */
#include "common/wire/offload.h"
#include "fuzz.h"

static bool is_tcp_field(const struct virtio_net_hdr *vh)
{
	return vh->csum_offset == 16 || vh->csum_offset == 6;
}

static void check_header(const struct virtio_net_hdr *vh, const struct pkt *p, size_t head_len)
{
	if (vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		PROMISE(is_tcp_field(vh) && vh->csum_start >= 34);
		PROMISE((size_t)vh->csum_start + vh->csum_offset + 2 <= head_len);
	} else {
		PROMISE(vh->csum_start == 0 && vh->csum_offset == 0);
		PROMISE(!p->csum_blank && p->gso_type == XEN_NETIF_GSO_TYPE_NONE);
	}
	if (vh->gso_type != VIRTIO_NET_HDR_GSO_NONE) {
		PROMISE(vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);
		PROMISE(vh->gso_size == p->gso_size && vh->csum_offset == 16);
		PROMISE(vh->hdr_len >= vh->csum_start + 20u && vh->hdr_len <= head_len);
		PROMISE(vnet_wire_len(vh, p->len) >= p->len);
	}
}

/* Checks that no byte of the frame has changed but the two of its checksum. */
static void check_only_field(const uint8_t *now, const uint8_t *before, size_t len, size_t at)
{
	for (size_t i = 0; i < len; i++)
		PROMISE(now[i] == before[i] || i == at || i == at + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t flags = eat8(&data, &size);
	uint8_t type = eat8(&data, &size);
	uint16_t gso = eat16(&data, &size), beyond = eat16(&data, &size);
	struct pkt p = { .csum_blank = flags & 1, .csum_valid = flags & 3 }, back;
	struct virtio_net_hdr vh;
	uint8_t *head, *before;
	enum drop r;

	if (size > 4096)
		size = 4096;
	if (type % 3) {
		p.gso_type = type % 3;
		p.gso_size = gso < PKT_GSO_SIZE_MIN ? PKT_GSO_SIZE_MIN : gso;
	}
	p.len = (uint32_t)size + beyond % 60000;
	head = malloc(size + 1);
	before = malloc(size + 1);
	PROMISE(head && before);
	if (size) {
		memcpy(head, data, size);
		memcpy(before, data, size);
	}
	memset(&vh, 0xa5, sizeof(vh));
	r = vnet_from_pkt(&vh, &p, head, size);
	PROMISE(r == DROP_NONE || r == DROP_CSUM || r == DROP_GSO);
	PROMISE(r != DROP_GSO || p.gso_type != XEN_NETIF_GSO_TYPE_NONE);
	if (r == DROP_NONE) {
		check_header(&vh, &p, size);
		check_only_field(head, before, size, (size_t)vh.csum_start + vh.csum_offset);
		if (p.csum_blank || p.gso_type == XEN_NETIF_GSO_TYPE_NONE)
			PROMISE(memcmp(head, before, size) == 0);
		/* A header that goes over the ring and back is the same. */
		memset(&back, 0, sizeof(back));
		PROMISE(vnet_to_pkt(&back, &vh) == DROP_NONE);
		PROMISE(back.gso_type == p.gso_type && back.gso_size == p.gso_size);
		PROMISE(back.csum_blank == (p.csum_blank || p.gso_type));
	}
	free(head);
	free(before);
	return 0;
}
