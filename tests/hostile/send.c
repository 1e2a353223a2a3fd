/* SPDX-License-Identifier: MIT */
/* send.c - hostile-send IF COUNT SIZE: the host's frames, COUNT 0: until killed */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static unsigned char frame[65536] = { 0x00, 0x16, 0x3e, 0x66, 0x66, 0x66, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff,
					      0x88, 0xb5 };
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(0x88b5) };
	unsigned long count, size;
	int fd;

	if (argc != 4)
		return 2;
	count = strtoul(argv[2], NULL, 10);
	size = strtoul(argv[3], NULL, 10);
	to.sll_ifindex = (int)if_nametoindex(argv[1]);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || to.sll_ifindex == 0 || size > sizeof(frame) ||
	    bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror(argv[1]);
		return 1;
	}
	for (unsigned long i = 0; count == 0 || i < count; i++) {
		/* A full queue is what a flood is for. */
		if (send(fd, frame, size, 0) < 0 && errno != ENOBUFS && errno != ENETDOWN) {
			perror(argv[1]);
			return 1;
		}
	}
	return 0;
}
