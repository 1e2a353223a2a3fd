/* SPDX-License-Identifier: MIT */
/* udpgso.c - UDP messages that the kernel cuts into datagrams, or the device does (UDP_SEGMENT, UDP_GRO)
 *
 *   udpgso send ADDRESS PORT COUNT SIZE SEGMENT   COUNT messages of SIZE bytes, each one call with UDP_SEGMENT
 *   udpgso receive PORT COUNT SIZE                as many, compared byte by byte
 *
 * The receiver answers each message once it has all of it, so one is on its way at a time and none is
 * lost for lack of room. It prints "started", and at the end the most bytes that one read gave: with
 * UDP_GRO that is a whole message if it arrived as one large frame.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define SECONDS 20

static unsigned char message[65536], got[65536];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void build(unsigned long number, size_t size)
{
	for (size_t i = 0; i < size; i++)
		message[i] = (unsigned char)(i * 31 + (i >> 8) * 7 + number * 13);
}

static void limit(int fd)
{
	struct timeval t = { .tv_sec = SECONDS };
	int room = 1 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

static int send_all(char **argv)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST }, *to;
	unsigned long count = strtoul(argv[4], NULL, 10);
	size_t size = strtoul(argv[5], NULL, 10);
	int segment = atoi(argv[6]), fd;

	if (size > sizeof(message) || getaddrinfo(argv[2], argv[3], &hints, &to))
		return 2;
	fd = socket(to->ai_family, SOCK_DGRAM, 0);
	if (fd < 0 || connect(fd, to->ai_addr, to->ai_addrlen) < 0)
		fail("connect");
	limit(fd);
	if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment)) < 0)
		fail("UDP_SEGMENT");
	for (unsigned long i = 0; i < count; i++) {
		build(i, size);
		if (send(fd, message, size, 0) != (ssize_t)size)
			fail("send");
		if (recv(fd, got, sizeof(got), 0) != 1)
			fail("no answer");
	}
	return 0;
}

static int receive_all(char **argv)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons((unsigned short)atoi(argv[2])) };
	unsigned long count = strtoul(argv[3], NULL, 10), reads = 0;
	size_t size = strtoul(argv[4], NULL, 10), most = 0;
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), on = 1, off = 0;

	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		fail("bind");
	limit(fd);
	if (setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on)) < 0)
		fail("UDP_GRO");
	printf("started\n");
	fflush(stdout);
	for (unsigned long i = 0; i < count; i++) {
		struct sockaddr_in6 from;
		socklen_t len;
		size_t have = 0;

		build(i, size);
		while (have < size) {
			ssize_t n;

			len = sizeof(from);
			n = recvfrom(fd, got, sizeof(got), 0, (struct sockaddr *)&from, &len);
			if (n < 0)
				fail("recv");
			if ((size_t)n > size - have || memcmp(got, message + have, (size_t)n) != 0) {
				fprintf(stderr, "message %lu differs behind byte %zu of %zu\n", i, have, size);
				return 1;
			}
			have += (size_t)n;
			reads++;
			most = (size_t)n > most ? (size_t)n : most;
		}
		if (sendto(fd, "", 1, 0, (struct sockaddr *)&from, len) != 1)
			fail("answer");
	}
	printf("messages=%lu reads=%lu most=%zu\n", count, reads, most);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 7 && strcmp(argv[1], "send") == 0)
		return send_all(argv);
	if (argc == 5 && strcmp(argv[1], "receive") == 0)
		return receive_all(argv);
	return 2;
}
