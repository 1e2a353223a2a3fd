/* SPDX-License-Identifier: MIT */
/* run-tso.c - software segmentation: large frames are split by every size, and each segment is
 * checked against what TCP and UDP require */
#include "unit.h"
#include "common/wire/tso.c"

#define BLANK VIRTIO_NET_HDR_F_NEEDS_CSUM
#define FIN 0x01u
#define PSH 0x08u
#define ACK 0x10u
#define ECE 0x40u
#define CWR 0x80u

#define MOST 65535u

struct frame {
	uint8_t b[70000];
	uint32_t len, l3, l4, end;
};

static uint32_t ref_sum(uint32_t sum, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		sum += i % 2 ? p[i] : p[i] * 256u;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (sum & 0xffff) + (sum >> 16);
}

static uint32_t ref_pseudo(const uint8_t *b, const struct frame *f, uint32_t l4_len)
{
	bool six = b[f->l3] >> 4 == 6;

	return ref_sum(6 + l4_len, b + f->l3 + (six ? 8 : 12), six ? 32 : 8);
}

/* Builds a TCP frame of this IP version with payload bytes, so many words of TCP options, and a VLAN
 * tag if tag is set. */
static void build(struct frame *f, unsigned int version, uint32_t payload, unsigned int options, bool tag)
{
	uint8_t *ip, *tcp;

	memset(f, 0, sizeof(*f));
	memcpy(f->b, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02", 12);
	f->l3 = tag ? 18 : 14;
	if (tag)
		put16(f->b + 12, 0x8100);
	put16(f->b + f->l3 - 2, version == 6 ? 0x86dd : 0x0800);
	ip = f->b + f->l3;
	f->l4 = f->l3 + (version == 6 ? 40 : 20);
	f->end = f->l4 + 20 + 4 * options;
	f->len = f->end + payload;
	if (version == 6) {
		ip[0] = 0x60;
		put16(ip + 4, (uint16_t)(f->len - f->l4));
		ip[6] = 6;
		for (uint8_t i = 0; i < 32; i++)
			ip[8 + i] = (uint8_t)(i * 37 + 5);
	} else {
		ip[0] = 0x45;
		put16(ip + 2, (uint16_t)(f->len - f->l3));
		put16(ip + 4, 0xfffe);		/* wraps */
		put16(ip + 6, 0x4000);
		ip[8] = 64, ip[9] = 6;
		memcpy(ip + 12, "\xc0\xa8\x01\xfe\x0a\xff\xff\x03", 8);
	}
	tcp = f->b + f->l4;
	memcpy(tcp, "\x30\x39\x00\x50\xff\xff\xff\x00\x01\x02\x03\x04", 12);	/* the sequence wraps too */
	tcp[12] = (uint8_t)((5 + options) << 4);
	tcp[13] = (uint8_t)(CWR | ECE | ACK | PSH | FIN);
	memset(tcp + 20, 1, 4 * options);
	for (uint32_t i = 0; i < payload; i++)
		f->b[f->end + i] = (uint8_t)(i * 131 + (i >> 8));
	put16(tcp + 16, (uint16_t)ref_pseudo(f->b, f, f->len - f->l4));
}

static struct virtio_net_hdr large(unsigned int version, uint16_t size)
{
	return (struct virtio_net_hdr){ .flags = BLANK, .gso_size = size, .csum_start = version == 6 ? 54 : 34,
		.gso_type = version == 6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4 };
}

/* Starts to split a frame that lies in runs of different lengths. */
static int begin(struct tso *s, const struct virtio_net_hdr *vh, uint8_t *frame, uint32_t len, uint32_t most)
{
	static uint8_t buffer[PKT_LEN_MAX];
	uint32_t one = len / 3, two = len / 2;
	struct iovec iov[] = { { frame, one }, { NULL, 0 }, { frame + one, two - one }, { frame + two, len - two } };

	*s = (struct tso){ .frame = buffer };
	return tso_begin(s, vh, iov, ARRAY_SIZE(iov), most);
}

/* Checks one segment as a receiver does: it has part bytes of payload, from byte from on. */
static void expect_segment(const struct frame *f, const uint8_t *out, uint32_t from, uint32_t part, unsigned int index)
{
	uint32_t len = f->end + part, payload = f->len - f->end;
	const uint8_t *ip = out + f->l3, *tcp = out + f->l4;
	uint8_t flags = ECE | ACK;

	assert_memory_equal(out, f->b, f->l3);
	if (ip[0] >> 4 == 6) {
		assert_int_equal(get16(ip + 4), part + f->end - f->l4);
		assert_memory_equal(ip + 6, f->b + f->l3 + 6, 34);
	} else {
		assert_int_equal(get16(ip + 2), len - f->l3);
		assert_int_equal(get16(ip + 4), (0xfffe + index) & 0xffff);
		assert_int_equal(ref_sum(0, ip, 20), 0xffff);
		assert_memory_equal(ip + 6, f->b + f->l3 + 6, 4);
		assert_memory_equal(ip + 12, f->b + f->l3 + 12, 8);
	}
	assert_int_equal(tso_get32(tcp + 4), 0xffffff00u + from);
	assert_memory_equal(tcp, f->b + f->l4, 4);
	assert_memory_equal(tcp + 8, f->b + f->l4 + 8, 5);
	if (index == 0)
		flags |= CWR;
	if (from + part == payload)
		flags |= PSH | FIN;
	assert_int_equal(tcp[13], flags);
	assert_int_equal(ref_sum(ref_pseudo(out, f, len - f->l4), tcp, len - f->l4), 0xffff);
	assert_memory_equal(tcp + 20, f->b + f->l4 + 20, f->end - f->l4 - 20);
	assert_memory_equal(out + f->end, f->b + f->end + from, part);
}

static void expect_split(unsigned int version, uint32_t payload, unsigned int options, bool tag, uint16_t size, uint32_t most)
{
	static struct frame f;
	static uint8_t out[MOST];
	struct virtio_net_hdr vh = large(version, size);
	struct tso s;
	uint32_t from = 0, got;
	unsigned int count = 0;

	build(&f, version, payload, options, tag);
	vh.csum_start = (uint16_t)f.l4;
	if (size > most - f.end)
		size = (uint16_t)(most - f.end);
	/* With the pseudo header's sum in the checksum field, and without. */
	if (payload % 2) {
		vh.flags = 0;
		put16(f.b + f.l4 + 16, 0xabcd);
	}
	assert_int_equal(begin(&s, &vh, f.b, f.len, most), 0);
	do {
		uint32_t part = payload - from < size ? payload - from : size;

		assert_true(s.left);
		got = tso_take(&s, out);
		assert_int_equal(got, f.end + part);
		assert_true(got <= most);
		expect_segment(&f, out, from, part, count++);
		from += part;
	} while (from < payload);
	assert_false(s.left);
	assert_int_equal(tso_take(&s, out), 0);
}

static void sizes(void **state)
{
	static const uint16_t size[] = { 8, 9, 536, 1447, 1448, 4096, 65535 };
	static const uint32_t payload[] = { 0, 1, 535, 536, 537, 1072, 2896, 4344, 20001, 65400 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(size); i++) {
		for (unsigned int j = 0; j < ARRAY_SIZE(payload); j++) {
			if (size[i] < 536 && payload[j] > 3000)
				continue;
			expect_split(4, payload[j], 0, false, size[i], MOST);
			expect_split(6, payload[j], 0, false, size[i], MOST);
		}
	}
}

static void options_and_tags(void **state)
{
	(void)state;
	for (unsigned int options = 0; options <= 10; options++) {
		expect_split(4, 5000, options, options & 1, 1448, MOST);
		expect_split(6, 5000, options, options & 1, 1448, MOST);
	}
}

/* No segment is longer than what the peer takes, whatever size the frame asks for. */
static void shorter_than_asked(void **state)
{
	(void)state;
	expect_split(4, 60000, 3, false, 8948, 4096);
	expect_split(6, 60000, 3, true, 65535, 4096);
	expect_split(4, 10, 0, false, 1000, 55);
}

/* With a routing header, the checksum covers the header's last address. Only the partial checksum
 * that the frame has includes it, so that one is used. */
static void partial_checksum_is_used(void **state)
{
	static struct frame f;
	struct virtio_net_hdr vh = large(6, 1000);
	uint8_t out[1200];
	struct tso s;
	uint32_t got;

	(void)state;
	build(&f, 6, 3000, 0, false);
	put16(f.b + f.l4 + 16, 0x1234);
	assert_int_equal(begin(&s, &vh, f.b, f.len, MOST), 0);
	for (got = tso_take(&s, out); got; got = tso_take(&s, out)) {
		uint32_t pseudo = 0x1234 + (0xffff & ~(f.len - f.l4)) + (got - f.l4);

		assert_int_equal(ref_sum(pseudo, out + f.l4, got - f.l4), 0xffff);
	}
}

/* --- UDP -------------------------------------------------------------------------------------- */

/* Builds a UDP frame of this IP version with payload bytes, in place of build()'s TCP. */
static void build_udp(struct frame *f, unsigned int version, uint32_t payload, bool tag)
{
	uint8_t *udp;

	build(f, version, payload, 0, tag);
	udp = f->b + f->l4;
	memmove(udp + 8, udp + 20, payload);
	f->end -= 12;
	f->len -= 12;
	f->b[f->l3 + (version == 6 ? 6 : 9)] = 17;
	put16(f->b + f->l3 + (version == 6 ? 4 : 2), (uint16_t)(f->len - (version == 6 ? f->l4 : f->l3)));
	memcpy(udp, "\x30\x39\x01\xbb", 4);
	put16(udp + 4, (uint16_t)(f->len - f->l4));
	/* The protocol is part of the pseudo header: UDP is 11 more than TCP. */
	put16(udp + 6, (uint16_t)ref_sum(ref_pseudo(f->b, f, f->len - f->l4) + 11, NULL, 0));
}

static struct virtio_net_hdr large_udp(const struct frame *f, uint16_t size)
{
	return (struct virtio_net_hdr){ .flags = BLANK, .gso_size = size, .csum_start = (uint16_t)f->l4, .csum_offset = 6,
					.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4 };
}

/* Checks one datagram as a receiver does: it has part bytes of payload, from byte from on. */
static void expect_datagram(const struct frame *f, const uint8_t *out, uint32_t from, uint32_t part, unsigned int index)
{
	uint32_t l4_len = 8 + part;
	const uint8_t *ip = out + f->l3, *udp = out + f->l4;

	assert_memory_equal(out, f->b, f->l3);
	if (ip[0] >> 4 == 6) {
		assert_int_equal(get16(ip + 4), l4_len);
		assert_memory_equal(ip + 6, f->b + f->l3 + 6, 34);
	} else {
		assert_int_equal(get16(ip + 2), 20 + l4_len);
		assert_int_equal(get16(ip + 4), (0xfffe + index) & 0xffff);
		assert_int_equal(ref_sum(0, ip, 20), 0xffff);
		assert_memory_equal(ip + 12, f->b + f->l3 + 12, 8);
	}
	assert_memory_equal(udp, f->b + f->l4, 4);
	assert_int_equal(get16(udp + 4), l4_len);
	assert_int_not_equal(get16(udp + 6), 0);
	assert_int_equal(ref_sum(ref_pseudo(out, f, l4_len) + 11, udp, l4_len), 0xffff);
	assert_memory_equal(out + f->end, f->b + f->end + from, part);
}

static void expect_datagrams(unsigned int version, uint32_t payload, bool tag, uint16_t size)
{
	static struct frame f;
	static uint8_t out[MOST];
	struct virtio_net_hdr vh;
	struct tso s;
	uint32_t from = 0;
	unsigned int count = 0;

	build_udp(&f, version, payload, tag);
	vh = large_udp(&f, size);
	if (payload % 2) {
		vh.flags = 0;
		put16(f.b + f.l4 + 6, 0xabcd);
	}
	assert_int_equal(begin(&s, &vh, f.b, f.len, MOST), 0);
	do {
		uint32_t part = payload - from < size ? payload - from : size;

		assert_int_equal(tso_take(&s, out), f.end + part);
		expect_datagram(&f, out, from, part, count++);
		from += part;
	} while (from < payload);
	assert_false(s.left);
	assert_int_equal(tso_take(&s, out), 0);
}

static void datagrams(void **state)
{
	static const uint16_t size[] = { 1, 7, 8, 63, 64, 1200, 1472, 8972, 65500 };
	static const uint32_t payload[] = { 1, 2, 63, 64, 65, 1199, 1200, 1201, 14720, 14721, 65000 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(size); i++)
		for (unsigned int j = 0; j < ARRAY_SIZE(payload); j++) {
			if (size[i] < 64 && payload[j] > 2000)
				continue;
			expect_datagrams(4, payload[j], false, size[i]);
			expect_datagrams(6, payload[j], j & 1, size[i]);
		}
}

/* RFC 768: a checksum that computes to 0 is sent as 0xffff, as 0 means that there is none. */
static void datagram_checksum_of_zero(void **state)
{
	static struct frame f;
	struct virtio_net_hdr vh;
	uint8_t out[200];
	struct tso s;

	(void)state;
	build_udp(&f, 4, 4, false);
	memset(f.b + f.end, 0, 4);
	/* The payload is what the sum lacks. */
	put16(f.b + f.end, (uint16_t)~ref_sum(ref_pseudo(f.b, &f, 12) + 11 + 0x3039 + 0x01bb + 12, NULL, 0));
	vh = large_udp(&f, 100);
	assert_int_equal(begin(&s, &vh, f.b, f.len, MOST), 0);
	assert_int_equal(tso_take(&s, out), f.len);
	assert_int_equal(get16(out + f.l4 + 6), 0xffff);
}

/* A datagram is what a program sent: it is not made shorter. */
static void datagrams_refused(void **state)
{
	static struct frame f;
	struct virtio_net_hdr vh, tcp, none;
	struct tso s;

	(void)state;
	build_udp(&f, 4, 3000, false);
	vh = tcp = none = large_udp(&f, 1000);
	assert_int_equal(begin(&s, &vh, f.b, f.len, f.end + 1000), 0);
	assert_int_equal(begin(&s, &vh, f.b, f.len, f.end + 999), -EINVAL);
	tcp.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	assert_int_equal(begin(&s, &tcp, f.b, f.len, MOST), -EINVAL);
	none.gso_size = 0;
	assert_int_equal(begin(&s, &none, f.b, f.len, MOST), -EINVAL);
	vh.csum_start += 8;
	assert_int_equal(begin(&s, &vh, f.b, f.len, MOST), -EINVAL);
	build(&f, 4, 3000, 0, false);
	vh = large_udp(&f, 1000);
	assert_int_equal(begin(&s, &vh, f.b, f.len, MOST), -EINVAL);
}

static void refuses(void **state)
{
	static struct frame f;
	struct virtio_net_hdr four = large(4, 1000), six = large(6, 1000), zero = large(4, 0), seven = large(4, 7), udp = four, ecn = four;
	struct tso s;

	(void)state;
	udp.gso_type = VIRTIO_NET_HDR_GSO_UDP;
	ecn.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	build(&f, 4, 3000, 0, false);
	assert_int_equal(begin(&s, &four, f.b, f.len, MOST), 0);
	assert_int_equal(begin(&s, &ecn, f.b, f.len, MOST), 0);
	assert_int_equal(begin(&s, &six, f.b, f.len, MOST), -EINVAL);
	assert_int_equal(begin(&s, &zero, f.b, f.len, MOST), -EINVAL);
	assert_int_equal(begin(&s, &seven, f.b, f.len, MOST), -EINVAL);
	assert_int_equal(begin(&s, &udp, f.b, f.len, MOST), -EINVAL);
	assert_int_equal(begin(&s, &four, f.b, f.len, f.end), -EINVAL);
	for (uint32_t len = 0; len < f.end; len++)
		assert_int_equal(begin(&s, &four, f.b, len, MOST), -EINVAL);
	/* The partial checksum is that of a packet within a tunnel. */
	four.csum_start += 28;
	assert_int_equal(begin(&s, &four, f.b, f.len, MOST), -EINVAL);
	four.csum_start -= 28;
	f.b[f.l3 + 9] = 17;
	assert_int_equal(begin(&s, &four, f.b, f.len, MOST), -EINVAL);
	build(&f, 4, 65600, 0, false);
	assert_int_equal(begin(&s, &four, f.b, f.len, MOST), -EINVAL);
	assert_false(s.left);
	assert_int_equal(tso_take(&s, f.b), 0);
	build(&f, 4, 3000, 0, false);
	put16(f.b + f.l3 + 6, 0x2000);
	assert_int_equal(begin(&s, &four, f.b, f.len, MOST), -EINVAL);
	build(&f, 6, 3000, 0, false);
	assert_int_equal(begin(&s, &four, f.b, f.len, MOST), -EINVAL);
	f.b[f.l3 + 6] = 44;
	assert_int_equal(begin(&s, &six, f.b, f.len, MOST), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(options_and_tags),
		cmocka_unit_test(shorter_than_asked),
		cmocka_unit_test(partial_checksum_is_used),
		cmocka_unit_test(refuses),
		cmocka_unit_test(datagrams),
		cmocka_unit_test(datagram_checksum_of_zero),
		cmocka_unit_test(datagrams_refused),
	};

	return RUN_TESTS(tests);
}
