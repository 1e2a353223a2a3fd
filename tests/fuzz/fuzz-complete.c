/* SPDX-License-Identifier: MIT */
/* fuzz-complete.c - filling a blank checksum in: any header over any frame in any runs
 *
 * Input: the virtio_net_hdr (10 bytes), what the peer takes (1), run lengths
 * (4), then the frame. The result is held against a sum taken byte by byte.
 */
#include "../../common/offload.h"
#include "fuzz.h"

#define RUNS 5u

/* RFC 1071 in the plainest way. */
static uint32_t plain_sum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? p[i] : p[i] * 256u;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (sum & 0xffff) + (sum >> 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct virtio_net_hdr vh, was;
	struct vnet_peer peer;
	struct iovec iov[RUNS];
	uint8_t bits, cuts[RUNS - 1], *frame, *before;
	size_t at, field, len;

	eat(&vh, sizeof(vh), &data, &size);
	bits = eat8(&data, &size);
	eat(cuts, sizeof(cuts), &data, &size);
	was = vh;
	peer = (struct vnet_peer){ .csum4 = bits & 1, .csum6 = bits & 2 };
	len = size < 65535 ? size : 65535;
	frame = malloc(len + 1);
	before = malloc(len + 1);
	PROMISE(frame && before);
	if (len) {
		memcpy(frame, data, len);
		memcpy(before, data, len);
	}
	/* The first run holds all headers, the others are cut anywhere. */
	at = min_size(len, VNET_HEAD_MAX + cuts[0] % 7u);
	iov[0] = (struct iovec){ frame, at };
	for (unsigned int i = 1; i < RUNS; i++) {
		size_t n = i == RUNS - 1 ? len - at : min_size(len - at, cuts[i]);

		iov[i] = (struct iovec){ frame + at, n };
		at += n;
	}
	field = (size_t)vh.csum_start + vh.csum_offset;
	if (vnet_complete(&vh, &peer, iov, RUNS) < 0) {
		PROMISE(was.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);
		PROMISE(field + 2 > iov[0].iov_len);
		PROMISE(memcmp(frame, before, len) == 0);
	} else if (memcmp(&vh, &was, sizeof(vh)) == 0) {
		PROMISE(memcmp(frame, before, len) == 0);
		PROMISE(!(was.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || peer.csum4 || peer.csum6 || was.gso_type);
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
	free(frame);
	free(before);
	return 0;
}
