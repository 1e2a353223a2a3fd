/* SPDX-License-Identifier: MIT */
/* frame.c - frames to packets, packets to frames */
#include <string.h>

#include "frame.h"

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
	enum drop drop;

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
		return tso_begin(tso, vh, iov, n, pkt_part(p)) < 0 ? DROP_GSO : DROP_NONE;
	drop = vnet_to_pkt(p, vh);
	if (drop != DROP_NONE)
		return drop;
	p->slots = (uint16_t)pkt_slots_for(p);
	return p->slots > (peer->sg ? PKT_SLOTS_MAX : 1 + pkt_extras(p)) ? DROP_SLOTS : DROP_NONE;
}

void frame_next_segment(struct pkt *p, struct tso *tso, uint8_t *out, uint16_t headroom)
{
	memset(p, 0, offsetof(struct pkt, piece));
	p->len = tso_take(tso, out);
	p->csum_valid = true;
	p->headroom = headroom;
	p->slots = (uint16_t)pkt_slots_for(p);
}

/* Appends bytes of the runs in from to the have bytes in head until it has most
 * bytes, and lays out over head and the rest. Returns the number of runs. */
static unsigned int frame_copy_head(struct frame_head *head, size_t have, size_t most, struct iovec *out,
				    const struct iovec *from, unsigned int n)
{
	unsigned int runs = 1;

	for (unsigned int i = 0; i < n; i++) {
		size_t part = min_size(from[i].iov_len, most - have);
		uint8_t *data = from[i].iov_base;

		if (part)
			memcpy(head->bytes + have, data, part);
		have += part;
		if (part < from[i].iov_len)
			out[runs++] = (struct iovec){ data + part, from[i].iov_len - part };
	}
	out[0] = (struct iovec){ head, VNET_HDR_LEN + have };
	return runs;
}

enum drop frame_from_pkt(struct frame_head *head, const struct pkt *p, struct iovec *out,
			 const struct iovec *from, unsigned int *n)
{
	enum drop drop;

	memset(&head->hdr, 0, sizeof(head->hdr));
	*n = frame_copy_head(head, 0, VNET_HEAD_MAX, out, from, *n);
	drop = vnet_from_pkt(&head->hdr.hdr, p, head->bytes, out[0].iov_len - VNET_HDR_LEN);
	if (drop == DROP_NONE || *n == 1)
		return drop;
	*n = frame_copy_head(head, out[0].iov_len - VNET_HDR_LEN, VNET_HEAD_LONG, out, out + 1, *n - 1);
	return vnet_from_pkt(&head->hdr.hdr, p, head->bytes, out[0].iov_len - VNET_HDR_LEN);
}

enum drop frame_from_private(struct virtio_net_hdr_mrg_rxbuf *hdr, const struct pkt *p, struct iovec *out)
{
	memset(hdr, 0, sizeof(*hdr));
	*out = (struct iovec){ hdr, VNET_HDR_LEN + p->len };
	return vnet_from_pkt(&hdr->hdr, p, (uint8_t *)hdr + VNET_HDR_LEN, p->len);
}
