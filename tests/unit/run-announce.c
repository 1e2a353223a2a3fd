/* SPDX-License-Identifier: MIT */
/* run-announce.c - the frames that announce a device's addresses, compared byte by byte */
#include "unit.h"
#include "common/host/announce.c"

static const uint8_t mac[6] = { 0x00, 0x16, 0x3e, 0x01, 0x02, 0x03 };
static const uint8_t v4[4] = { 10, 79, 0, 2 };
static const uint8_t v6[16] = { 0xfd, 0x79, [15] = 2 };

static struct announce fresh(void)
{
	struct announce a = { .count = 0 };

	memcpy(a.mac, mac, sizeof(mac));
	return a;
}

/* Makes frame i in buf. Returns its length; checks that nothing was written beyond the frame's room. */
static uint32_t frame_of(const struct announce *a, unsigned int i, uint8_t *buf)
{
	uint32_t len;

	memset(buf, 0xa5, ANNOUNCE_FRAME_MAX + 1);
	len = announce_frame(a, i, buf);
	assert_int_equal(buf[ANNOUNCE_FRAME_MAX], 0xa5);
	return len;
}

static void no_address(void **state)
{
	static const uint8_t want[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x16, 0x3e, 1, 2, 3, 0x80, 0x35,
		0, 1, 8, 0, 6, 4, 0, 3, 0x00, 0x16, 0x3e, 1, 2, 3, 0, 0, 0, 0, 0x00, 0x16, 0x3e, 1, 2, 3 };
	struct announce a = fresh();
	uint8_t buf[ANNOUNCE_FRAME_MAX + 1];

	(void)state;
	assert_int_equal(announce_frames(&a), 1);
	assert_int_equal(frame_of(&a, 0, buf), sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
	expect_assert_failure((void)!announce_frame(&a, 1, buf));
}

/* As arp_send() of Linux' inetdev_send_gratuitous_arp() makes it. */
static void gratuitous_arp(void **state)
{
	static const uint8_t want[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x16, 0x3e, 1, 2, 3, 0x08, 0x06,
		0, 1, 8, 0, 6, 4, 0, 1, 0x00, 0x16, 0x3e, 1, 2, 3, 10, 79, 0, 2, 0, 0, 0, 0, 0, 0, 10, 79, 0, 2 };
	struct announce a = fresh();
	uint8_t buf[ANNOUNCE_FRAME_MAX + 1];

	(void)state;
	assert_true(announce_add(&a, 4, v4));
	assert_int_equal(announce_frames(&a), 1);
	assert_int_equal(frame_of(&a, 0, buf), sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
}

/* Returns true if the sum over pseudo header, message and checksum is right. */
static bool checksum_is_right(const uint8_t *buf)
{
	uint32_t sum = 58 + 32;

	for (unsigned int i = 22; i < 86; i += 2)
		sum += (uint32_t)(buf[i] << 8 | buf[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

static void advertisement(void **state)
{
	static const uint8_t head[62] = { 0x33, 0x33, 0, 0, 0, 1, 0x00, 0x16, 0x3e, 1, 2, 3, 0x86, 0xdd,
		0x60, 0, 0, 0, 0, 32, 58, 255, 0xfd, 0x79, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
		0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 136, 0 };
	static const uint8_t option[8] = { 2, 1, 0x00, 0x16, 0x3e, 1, 2, 3 };
	struct announce a = fresh();
	uint8_t buf[ANNOUNCE_FRAME_MAX + 1];

	(void)state;
	assert_true(announce_add(&a, 6, v6));
	assert_int_equal(frame_of(&a, 0, buf), 86);
	assert_memory_equal(buf, head, 56);
	assert_true(checksum_is_right(buf));
	/* The flags: override; not solicited, not a router. */
	assert_memory_equal(buf + 58, "\x20\0\0\0", 4);
	assert_memory_equal(buf + 62, v6, 16);
	assert_memory_equal(buf + 78, option, 8);
	/* Neighbours remove a router that advertises without the router flag. */
	a.router = true;
	assert_int_equal(frame_of(&a, 0, buf), 86);
	assert_memory_equal(buf + 58, "\xa0\0\0\0", 4);
	assert_true(checksum_is_right(buf));
	for (unsigned int i = 0; i < 256; i++) {
		a.addr[0].addr[7] = (uint8_t)i, a.addr[0].addr[8] = (uint8_t)(255 - i);
		assert_int_equal(frame_of(&a, 0, buf), 86);
		assert_true(checksum_is_right(buf));
	}
}

static void in_order(void **state)
{
	struct announce a = fresh();
	uint8_t buf[ANNOUNCE_FRAME_MAX + 1];

	(void)state;
	assert_true(announce_add(&a, 6, v6));
	assert_true(announce_add(&a, 4, v4));
	assert_int_equal(announce_frames(&a), 2);
	assert_int_equal(frame_of(&a, 0, buf), 86);
	assert_int_equal(frame_of(&a, 1, buf), 60);
	assert_int_equal(get16(buf + 12), ETHERTYPE_ARP);
}

static void not_announced(void **state)
{
	static const uint8_t bad4[][4] = { { 0 }, { 127, 0, 0, 1 }, { 127, 9 }, { 224, 0, 0, 1 }, { 255, 255, 255, 255 } };
	static const uint8_t bad6[][16] = { { 0 }, { [15] = 1 }, { 0xff, 0x02, [15] = 1 } };
	struct announce a = fresh();

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad4); i++)
		assert_false(announce_add(&a, 4, bad4[i]));
	for (unsigned int i = 0; i < ARRAY_SIZE(bad6); i++)
		assert_false(announce_add(&a, 6, bad6[i]));
	assert_int_equal(a.count, 0);
}

static void too_many(void **state)
{
	struct announce a = fresh();
	uint8_t addr[4] = { 10 };

	(void)state;
	for (addr[3] = 0; addr[3] < ANNOUNCE_MAX; addr[3]++)
		assert_true(announce_add(&a, 4, addr));
	assert_false(announce_add(&a, 4, addr));
	assert_int_equal(announce_frames(&a), ANNOUNCE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_address), cmocka_unit_test(gratuitous_arp), cmocka_unit_test(advertisement),
		cmocka_unit_test(in_order), cmocka_unit_test(not_announced), cmocka_unit_test(too_many),
	};

	return RUN_TESTS(tests);
}
