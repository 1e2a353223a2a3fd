/* SPDX-License-Identifier: MIT */
/* frames.c - sends frames that no stack sends by itself
 *
 *   frames long IF LENGTH...   one tagged frame of each length in bytes to IF
 *
 * The device's MTU bounds a frame without a tag to 65,535 bytes; a tag adds
 * four bytes to what a packet socket may send.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* To all stations, on VLAN 5, a local experimental ethertype. */
static const unsigned char head[18] = "\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\1\x81\0\0\5\x88\xb5";

static unsigned char frame[1 << 17];

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

int main(int argc, char **argv)
{
	int fd;

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
