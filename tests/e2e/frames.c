/* SPDX-License-Identifier: MIT */
/* frames.c - sends frames that no stack sends by itself
 *
 *   frames long IF LENGTH...     one tagged frame of each length in bytes to IF
 *   frames large IF MSS COUNT    COUNT large TCP segments of 65,535 bytes to IF, to be cut to MSS
 *   frames tagged IF MSS COUNT   the same behind a tag, so that the daemons must cut them
 *
 * The device's MTU bounds a frame without a tag to 65,535 bytes; a tag adds
 * four bytes to what a packet socket may send.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* To all stations, on VLAN 5, a local experimental ethertype. */
static const unsigned char head[18] = "\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\1\x81\0\0\5\x88\xb5";

static unsigned char frame[1 << 17];

/* Of a large segment, in bytes. */
#define LEN 65535u

static int open_device(const char *name)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	to.sll_ifindex = (int)if_nametoindex(name);
	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror(name);
		exit(1);
	}
	return fd;
}

static void send_long(int fd, size_t len)
{
	memcpy(frame, head, sizeof(head));
	for (size_t i = sizeof(head); i < len; i++)
		frame[i] = (unsigned char)(i * 7);
	if (send(fd, frame, len, 0) < 0) {
		fprintf(stderr, "%zu bytes: ", len);
		perror("send");
		exit(1);
	}
}

static unsigned int sum(unsigned int s, const unsigned char *p, unsigned int len)
{
	for (unsigned int i = 0; i < len; i += 2)
		s += p[i] * 256u + p[i + 1];
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

static void put16(unsigned char *p, unsigned int v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
}

/* To a station behind dom0, which is 02:00:00:00:00:01. Returns where the IP header is. */
static unsigned int build_large(int tag)
{
	static const unsigned char ethernet[12] = "\x02\0\0\0\0\1\x02\0\0\0\0\2", vlan[4] = "\x81\0\0\5";
	static const unsigned char headers[42] =
		"\x08\0\x45\0\0\0\0\1\x40\0\x40\6\0\0\x0a\x4f\0\2\x0a\x4f\x09\2"
		"\x12\x34\0\x09\0\0\0\1\0\0\0\1\x50\x10\1\0\0\0\0";
	unsigned int l3 = tag ? 18 : 14;

	memcpy(frame, ethernet, sizeof(ethernet));
	memcpy(frame + 12, vlan, sizeof(vlan));
	memcpy(frame + l3 - 2, headers, sizeof(headers));
	for (unsigned int i = l3 + 40; i < LEN; i++)
		frame[i] = (unsigned char)(i * 7);
	put16(frame + l3 + 2, LEN - l3);
	put16(frame + l3 + 10, 0xffff & ~sum(0, frame + l3, 20));
	put16(frame + l3 + 36, sum(IPPROTO_TCP + LEN - l3 - 20, frame + l3 + 12, 8));
	return l3;
}

static void send_large(int fd, unsigned int mss, unsigned long count, int tag)
{
	unsigned int l3 = build_large(tag);
	struct virtio_net_hdr vh = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
				     .gso_size = (unsigned short)mss, .hdr_len = (unsigned short)(l3 + 40),
				     .csum_start = (unsigned short)(l3 + 20), .csum_offset = 16 };
	struct iovec iov[] = { { &vh, sizeof(vh) }, { frame, LEN } };
	int one = 1;

	if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) < 0) {
		perror("PACKET_VNET_HDR");
		exit(1);
	}
	while (count--)
		if (writev(fd, iov, 2) < 0) {
			perror("writev");
			exit(1);
		}
}

int main(int argc, char **argv)
{
	int fd;

	if (argc == 5 && (strcmp(argv[1], "large") == 0 || strcmp(argv[1], "tagged") == 0)) {
		send_large(open_device(argv[2]), (unsigned int)strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10),
			   argv[1][0] == 't');
		return 0;
	}
	if (argc < 4 || strcmp(argv[1], "long") != 0)
		return 2;
	fd = open_device(argv[2]);
	for (int i = 3; i < argc; i++) {
		size_t len = strtoul(argv[i], NULL, 10);

		if (len < sizeof(head) || len > sizeof(frame))
			return 2;
		send_long(fd, len);
	}
	return 0;
}
