/* SPDX-License-Identifier: MIT */
/* pingpong.c - measures the round trip of one byte over TCP
 *
 *   pingpong serve PORT                  answers one connection after the other
 *   pingpong ask ADDRESS PORT SECONDS    prints the median and the 99th percentile, in us */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLES_MAX = 1 << 20, WARM = 200 };

static void die(const char *what)
{
	fprintf(stderr, "pingpong: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int tcp_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0)
		die("socket");
	return fd;
}

static void no_delay(int fd)
{
	int one = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0)
		die("TCP_NODELAY");
}

_Noreturn static void serve(struct sockaddr_in *at)
{
	int fd = tcp_socket();

	at->sin_addr.s_addr = htonl(INADDR_ANY);
	if (bind(fd, (struct sockaddr *)at, sizeof(*at)) != 0 || listen(fd, 4) != 0)
		die("listen");
	puts("ready");
	fflush(stdout);
	for (;;) {
		int c = accept(fd, NULL, NULL);
		char byte;

		if (c < 0)
			die("accept");
		no_delay(c);
		while (read(c, &byte, 1) == 1 && write(c, &byte, 1) == 1)
			;
		close(c);
	}
}

static int by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static int ask(const struct sockaddr_in *at, double seconds)
{
	float *us = calloc(SAMPLES_MAX, sizeof(*us));
	int fd = tcp_socket();
	double end = now_us() + seconds * 1e6, start, done;
	size_t n = 0, skip = WARM;
	char byte = 'x';

	if (!us)
		die("calloc");
	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) != 0)
		die("connect");
	no_delay(fd);
	do {
		start = now_us();
		if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
			die("the peer has gone");
		done = now_us();
		if (skip)
			skip--;
		else
			us[n++] = (float)(done - start);
	} while (done < end && n < SAMPLES_MAX);
	close(fd);
	if (n < 100) {
		fputs("pingpong: too few round trips\n", stderr);
		return 1;
	}
	qsort(us, n, sizeof(*us), by_size);
	printf("%.2f %.2f\n", (double)us[n / 2], (double)us[n - 1 - n / 100]);
	free(us);
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET };

	if (argc == 3 && strcmp(argv[1], "serve") == 0) {
		at.sin_port = htons((uint16_t)atoi(argv[2]));
		serve(&at);
	}
	if (argc == 5 && strcmp(argv[1], "ask") == 0 && inet_pton(AF_INET, argv[2], &at.sin_addr) == 1) {
		at.sin_port = htons((uint16_t)atoi(argv[3]));
		return ask(&at, atof(argv[4]));
	}
	fputs("usage: pingpong serve PORT | ask ADDRESS PORT SECONDS\n", stderr);
	return 2;
}
