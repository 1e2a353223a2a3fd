/* SPDX-License-Identifier: MIT */
/* tagged.c - sends large tagged TCP segments with blank checksums, as a VLAN device would
 *
 *   tagged IF   eight frames of 30 segments each to IF, over IPv4 and IPv6 in turns
 *
 * Not all kernels that we test on know VLANs; a packet socket that passes a
 * virtio_net_hdr needs none.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define MSS 1000u
#define PAYLOAD (30u * MSS)

static void put16(unsigned char *p, unsigned int v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
}

static unsigned int sum(unsigned int s, const unsigned char *p, unsigned int len)
{
	for (unsigned int i = 0; i < len; i += 2)
		s += p[i] * 256u + p[i + 1];
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* Builds one; its length. */
static unsigned int build(unsigned char *f, int six, struct virtio_net_hdr *vh)
{
	unsigned char *ip = f + 18, *tcp = ip + (six ? 40 : 20);

	memcpy(f, "\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\1\x81\0\0\5", 16);
	put16(f + 16, six ? ETH_P_IPV6 : ETH_P_IP);
	if (six) {
		ip[0] = 0x60, ip[6] = IPPROTO_TCP, ip[7] = 64;
		put16(ip + 4, 20 + PAYLOAD);
		memset(ip + 8, 0xfd, 32);
	} else {
		memcpy(ip, "\x45\0\0\0\0\1\x40\0\x40\6\0\0\x0a\x4f\1\1\x0a\x4f\1\2", 20);
		put16(ip + 2, 40 + PAYLOAD);
		put16(ip + 10, 0xffff & ~sum(0, ip, 20));
	}
	memcpy(tcp, "\x12\x34\x00\x09\0\0\0\1\0\0\0\1\x50\x18\1\0\0\0\0", 20);
	put16(tcp + 16, sum(IPPROTO_TCP + 20 + PAYLOAD, six ? ip + 8 : ip + 12, six ? 32 : 8));
	for (unsigned int i = 0; i < PAYLOAD; i++)
		tcp[20 + i] = (unsigned char)(i * 7);
	*vh = (struct virtio_net_hdr){ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_size = MSS,
		.gso_type = six ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4,
		.hdr_len = (unsigned short)(tcp + 20 - f), .csum_start = (unsigned short)(tcp - f), .csum_offset = 16 };
	return (unsigned int)(tcp + 20 - f) + PAYLOAD;
}

int main(int argc, char **argv)
{
	static unsigned char frame[65536];
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;

	to.sll_ifindex = argc == 2 ? (int)if_nametoindex(argv[1]) : 0;
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror("tagged");
		return 1;
	}
	for (int i = 0; i < 8; i++) {
		struct virtio_net_hdr vh;
		struct iovec iov[] = { { &vh, sizeof(vh) }, { frame, build(frame, i & 1, &vh) } };

		if (writev(fd, iov, 2) < 0) {
			perror("tagged: writev");
			return 1;
		}
	}
	return 0;
}
