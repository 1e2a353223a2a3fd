/* SPDX-License-Identifier: MIT */
/* send.c - hostile-send IF COUNT SIZE [gso|flows]: the host's frames, COUNT 0: until killed;
 * gso: large TCP segments of 1000 bytes each; flows: these, each of another flow */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* The header of an IPv4 TCP segment of size bytes; what netbackd is to make of it. */
static void make_segment(unsigned char *frame, unsigned long size)
{
	static const unsigned char headers[] = {
		8, 0, 0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
		0, 9, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 1, 0, 0, 0, 0, 0,
	};

	memcpy(frame + 12, headers, sizeof(headers));
	frame[16] = (unsigned char)((size - 14) >> 8);
	frame[17] = (unsigned char)(size - 14);
}

int main(int argc, char **argv)
{
	static unsigned char frame[65536] = { 0x00, 0x16, 0x3e, 0x66, 0x66, 0x66, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff,
					      0x88, 0xb5 };
	static struct virtio_net_hdr vh = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 1000,
		.hdr_len = 54, .csum_start = 34, .csum_offset = 16,
	};
	struct iovec iov[] = { { &vh, sizeof(vh) }, { frame, 0 } };
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(0x88b5) };
	unsigned long count, size;
	int fd, gso, flows, one = 1;

	if (argc < 4)
		return 2;
	gso = argc == 5;
	flows = gso && strcmp(argv[4], "flows") == 0;
	count = strtoul(argv[2], NULL, 10);
	size = strtoul(argv[3], NULL, 10);
	if (gso)
		to.sll_protocol = htons(ETHERTYPE_IP);
	to.sll_ifindex = (int)if_nametoindex(argv[1]);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || to.sll_ifindex == 0 || size > sizeof(frame) ||
	    bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror(argv[1]);
		return 1;
	}
	if (gso) {
		make_segment(frame, size);
		if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) < 0) {
			perror("PACKET_VNET_HDR");
			return 1;
		}
	}
	iov[1].iov_len = size;
	for (unsigned long i = 0; count == 0 || i < count; i++) {
		if (flows) {
			frame[34] = (unsigned char)(i >> 8);
			frame[35] = (unsigned char)i;
		}
		/* A full queue is what a flood is for. */
		if (writev(fd, iov + !gso, 1 + gso) < 0 && errno != ENOBUFS && errno != ENETDOWN) {
			perror(argv[1]);
			return 1;
		}
	}
	return 0;
}
