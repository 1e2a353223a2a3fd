/* SPDX-License-Identifier: MIT */
/* fuzz-complete.c - prepares a frame for its receiver: any virtio header, any frame, in any runs of memory
 *
 * Input: the virtio_net_hdr (10 bytes), what the peer takes (1), run lengths (4), then the frame.
 *
 * What must hold:
 * - a checksum that was filled in is that of a sum taken byte by byte;
 * - a frame that is sent unchanged passes the receiver's parser.
 */
#include "common/wire/offload.h"
#include "common/wire/vnethdr.h"
#include "fuzz.h"

#define RUNS 5u

/* Returns the sum of RFC 1071, added up word by word. */
static uint32_t plain_sum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? p[i] : p[i] * 256u;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (sum & 0xffff) + (sum >> 16);
}

/* Returns true if the two bytes at field are in two runs. */
static bool shared(const struct iovec *iov, size_t field)
{
	size_t end = 0;

	for (unsigned int i = 0; i < RUNS; i++) {
		end += iov[i].iov_len;
		if (end == field + 1)
			return true;
	}
	return false;
}

/* Checks that a receiver takes the offload header of a frame that is sent. */
static void check_headed(const struct virtio_net_hdr *vh, const struct vnet_peer *peer, const uint8_t *frame, size_t len)
{
	const struct virtio_net_hdr_mrg_rxbuf hdr = { .hdr = *vh };
	uint8_t head[VNET_HEAD_LONG];
	size_t n = min_size(len, sizeof(head));

	if (n)
		memcpy(head, frame, n);
	PROMISE(vnethdr_check(&hdr, vnet_peer_mask(peer), (uint32_t)len, head, n) == DROP_NONE);
}

/* Checks the same without an offload header. */
static void check_found(const struct virtio_net_hdr *vh, const uint8_t *frame, size_t len)
{
	struct pkt p = { .len = (uint32_t)len };
	struct virtio_net_hdr back;
	uint8_t head[VNET_HEAD_MAX];

	memset(head, 0, sizeof(head));
	if (len)
		memcpy(head, frame, min_size(len, sizeof(head)));
	if (vnet_to_pkt(&p, vh) != DROP_NONE)
		return;
	PROMISE(vnet_from_pkt(&back, &p, head, min_size(len, sizeof(head))) == DROP_NONE);
	if (!(vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return;
	PROMISE(back.csum_start == vh->csum_start && back.csum_offset == vh->csum_offset);
	PROMISE(back.gso_type == (vh->gso_type & ~VIRTIO_NET_HDR_GSO_ECN));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct virtio_net_hdr vh, was;
	struct vnet_peer peer;
	enum vnet_step step;
	struct iovec iov[RUNS];
	uint8_t bits, cuts[RUNS - 1], *frame, *before;
	size_t at, field, len;

	eat(&vh, sizeof(vh), &data, &size);
	bits = eat8(&data, &size);
	eat(cuts, sizeof(cuts), &data, &size);
	was = vh;
	peer = (struct vnet_peer){ .csum4 = bits & 1, .csum6 = bits & 2, .gso4 = bits & 4, .gso6 = bits & 8, .sg = bits & 16,
				   .header = bits & 32, .uso = bits & 64 };
	/* One bit of a mask is for both. */
	if (peer.header) {
		peer.csum6 = peer.csum4;
		vnethdr_tidy(&was);
	}
	len = size < 65535 ? size : 65535;
	frame = malloc(len + 1);
	before = malloc(len + 1);
	PROMISE(frame && before);
	if (len) {
		memcpy(frame, data, len);
		memcpy(before, data, len);
	}
	/* The first run holds all headers. The other runs end anywhere. */
	at = min_size(len, VNET_HEAD_MAX + cuts[0] % 7u);
	iov[0] = (struct iovec){ frame, at };
	for (unsigned int i = 1; i < RUNS; i++) {
		size_t n = i == RUNS - 1 ? len - at : min_size(len - at, cuts[i]);

		iov[i] = (struct iovec){ frame + at, n };
		at += n;
	}
	field = (size_t)vh.csum_start + vh.csum_offset;
	step = vnet_prepare(&vh, &peer, iov, RUNS);
	if (was.gso_type)
		was.hdr_len = vh.hdr_len;
	if (step == VNET_BROKEN) {
		PROMISE(was.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && !was.gso_type);
		PROMISE(field + 2 > len || shared(iov, field));
		PROMISE(memcmp(frame, before, len) == 0);
	} else if (memcmp(&vh, &was, sizeof(vh)) == 0) {
		PROMISE(memcmp(frame, before, len) == 0);
		PROMISE(step == VNET_SEND || was.gso_type);
		if (step == VNET_SEND && !peer.header)
			check_found(&vh, frame, len);
	} else {
		uint32_t sum = plain_sum(before + was.csum_start, len - was.csum_start);
		uint16_t want = (uint16_t)~sum;

		if (want == 0 && was.csum_offset == 6)
			want = 0xffff;
		PROMISE(was.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && vh.flags == VIRTIO_NET_HDR_F_DATA_VALID);
		PROMISE((frame[field] << 8 | frame[field + 1]) == want);
		frame[field] = before[field];
		frame[field + 1] = before[field + 1];
		PROMISE(memcmp(frame, before, len) == 0);
	}
	if (peer.header && step == VNET_SEND)
		check_headed(&vh, &peer, frame, len);
	free(frame);
	free(before);
	return 0;
}
