/* SPDX-License-Identifier: MIT */
/* frame.c - frames to packets, packets to frames */
#include <string.h>

#include "frame.h"
#include "vnethdr.h"

unsigned int frame_trim(struct iovec *iov, unsigned int n, uint32_t len)
{
	unsigned int used = 0;
	size_t left = len;

	for (; used < n && left; used++) {
		iov[used].iov_len = min_size(left, iov[used].iov_len);
		left -= iov[used].iov_len;
	}
	return used;
}

enum drop frame_to_pkt(struct pkt *p, struct tso *tso, struct virtio_net_hdr *vh,
		       const struct vnet_peer *peer, const struct iovec *iov, unsigned int n)
{
	bool segment = false;
	enum drop drop = DROP_NONE;

	p->header = peer->header;
	if (p->len < PKT_LEN_MIN)
		return DROP_SHORT;
	switch (vnet_prepare(vh, peer, iov, n)) {
	case VNET_BROKEN:
		return DROP_CSUM;
	case VNET_SEGMENT:
		segment = true;
		break;
	case VNET_SEND:
		/* An XDP program sees one page: with headroom there are no large frames. */
		segment = p->headroom && vh->gso_type != VIRTIO_NET_HDR_GSO_NONE;
		break;
	}
	if (segment)
		return tso_begin(tso, vh, iov, n, XEN_PAGE - pkt_first(p)) < 0 ? DROP_GSO : DROP_NONE;
	if (p->header)
		p->gso_size = vh->gso_size;
	else
		drop = vnet_to_pkt(p, vh);
	if (drop != DROP_NONE)
		return drop;
	p->slots = (uint16_t)pkt_slots_for(p);
	return p->slots > (peer->sg ? PKT_SLOTS_MAX : 1 + pkt_extras(p)) ? DROP_SLOTS : DROP_NONE;
}

void frame_plain_header(uint8_t *out)
{
	const struct virtio_net_hdr_mrg_rxbuf hdr = { .hdr.flags = 0 };

	memcpy(out, &hdr, sizeof(hdr));
}

void frame_next_segment(struct pkt *p, struct tso *tso, enum pkt_layout layout, uint8_t *out, uint16_t headroom)
{
	const struct virtio_net_hdr_mrg_rxbuf valid = { .hdr.flags = VIRTIO_NET_HDR_F_DATA_VALID };

	memset(p, 0, offsetof(struct pkt, piece));
	p->len = tso_take(tso, out);
	p->header = layout == PKT_HEADED;
	p->csum_valid = !p->header;
	p->headroom = headroom;
	if (p->header)
		memcpy(out - VNET_HDR_LEN, &valid, sizeof(valid));
	p->slots = (uint16_t)pkt_slots_for(p);
}

/* Appends bytes of the runs in from, without the first skip of the first one, to the have bytes in
 * head until it has most bytes, and lays out over head and the rest. Returns the number of runs. */
static unsigned int frame_copy_head(struct frame_head *head, size_t have, size_t most, struct iovec *out,
				    const struct iovec *from, unsigned int n, size_t skip)
{
	unsigned int runs = 1;

	for (unsigned int i = 0; i < n; i++) {
		size_t len = from[i].iov_len - skip, part = min_size(len, most - have);
		uint8_t *data = (uint8_t *)from[i].iov_base + skip;

		if (part)
			memcpy(head->bytes + have, data, part);
		have += part;
		if (part < len)
			out[runs++] = (struct iovec){ data + part, len - part };
		skip = 0;
	}
	out[0] = (struct iovec){ head, VNET_HDR_LEN + have };
	return runs;
}

/* Does what frame_from_pkt() says of a packet with an offload header. */
static enum drop frame_from_headed(struct frame_head *head, struct pkt *p, uint32_t mask, struct iovec *out,
				   const struct iovec *from, unsigned int *n)
{
	enum drop drop;

	/* The only time that it is read. */
	memcpy(&head->hdr, from[0].iov_base, sizeof(head->hdr));
	*n = frame_copy_head(head, 0, head->hdr.hdr.gso_type ? VNET_HEAD_MAX : 0, out, from, *n, VNET_HDR_LEN);
	drop = vnethdr_check(&head->hdr, mask, p->len, head->bytes, out[0].iov_len - VNET_HDR_LEN);
	if (drop == DROP_GSO && *n > 1) {
		*n = frame_copy_head(head, out[0].iov_len - VNET_HDR_LEN, VNET_HEAD_LONG, out, out + 1, *n - 1, 0);
		drop = vnethdr_check(&head->hdr, mask, p->len, head->bytes, out[0].iov_len - VNET_HDR_LEN);
	}
	p->gso_size = drop == DROP_NONE ? head->hdr.hdr.gso_size : 0;
	return drop;
}

enum drop frame_from_pkt(struct frame_head *head, struct pkt *p, uint32_t mask, struct iovec *out,
			 const struct iovec *from, unsigned int *n)
{
	enum drop drop;

	if (p->header)
		return frame_from_headed(head, p, mask, out, from, n);
	memset(&head->hdr, 0, sizeof(head->hdr));
	*n = frame_copy_head(head, 0, VNET_HEAD_MAX, out, from, *n, 0);
	drop = vnet_from_pkt(&head->hdr.hdr, p, head->bytes, out[0].iov_len - VNET_HDR_LEN);
	if (drop == DROP_NONE || *n == 1)
		return drop;
	*n = frame_copy_head(head, out[0].iov_len - VNET_HDR_LEN, VNET_HEAD_LONG, out, out + 1, *n - 1, 0);
	return vnet_from_pkt(&head->hdr.hdr, p, head->bytes, out[0].iov_len - VNET_HDR_LEN);
}

enum drop frame_from_private(struct virtio_net_hdr_mrg_rxbuf *hdr, struct pkt *p, uint32_t mask, struct iovec *out)
{
	enum drop drop;

	if (p->header) {
		*out = (struct iovec){ hdr, VNET_HDR_LEN + p->len };
		drop = vnethdr_check(hdr, mask, p->len, (uint8_t *)hdr + VNET_HDR_LEN, min_size(p->len, VNET_HEAD_LONG));
		p->gso_size = drop == DROP_NONE ? hdr->hdr.gso_size : 0;
		return drop;
	}
	memset(hdr, 0, sizeof(*hdr));
	*out = (struct iovec){ hdr, VNET_HDR_LEN + p->len };
	return vnet_from_pkt(&hdr->hdr, p, (uint8_t *)hdr + VNET_HDR_LEN, p->len);
}
