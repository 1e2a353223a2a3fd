/* SPDX-License-Identifier: MIT */
/* run-taplimit.c - the frames that wait in a TAP's queue never exceed the limit in bytes
 *
 * It uses a real device, so it needs root, /dev/net/tun and bpf(2).
 */
#include "unit.h"
#include "nettest.h"
#include "common/host/taplimit.c"
#include "common/host/tap.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>

#define LIMIT (1024u * 1024u)
#define GSO_LEN 60000u

static int tap = -1, out = -1;
static unsigned int ifindex;
static struct taplimit limit;
static struct taplimit_sums *sums;	/* NULL: bpf(2) is not allowed here */
static struct taplimit_reader reader;
static bool asked;			/* the last batch asks the other readers to look at their queues */

/* Sets the filter on a device, and maps its sums. */
static int limit_set(struct taplimit *t, int fd, unsigned int readers)
{
	int err, map = taplimit_attach(fd, LIMIT);

	if (map < 0)
		return map;
	err = taplimit_init(t, map, LIMIT, readers);
	close(map);
	return err;
}

static int setup(void **state)
{
	bool fresh;

	(void)state;
	sums = NULL;
	if (!nettest_enter() || taplimit_works() < 0)
		return 0;
	if (tap_open(&tap, "lim0", TAP_SINGLE, NULL, &fresh) < 0 || tap_set_offloads(tap, TUN_F_CSUM | TUN_F_TSO4, &(int){ 0 }) < 0 ||
	    limit_set(&limit, tap, 1) < 0 ||
	    nettest_run(0, "sysctl -qw net.ipv6.conf.lim0.disable_ipv6=1; ip link set lim0 up") != 0)
		return -1;
	ifindex = if_nametoindex("lim0");
	out = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	reader = (struct taplimit_reader){ .limit = &limit };
	sums = limit.sums;
	return out < 0 || setsockopt(out, SOL_PACKET, PACKET_VNET_HDR, &(int){ 1 }, sizeof(int)) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	if (!sums)
		return 0;
	taplimit_exit(&limit);
	tap_unpersist(tap);
	close(tap);
	close(out);
	return 0;
}

/* Sends one frame of len bytes, as a large TCP segment if it is longer than an MTU.
 * The kernel does not say whether the device took it. */
static void send_frame(unsigned int len)
{
	static uint8_t frame[65536] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45 };
	struct virtio_net_hdr vh = { 0 };
	struct iovec iov[] = { { &vh, sizeof(vh) }, { frame, len } };
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE_IP), .sll_halen = 6 };
	struct msghdr msg = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = iov, .msg_iovlen = 2 };

	frame[16] = (uint8_t)((len - 14) >> 8);
	frame[17] = (uint8_t)(len - 14);
	frame[23] = 6;
	frame[46] = 0x50;
	if (len > 1514)
		vh = (struct virtio_net_hdr){ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
					      .gso_size = 1000, .hdr_len = 54, .csum_start = 34, .csum_offset = 16 };
	to.sll_ifindex = (int)ifindex;
	if (sendmsg(out, &msg, 0) < 0)
		assert_int_equal(errno, ENOBUFS);
}

/* Reads at most n frames, as a worker does in a batch. Returns their number; *bytes is their length. */
static unsigned int read_batch(struct taplimit_reader *r, unsigned int n, size_t *bytes)
{
	static uint8_t buf[70000];
	const struct iovec iov = { buf, sizeof(buf) };
	unsigned int frames = 0;

	*bytes = 0;
	taplimit_begin(r);
	while (frames < n) {
		ssize_t got = tap_read(tap, &iov, 1);

		if (got < 0) {
			assert_int_equal(got, -EAGAIN);
			taplimit_empty(r);
			break;
		}
		taplimit_took(r, (uint32_t)got - VNET_HDR_LEN);
		*bytes += (size_t)got - VNET_HDR_LEN;
		frames++;
	}
	asked = taplimit_end(r);
	return frames;
}

static size_t read_frames(unsigned int n, unsigned int *frames)
{
	size_t bytes;

	*frames = read_batch(&reader, n, &bytes);
	return bytes;
}

static void flood_stays_within(void **state)
{
	unsigned int n;
	size_t bytes;

	(void)state;
	if (!sums)
		SKIP("it needs root, /dev/net/tun and bpf(2)");
	for (unsigned int i = 0; i < 300; i++)
		send_frame(GSO_LEN);
	bytes = read_frames(1000, &n);
	assert_int_equal(bytes, (size_t)n * GSO_LEN);
	assert_int_equal(n, LIMIT / (GSO_LEN + TAPLIMIT_FRAME));
	/* The queue is empty again, so as many frames pass again. */
	for (unsigned int i = 0; i < 300; i++)
		send_frame(GSO_LEN);
	read_frames(1000, &n);
	assert_int_equal(n, LIMIT / (GSO_LEN + TAPLIMIT_FRAME));
}

static void what_is_read_makes_room(void **state)
{
	unsigned int n;

	(void)state;
	if (!sums)
		SKIP("it needs root, /dev/net/tun and bpf(2)");
	for (unsigned int i = 0; i < 300; i++)
		send_frame(GSO_LEN);
	read_frames(5, &n);
	assert_int_equal(n, 5);
	for (unsigned int i = 0; i < 300; i++)
		send_frame(GSO_LEN);
	read_frames(1000, &n);
	assert_int_equal(n, LIMIT / (GSO_LEN + TAPLIMIT_FRAME));
	assert_int_equal(sums->in, sums->out);
}

static void small_frames_are_not_hit(void **state)
{
	unsigned int n;

	(void)state;
	if (!sums)
		SKIP("it needs root, /dev/net/tun and bpf(2)");
	for (unsigned int i = 0; i < 450; i++)
		send_frame(1514);
	assert_int_equal(read_frames(1000, &n), 450 * 1514);
	assert_int_equal(n, 450);
}

/* A frame that passed the filter and found the queue full does not count for later frames. */
static void lost_behind_the_filter(void **state)
{
	unsigned int n;

	(void)state;
	if (!sums)
		SKIP("it needs root, /dev/net/tun and bpf(2)");
	assert_int_equal(nettest_run(0, "ip link set lim0 txqueuelen 10"), 0);
	for (unsigned int round = 0; round < 5; round++) {
		for (unsigned int i = 0; i < 400; i++)
			send_frame(60);
		read_frames(1000, &n);
		assert_int_equal(n, 10);
		assert_int_equal(sums->in, sums->out);
	}
}

/* Wrong sums, as an earlier daemon may leave them, are corrected once the queue is empty. */
static void wrong_sums_are_corrected(void **state)
{
	unsigned int n;

	(void)state;
	if (!sums)
		SKIP("it needs root, /dev/net/tun and bpf(2)");
	for (unsigned int round = 0; round < 2; round++) {
		atomic_fetch_add(&sums->out, round ? 10ull * LIMIT : -10ull * LIMIT);
		read_frames(1000, &n);
		assert_int_equal(sums->in, sums->out);
		for (unsigned int i = 0; i < 300; i++)
			send_frame(GSO_LEN);
		read_frames(1000, &n);
		assert_int_equal(n, LIMIT / (GSO_LEN + TAPLIMIT_FRAME));
	}
}

/* The kernel keeps a VLAN tag beside the frame, and the reader gets it within the frame. */
static void vlan_tag_is_counted(void **state)
{
	unsigned int n;

	(void)state;
	if (!sums)
		SKIP("it needs root, /dev/net/tun and bpf(2)");
	if (nettest_run(0, "ip link add link lim0 name lim0.7 type vlan id 7 2>/dev/null") != 0)
		SKIP("this kernel has no VLANs");
	assert_int_equal(nettest_run(0, "sysctl -qw net.ipv6.conf.lim0/7.disable_ipv6=1; ip link set lim0.7 up"), 0);
	read_frames(1000, &n);
	ifindex = if_nametoindex("lim0.7");
	for (unsigned int i = 0; i < 100; i++)
		send_frame(1000);
	assert_int_equal(read_frames(1000, &n), 100 * 1004);
	assert_int_equal(sums->in, sums->out);
}

/* The device keeps the limit after its daemon has ended. */
static void stays_with_the_device(void **state)
{
	unsigned int n;

	(void)state;
	if (!sums)
		skip();
	taplimit_exit(&limit);
	reader.limit = NULL;
	for (unsigned int i = 0; i < 300; i++)
		send_frame(GSO_LEN);
	read_frames(1000, &n);
	assert_int_equal(n, LIMIT / (GSO_LEN + TAPLIMIT_FRAME));
	/* These are read without telling the filter. */
	send_frame(GSO_LEN);
	read_frames(1000, &n);
	assert_int_equal(n, 0);
	/* The next daemon's filter does not know of them. */
	assert_int_equal(limit_set(&limit, tap, 1), 0);
	sums = limit.sums;
	send_frame(GSO_LEN);
	read_frames(1000, &n);
	assert_int_equal(n, 1);
}

/* Without the filter the limit is a number of frames: as many of the largest size as fit. */
static void by_frames(void **state)
{
	(void)state;
	if (!sums)
		skip();
	assert_int_equal(taplimit_by_frames(tap, 4u << 20, 1), 64);
	assert_int_equal(nettest_run(0, "ip link show lim0 | grep -q 'qlen 64$'"), 0);
	/* The queue does not become longer than it was. */
	assert_int_equal(taplimit_by_frames(tap, 8u << 20, 1), 64);
	assert_int_equal(taplimit_by_frames(tap, 4u << 20, 8), TAPLIMIT_FRAMES_MIN);
	assert_int_equal(nettest_run(0, "ip link show lim0 | grep -q 'qlen 32$'"), 0);
	assert_int_equal(taplimit_by_frames(-1, 4u << 20, 1), -EBADF);
}

static void cleared(void **state)
{
	unsigned int n;

	(void)state;
	if (!sums)
		SKIP("it needs root, /dev/net/tun and bpf(2)");
	taplimit_clear(tap);
	for (unsigned int i = 0; i < 100; i++)
		send_frame(GSO_LEN);
	read_frames(1000, &n);
	assert_int_equal(n, 100);
}

/* Reads all frames of one of two queues. Returns their number. */
static unsigned int read_all(struct taplimit_reader *r, int fd)
{
	size_t bytes;

	tap = fd;
	return read_batch(r, 1000, &bytes);
}

/* All queues of a device share one limit, and the sums are corrected once all are empty. */
static void several_queues(void **state)
{
	struct taplimit both;
	struct taplimit_reader r[2] = { { .limit = &both, .index = 0 }, { .limit = &both, .index = 1 } };
	int fd[2], first = tap;
	unsigned int n;
	bool fresh;

	(void)state;
	if (!sums)
		SKIP("it needs root, /dev/net/tun and bpf(2)");
	assert_int_equal(tap_open(&fd[0], "lim1", TAP_MULTI, NULL, &fresh), 0);
	assert_int_equal(tap_open_another(&fd[1], fd[0]), 0);
	assert_int_equal(tap_set_offloads(fd[0], TUN_F_CSUM | TUN_F_TSO4, &(int){ 0 }), 0);
	assert_int_equal(limit_set(&both, fd[0], 2), 0);
	assert_int_equal(nettest_run(0, "sysctl -qw net.ipv6.conf.lim1.disable_ipv6=1; ip link set lim1 up"), 0);
	ifindex = if_nametoindex("lim1");
	for (unsigned int round = 0; round < 4; round++) {
		for (unsigned int i = 0; i < 200; i++)
			send_frame(GSO_LEN);
		n = read_all(&r[round % 2], fd[round % 2]);
		assert_int_equal(n + read_all(&r[1 - round % 2], fd[1 - round % 2]), LIMIT / (GSO_LEN + TAPLIMIT_FRAME));
		assert_int_equal(both.sums->in, both.sums->out);
		atomic_fetch_add(&both.sums->out, 7000);
	}
	tap = first;
	taplimit_exit(&both);
	tap_unpersist(fd[0]);
	close(fd[1]);
	close(fd[0]);
}

/* Ends a batch without a frame. Returns true if the other readers must look at their queues. */
static bool finds_nothing(struct taplimit_reader *r)
{
	taplimit_begin(r);
	taplimit_empty(r);
	return taplimit_end(r);
}

/* An empty queue says nothing about another one, so the sums stay as the filter left them. */
static void another_queue_still_waits(void **state)
{
	struct taplimit_sums s = { 0 };
	struct taplimit both = { .sums = &s, .bytes = LIMIT, .readers = 2 };
	struct taplimit_reader r[2] = { { .limit = &both, .index = 0 }, { .limit = &both, .index = 1 } };

	(void)state;
	both.asked_at = 0 - (uint64_t)LIMIT;
	assert_false(finds_nothing(&r[1]));
	/* The frames are in the second queue. */
	s.in += LIMIT / 8;
	assert_false(finds_nothing(&r[0]));
	assert_int_equal(s.in - s.out, LIMIT / 8);
	taplimit_begin(&r[1]);
	r[1].took = LIMIT / 8;
	taplimit_empty(&r[1]);
	assert_false(taplimit_end(&r[1]));
	assert_int_equal(s.in, s.out);
	/* The frames were lost behind the filter. The other reader is asked once; then the sums are corrected. */
	s.in += LIMIT / 2;
	assert_true(finds_nothing(&r[0]));
	assert_false(finds_nothing(&r[0]));
	assert_int_equal(s.in - s.out, LIMIT / 2);
	assert_false(finds_nothing(&r[1]));
	assert_int_equal(s.in, s.out);
	/* A single reader asks no other. */
	both.readers = 1;
	s.in += LIMIT;
	assert_false(finds_nothing(&r[0]));
	assert_int_equal(s.in, s.out);
}

/* What is known to wait is told without a read; what the filter counts meanwhile, once that was read. */
static void tells_what_waits(void **state)
{
	struct taplimit_sums s = { 0 };
	struct taplimit one = { .sums = &s, .bytes = LIMIT, .readers = 1 };
	struct taplimit_reader r = { .limit = &one };

	(void)state;
	assert_false(taplimit_waits(&r));
	s.in = 2 * (100 + TAPLIMIT_FRAME);
	assert_true(taplimit_waits(&r));
	taplimit_begin(&r);
	taplimit_took(&r, 100);
	assert_true(taplimit_waits(&r));
	s.in += 60 + TAPLIMIT_FRAME;
	taplimit_took(&r, 100);
	assert_true(taplimit_waits(&r));
	taplimit_took(&r, 60);
	assert_false(taplimit_waits(&r));
	assert_int_equal(s.out, 0);
	taplimit_empty(&r);
	assert_false(taplimit_end(&r));
	assert_int_equal(s.out, s.in);
	assert_false(taplimit_waits(&r));
	/* A sum that is too small is no empty queue. */
	s.out += 1;
	assert_true(taplimit_waits(&r));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_queue_still_waits),
		cmocka_unit_test(tells_what_waits),
		cmocka_unit_test_setup_teardown(flood_stays_within, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_read_makes_room, setup, teardown),
		cmocka_unit_test_setup_teardown(small_frames_are_not_hit, setup, teardown),
		cmocka_unit_test_setup_teardown(lost_behind_the_filter, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_sums_are_corrected, setup, teardown),
		cmocka_unit_test_setup_teardown(vlan_tag_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(stays_with_the_device, setup, teardown),
		cmocka_unit_test_setup_teardown(by_frames, setup, teardown),
		cmocka_unit_test_setup_teardown(cleared, setup, teardown),
		cmocka_unit_test_setup_teardown(several_queues, setup, teardown),
	};

	return RUN_TESTS(tests);
}
