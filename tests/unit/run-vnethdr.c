/* SPDX-License-Identifier: MIT */
/* run-vnethdr.c - the offload header: masks, and each rule of docs/vnet-header.md kept and broken */
#include "unit.h"
#include "common/wire/vnethdr.c"

#define BLANK VIRTIO_NET_HDR_F_NEEDS_CSUM
#define VALID VIRTIO_NET_HDR_F_DATA_VALID
#define ALL 0x67u
#define TCP 6
#define UDP 17

static uint8_t frame[2000];
static struct virtio_net_hdr_mrg_rxbuf hdr;
static uint32_t len;

/* Builds a frame of 1500 bytes, behind so many VLAN tags, and the header that fits it. */
static void build(unsigned int version, uint8_t proto, unsigned int tags)
{
	uint16_t at = 14, l4;

	memset(frame, 0, sizeof(frame));
	for (unsigned int i = 0; i < tags; i++, at += 4)
		put16(frame + at - 2, 0x8100);
	put16(frame + at - 2, version == 6 ? 0x86dd : 0x0800);
	len = 1500;
	if (version == 6) {
		frame[at] = 0x60;
		put16(frame + at + 4, (uint16_t)(len - at - 40));
		frame[at + 6] = proto;
	} else {
		frame[at] = 0x45;
		frame[at + 9] = proto;
	}
	l4 = (uint16_t)(at + (version == 6 ? 40 : 20));
	if (proto == TCP)
		frame[l4 + 12] = 0x50;
	hdr = (struct virtio_net_hdr_mrg_rxbuf){ .hdr = {
		.flags = BLANK, .gso_size = 500, .csum_start = l4, .csum_offset = proto == UDP ? 6 : 16,
		.hdr_len = (uint16_t)(l4 + (proto == UDP ? 8 : 20)),
		.gso_type = proto == UDP ? VIRTIO_NET_HDR_GSO_UDP_L4 : version == 6 ? VIRTIO_NET_HDR_GSO_TCPV6 :
			VIRTIO_NET_HDR_GSO_TCPV4 } };
}

static enum drop check(uint32_t mask)
{
	return vnethdr_check(&hdr, mask, len, frame, len < 512 ? len : 512);
}

/* Sets a field of a good header and checks the verdict. */
#define LIE(build_, field_, value_, drop_) do { \
		build_; \
		hdr.field_ = (value_); \
		assert_string_equal(drop_name(check(ALL)), drop_name(drop_)); \
	} while (0)

static void plain(void) { build(4, TCP, 0); memset(&hdr, 0, sizeof(hdr)); }
static void partial(void) { build(4, TCP, 0); hdr.hdr.gso_type = 0; hdr.hdr.gso_size = hdr.hdr.hdr_len = 0; }

static void masks(void **state)
{
	(void)state;
	assert_int_equal(vnethdr_usable(0), 0);
	assert_int_equal(vnethdr_usable(0x66), 0);
	assert_int_equal(vnethdr_usable(0x01), 0x01);
	assert_int_equal(vnethdr_usable(0x67), 0x67);
	assert_int_equal(vnethdr_usable(0x27), 0x07);
	assert_int_equal(vnethdr_usable(0x47), 0x07);
	assert_int_equal(vnethdr_usable(0xffffffff), 0x67);
	assert_int_equal(vnethdr_usable(0xffffff99), 0x01);
	for (unsigned int type = 0; type < 256; type++) {
		uint32_t want = type == 1 || type == 0x81 ? 2 : type == 4 || type == 0x84 ? 4 : type == 5 ? 0x60 : 0;

		assert_int_equal(vnethdr_gso_bit((uint8_t)type), want);
	}
}

static void all_that_is_allowed(void **state)
{
	(void)state;
	for (unsigned int tags = 0; tags < 3; tags++)
		for (unsigned int version = 4; version <= 6; version += 2) {
			build(version, TCP, tags);
			assert_int_equal(check(version == 6 ? 5 : 3), DROP_NONE);
			hdr.hdr.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
			hdr.hdr.flags |= VALID;
			assert_int_equal(check(ALL), DROP_NONE);
			build(version, UDP, tags);
			assert_int_equal(check(0x61), DROP_NONE);
		}
	plain();
	assert_int_equal(check(1), DROP_NONE);
	hdr.hdr.flags = VALID;
	assert_int_equal(check(1), DROP_NONE);
	partial();
	assert_int_equal(check(1), DROP_NONE);
	/* Anywhere behind the shortest IP header, and up to the last byte. */
	hdr.hdr.csum_start = 34, hdr.hdr.csum_offset = 0;
	assert_int_equal(check(1), DROP_NONE);
	hdr.hdr.csum_start = 1498;
	assert_int_equal(check(1), DROP_NONE);
	LIE(build(4, UDP, 0), hdr.gso_size, 64, DROP_NONE);
	LIE(build(4, UDP, 0), hdr.gso_size, 65535, DROP_NONE);
}

static void fields_that_must_be_zero(void **state)
{
	(void)state;
	for (uint8_t bit = 4; bit; bit = (uint8_t)(bit << 1))
		LIE(build(4, TCP, 0), hdr.flags, (uint8_t)(BLANK | bit), DROP_HEADER);
	LIE(plain(), num_buffers, 1, DROP_HEADER);
	LIE(build(4, TCP, 0), num_buffers, 0x8000, DROP_HEADER);
	LIE(plain(), hdr.csum_start, 34, DROP_HEADER);
	LIE(plain(), hdr.csum_offset, 1, DROP_HEADER);
	LIE(plain(), hdr.hdr_len, 54, DROP_HEADER);
	LIE(partial(), hdr.gso_size, 1000, DROP_HEADER);
}

static void checksums_out_of_bounds(void **state)
{
	(void)state;
	LIE(partial(), hdr.csum_start, 33, DROP_CSUM);
	LIE(partial(), hdr.csum_start, 0, DROP_CSUM);
	LIE(partial(), hdr.csum_start, 1500 - 16 - 1, DROP_CSUM);
	LIE(partial(), hdr.csum_start, 65535, DROP_CSUM);
	LIE(partial(), hdr.csum_offset, 65535, DROP_CSUM);
	LIE(partial(), hdr.csum_offset, 1500 - 34 - 1, DROP_CSUM);
	partial();
	assert_int_equal(check(0), DROP_CSUM);
}

static void large_segments(void **state)
{
	static const uint8_t unknown[] = { 2, 3, 6, 0x11, 0x20, 0x40, 0x80, 0x85, 0xff };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(unknown); i++)
		LIE(build(4, TCP, 0), hdr.gso_type, unknown[i], DROP_GSO);
	LIE(build(4, TCP, 0), hdr.gso_type, VIRTIO_NET_HDR_GSO_TCPV6, DROP_GSO);
	LIE(build(6, TCP, 0), hdr.gso_type, VIRTIO_NET_HDR_GSO_TCPV4, DROP_GSO);
	LIE(build(4, TCP, 0), hdr.gso_type, VIRTIO_NET_HDR_GSO_UDP_L4, DROP_GSO);
	LIE(build(4, UDP, 0), hdr.gso_type, VIRTIO_NET_HDR_GSO_TCPV4, DROP_GSO);
	LIE(build(4, TCP, 0), hdr.gso_size, 63, DROP_GSO);
	LIE(build(4, TCP, 0), hdr.gso_size, 0, DROP_GSO);
	LIE(build(4, TCP, 0), hdr.hdr_len, 53, DROP_GSO);
	LIE(build(4, TCP, 0), hdr.hdr_len, 55, DROP_GSO);
	LIE(build(4, TCP, 0), hdr.hdr_len, 65535, DROP_GSO);
	LIE(build(4, TCP, 0), hdr.csum_start, 38, DROP_GSO);
	LIE(build(4, TCP, 0), hdr.csum_offset, 6, DROP_GSO);
	LIE(build(4, UDP, 0), hdr.csum_offset, 16, DROP_GSO);
	LIE(build(4, TCP, 3), hdr.flags, BLANK, DROP_GSO);	/* a third tag */
	build(4, TCP, 0);
	hdr.hdr.flags = 0, hdr.hdr.csum_start = hdr.hdr.csum_offset = 0;
	assert_int_equal(check(ALL), DROP_GSO);
	build(4, TCP, 0);
	put16(frame + 20, 0x2000);	/* a fragment */
	assert_int_equal(check(ALL), DROP_GSO);
	build(4, TCP, 0);
	len = 54;		/* no payload */
	assert_int_equal(check(ALL), DROP_GSO);
	/* What we do not take. */
	build(4, TCP, 0);
	assert_int_equal(check(ALL & ~2u), DROP_GSO);
	build(6, TCP, 0);
	assert_int_equal(check(ALL & ~4u), DROP_GSO);
	build(6, UDP, 0);
	assert_int_equal(check(7), DROP_GSO);
}

/* Not one byte behind those that were copied is read: a run under valgrind or a sanitizer sees it. */
static void short_copies(void **state)
{
	(void)state;
	build(6, UDP, 2);
	for (size_t n = 0; n < 70; n++) {
		uint8_t *tight = malloc(n + 1);

		assert_non_null(tight);
		memcpy(tight, frame, n);
		assert_int_equal(vnethdr_check(&hdr, ALL, len, tight, n), DROP_GSO);
		free(tight);
	}
	assert_int_equal(vnethdr_check(&hdr, ALL, len, frame, 70), DROP_NONE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks), cmocka_unit_test(all_that_is_allowed), cmocka_unit_test(fields_that_must_be_zero),
		cmocka_unit_test(checksums_out_of_bounds), cmocka_unit_test(large_segments), cmocka_unit_test(short_copies),
	};

	return RUN_TESTS(tests);
}
