/* SPDX-License-Identifier: MIT */
/* run-frame.c - a device's frame becomes a packet that the peer takes, or is dropped with a reason
 *
 * run-offload.c tests what frame_from_pkt() makes of headers in runs of any length.
 */
#include "unit.h"
#include "common/wire/frame.c"

static const struct vnet_peer all = { .csum4 = true, .csum6 = true, .gso4 = true, .gso6 = true, .sg = true };
static const struct vnet_peer none = { 0 };

static uint8_t bytes[PKT_LEN_MAX];
static uint8_t segments[PKT_LEN_MAX];
static struct tso tso;
static struct pkt pkt;

/* Builds an IPv4 TCP frame of len bytes in bytes[], and clears pkt. Returns its virtio header. */
static struct virtio_net_hdr start(uint32_t len, uint16_t gso_size)
{
	memset(bytes, 0, sizeof(bytes));
	bytes[12] = 8;
	bytes[14] = 0x45;
	bytes[16] = (uint8_t)((len - 14) >> 8);
	bytes[17] = (uint8_t)(len - 14);
	bytes[23] = 6;
	bytes[46] = 0x50;
	for (uint32_t i = 54; i < len; i++)
		bytes[i] = (uint8_t)(i * 7);
	memset(&pkt, 0, sizeof(pkt));
	pkt.len = len;
	tso = (struct tso){ .frame = segments };
	return (struct virtio_net_hdr){
		.flags = gso_size ? VIRTIO_NET_HDR_F_NEEDS_CSUM : 0, .csum_start = gso_size ? 34 : 0,
		.csum_offset = gso_size ? 16 : 0, .hdr_len = gso_size ? 54 : 0, .gso_size = gso_size,
		.gso_type = gso_size ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_NONE,
	};
}

static enum drop to_pkt(struct virtio_net_hdr vh, const struct vnet_peer *peer)
{
	struct iovec iov = { bytes, pkt.len };

	return frame_to_pkt(&pkt, &tso, &vh, peer, &iov, 1);
}

static void plain(void **state)
{
	(void)state;
	for (uint32_t len = 0; len < PKT_LEN_MIN; len++) {
		start(54, 0);
		pkt.len = len;
		assert_int_equal(to_pkt((struct virtio_net_hdr){ 0 }, &all), DROP_SHORT);
	}
	assert_int_equal(to_pkt(start(60, 0), &none), DROP_NONE);
	assert_int_equal(pkt.slots, 1);
	assert_int_equal(to_pkt(start(4096, 0), &none), DROP_NONE);
	assert_int_equal(pkt.slots, 1);
	assert_int_equal(to_pkt(start(4097, 0), &all), DROP_NONE);
	assert_int_equal(pkt.slots, 2);
	assert_int_equal(to_pkt(start(65535, 0), &all), DROP_NONE);
	assert_int_equal(pkt.slots, 16);
	assert_false(tso.left);
}

static void too_many_slots(void **state)
{
	struct virtio_net_hdr vh;

	(void)state;
	assert_int_equal(to_pkt(start(4097, 0), &none), DROP_SLOTS);
	/* An extra needs a slot too, and the packet still fits. */
	vh = start(4096, 0);
	pkt.hashed = true;
	assert_int_equal(to_pkt(vh, &none), DROP_NONE);
	assert_int_equal(pkt.slots, 2);
	vh = start(65535, 0);
	pkt.hashed = true;
	pkt.headroom = 64;
	assert_int_equal(to_pkt(vh, &all), DROP_SLOTS);
}

static void bad_offloads(void **state)
{
	struct virtio_net_hdr vh;

	(void)state;
	vh = start(60, 0);
	vh.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	vh.csum_start = 59;
	assert_int_equal(to_pkt(vh, &none), DROP_CSUM);
	vh = start(3000, 7);	/* segments of less than 8 bytes */
	assert_int_equal(to_pkt(vh, &all), DROP_GSO);
	vh = start(3000, 1000);
	vh.gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
	assert_int_equal(to_pkt(vh, &none), DROP_GSO);
	assert_false(tso.left);
}

/* Takes every segment of the split frame. Returns their number. */
static unsigned int take_segments(uint16_t headroom, uint32_t most)
{
	static uint8_t out[XEN_PAGE];
	unsigned int n = 0;

	for (; tso.left; n++) {
		memset(&pkt, 0xee, sizeof(pkt));
		frame_next_segment(&pkt, &tso, PKT_PLAIN, out, headroom);
		assert_in_range(pkt.len, 55, most);
		assert_int_equal(pkt.slots, headroom ? 2 : 1);
		assert_int_equal(pkt.headroom, headroom);
		assert_int_equal(pkt.gso_type, XEN_NETIF_GSO_TYPE_NONE);
		assert_int_equal(pkt.drop, DROP_NONE);
		assert_true(pkt.csum_valid && !pkt.csum_blank && !pkt.hashed && !pkt.mcast);
	}
	return n;
}

static void large(void **state)
{
	struct virtio_net_hdr vh;

	(void)state;
	assert_int_equal(to_pkt(start(54 + 10000, 1000), &all), DROP_NONE);
	assert_false(tso.left);
	assert_int_equal(pkt.slots, 4);
	assert_int_equal(pkt.gso_size, 1000);
	/* The peer does not take GSO. */
	assert_int_equal(to_pkt(start(54 + 10000, 1000), &none), DROP_NONE);
	assert_true(tso.left);
	assert_int_equal(take_segments(0, 1054), 10);
	/* The peer takes GSO, but not with headroom: its XDP program sees one page. */
	vh = start(54 + 10000, 9000);
	pkt.headroom = 256;
	assert_int_equal(to_pkt(vh, &all), DROP_NONE);
	assert_true(tso.left);
	assert_int_equal(take_segments(256, XEN_PAGE - 256), 3);
}

static void trimming(void **state)
{
	static const struct { uint32_t len; unsigned int runs; size_t last; } cases[] = {
		{ 0, 0, 0 }, { 1, 1, 1 }, { 4096, 1, 4096 }, { 4097, 2, 1 }, { 8192, 2, 4096 }, { 12288, 3, 4096 },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct iovec iov[3] = { { bytes, 4096 }, { bytes, 4096 }, { bytes, 4096 } };
		size_t sum = 0;

		assert_int_equal(frame_trim(iov, 3, cases[i].len), cases[i].runs);
		for (unsigned int r = 0; r < cases[i].runs; r++)
			sum += iov[r].iov_len;
		assert_int_equal(sum, cases[i].len);
		if (cases[i].runs)
			assert_int_equal(iov[cases[i].runs - 1].iov_len, cases[i].last);
	}
}

/* A packet in one run of private memory: the virtio header goes in front of it. */
static void from_private(void **state)
{
	uint8_t buf[VNET_HDR_LEN + 100];
	struct iovec out;

	(void)state;
	start(100, 0);
	memset(buf, 0xee, VNET_HDR_LEN);
	memcpy(buf + VNET_HDR_LEN, bytes, 100);
	pkt.csum_blank = pkt.csum_valid = true;
	assert_int_equal(frame_from_private((struct virtio_net_hdr_mrg_rxbuf *)(void *)buf, &pkt, 0, &out), DROP_NONE);
	assert_ptr_equal(out.iov_base, buf);
	assert_int_equal(out.iov_len, sizeof(buf));
	assert_int_equal(buf[0], VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(buf[1], VIRTIO_NET_HDR_GSO_NONE);
	assert_memory_equal(buf + VNET_HDR_LEN, bytes, 100);
	buf[VNET_HDR_LEN + 23] = 1;	/* ICMP */
	assert_int_equal(frame_from_private((struct virtio_net_hdr_mrg_rxbuf *)(void *)buf, &pkt, 0, &out), DROP_CSUM);
}

/* --- with an offload header ----------------------------------------------------------------- */

static const struct vnet_peer headed = { .csum4 = true, .csum6 = true, .gso4 = true, .gso6 = true, .sg = true,
					 .header = true, .uso = true };

/* Twelve bytes of the first slot are the header's, and no slot is an extra's. */
static void headed_slots(void **state)
{
	static const struct { uint32_t len; unsigned int slots; } cases[] = {
		{ 60, 1 }, { 4084, 1 }, { 4085, 2 }, { 4096, 2 }, { 8180, 2 }, { 8181, 3 }, { 65524, 16 }, { 65535, 17 },
	};
	struct vnet_peer one = headed;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(to_pkt(start(cases[i].len, 0), &headed), DROP_NONE);
		assert_true(pkt.header && !pkt.csum_valid && !pkt.gso_size);
		assert_int_equal(pkt.slots, cases[i].slots);
	}
	assert_int_equal(to_pkt(start(54 + 10000, 1000), &headed), DROP_NONE);
	assert_true(pkt.header && !pkt.csum_blank && pkt.gso_type == XEN_NETIF_GSO_TYPE_NONE && pkt.gso_size == 1000);
	assert_int_equal(pkt.slots, 3);
	one.sg = false;
	assert_int_equal(to_pkt(start(4084, 0), &one), DROP_NONE);
	assert_int_equal(to_pkt(start(4085, 0), &one), DROP_SLOTS);
}

/* What the receiver would not take is segmented: its own check decides. */
static void headed_segments(void **state)
{
	static uint8_t out[XEN_PAGE];
	const struct virtio_net_hdr_mrg_rxbuf *hdr = (const void *)out;
	struct virtio_net_hdr vh;
	struct vnet_peer peer = headed;

	(void)state;
	assert_int_equal(to_pkt(start(54 + 640, 64), &headed), DROP_NONE);
	assert_false(tso.left);
	assert_int_equal(to_pkt(start(54 + 630, 63), &headed), DROP_NONE);
	assert_true(tso.left);
	peer.gso4 = false;
	assert_int_equal(to_pkt(start(54 + 9000, 1000), &peer), DROP_NONE);
	assert_true(tso.left);
	/* A checksum that is not partial. */
	vh = start(54 + 9000, 8000);
	vh.flags = 0;
	vh.csum_start = vh.csum_offset = 0;
	assert_int_equal(to_pkt(vh, &headed), DROP_NONE);
	assert_true(tso.left);
	memset(out, 0xee, sizeof(out));
	frame_next_segment(&pkt, &tso, PKT_HEADED, out + VNET_HDR_LEN, 0);
	assert_int_equal(pkt.len, XEN_PAGE - VNET_HDR_LEN);
	assert_int_equal(pkt.slots, 1);
	assert_true(pkt.header && !pkt.csum_valid);
	assert_int_equal(hdr->hdr.flags, VIRTIO_NET_HDR_F_DATA_VALID);
	assert_int_equal(vnethdr_check(hdr, 1, pkt.len, out + VNET_HDR_LEN, pkt.len), DROP_NONE);
}

/* Sends the frame in bytes[] with that header, in runs of which the first has first bytes behind it. */
static enum drop from_headed(const struct virtio_net_hdr *vh, uint32_t len, uint32_t first, struct frame_head *head, struct iovec *out, unsigned int *n)
{
	static uint8_t page[VNET_HDR_LEN + PKT_LEN_MAX];
	const struct virtio_net_hdr_mrg_rxbuf hdr = { .hdr = *vh };

	memcpy(page, &hdr, sizeof(hdr));
	memcpy(page + sizeof(hdr), bytes, len);
	pkt = (struct pkt){ .len = len, .header = true };
	out[1] = (struct iovec){ page, VNET_HDR_LEN + first };
	out[2] = (struct iovec){ page + VNET_HDR_LEN + first, len - first };
	*n = first < len ? 2 : 1;
	return frame_from_pkt(head, &pkt, 0x67, out, out + 1, n);
}

/* Of a frame without GSO no byte is copied; of a large one those that are parsed. The runs are the frame. */
static void headed_from_runs(void **state)
{
	static const uint32_t firsts[] = { 0, 1, 53, 54, 255, 256, 257, 600, 3000 };
	static uint8_t got[PKT_LEN_MAX + VNET_HDR_LEN];
	struct frame_head head;
	struct iovec out[4];
	unsigned int n;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(firsts); i++)
		for (uint16_t size = 0; size <= 1000; size += 1000) {
			struct virtio_net_hdr vh = start(3000, size);
			size_t at = 0;

			memset(&head, 0xee, sizeof(head));
			assert_int_equal(from_headed(&vh, 3000, firsts[i], &head, out, &n), DROP_NONE);
			assert_int_equal(pkt.gso_size, size);
			assert_ptr_equal(out[0].iov_base, &head);
			assert_int_equal(out[0].iov_len, VNET_HDR_LEN + (size ? 256 : 0));
			for (unsigned int r = 0; r < n; at += out[r++].iov_len)
				memcpy(got + at, out[r].iov_base, out[r].iov_len);
			assert_int_equal(at, VNET_HDR_LEN + 3000);
			assert_memory_equal(got, &vh, sizeof(vh));
			assert_memory_equal(got + VNET_HDR_LEN, bytes, 3000);
		}
}

static void headed_lies(void **state)
{
	struct frame_head head;
	struct virtio_net_hdr vh = start(3000, 1000);
	struct iovec out[4];
	unsigned int n;

	(void)state;
	vh.hdr_len = 60;
	assert_int_equal(from_headed(&vh, 3000, 100, &head, out, &n), DROP_GSO);
	assert_int_equal(pkt.gso_size, 0);
	vh = start(3000, 0);
	vh.flags = 0x10;
	assert_int_equal(from_headed(&vh, 3000, 100, &head, out, &n), DROP_HEADER);
	vh = start(3000, 0);
	vh.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	vh.csum_start = 2999;
	assert_int_equal(from_headed(&vh, 3000, 3000, &head, out, &n), DROP_CSUM);
}

/* A packet that was copied with its header is sent from there. */
static void headed_from_private(void **state)
{
	_Alignas(struct virtio_net_hdr_mrg_rxbuf) uint8_t buf[VNET_HDR_LEN + 3000];
	struct virtio_net_hdr vh = start(3000, 1000);
	struct virtio_net_hdr_mrg_rxbuf *hdr = (void *)buf;
	struct iovec out;

	(void)state;
	*hdr = (struct virtio_net_hdr_mrg_rxbuf){ .hdr = vh };
	memcpy(buf + VNET_HDR_LEN, bytes, 3000);
	pkt.header = true;
	assert_int_equal(frame_from_private(hdr, &pkt, 0x67, &out), DROP_NONE);
	assert_ptr_equal(out.iov_base, buf);
	assert_int_equal(out.iov_len, sizeof(buf));
	assert_int_equal(pkt.gso_size, 1000);
	assert_memory_equal(&hdr->hdr, &vh, sizeof(vh));
	assert_int_equal(frame_from_private(hdr, &pkt, 0x61, &out), DROP_GSO);
	assert_int_equal(pkt.gso_size, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain), cmocka_unit_test(too_many_slots), cmocka_unit_test(bad_offloads),
		cmocka_unit_test(large), cmocka_unit_test(trimming), cmocka_unit_test(from_private),
		cmocka_unit_test(headed_slots), cmocka_unit_test(headed_segments), cmocka_unit_test(headed_from_runs),
		cmocka_unit_test(headed_lies), cmocka_unit_test(headed_from_private),
	};

	return RUN_TESTS(tests);
}
