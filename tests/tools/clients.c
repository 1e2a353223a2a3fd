/* SPDX-License-Identifier: MIT */
/* clients.c - clients of the control socket that send or read what they should not, or nothing
 *
 *   clients hold PATH N      N connections that send nothing, until stdin ends
 *   clients unread PATH N    N that ask for all counters and read nothing, until stdin ends
 *   clients send PATH LEN    one that sends LEN letters as its request, and prints what it gets
 *   clients line PATH LINE   one that sends LINE, and prints the first packet that it gets
 *   clients nul PATH         one whose request has a NUL byte, likewise
 *
 * hold and unread print "ready" once as many are connected as get in without waiting.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int client(const char *path, int flags)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | flags, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (fd < 0) {
		perror("socket");
		exit(1);
	}
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) < 0) {
		if (errno != EAGAIN) {
			perror(path);
			exit(1);
		}
		close(fd);
		return -1;
	}
	return fd;
}

static int many(const char *path, int n, const char *line)
{
	char byte;
	int got = 0;

	for (int i = 0; i < n; i++) {
		int fd = client(path, SOCK_NONBLOCK);

		if (fd >= 0) {
			got++;
			if (*line && send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
				perror("send");
		}
	}
	printf("ready %d\n", got);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

static int one(const char *path, const char *request, size_t len, int packets)
{
	char buf[65536];
	int fd = client(path, 0);
	ssize_t n;

	if (fd < 0 || send(fd, request, len, MSG_NOSIGNAL) < 0) {
		perror("send");
		return 1;
	}
	while (packets-- && (n = recv(fd, buf, sizeof(buf), 0)) > 0)
		fwrite(buf, 1, (size_t)n, stdout);
	return 0;
}

int main(int argc, char **argv)
{
	static char letters[70000];

	memset(letters, 'a', sizeof(letters));
	if (argc == 4 && strcmp(argv[1], "hold") == 0)
		return many(argv[2], atoi(argv[3]), "");
	if (argc == 4 && strcmp(argv[1], "unread") == 0)
		return many(argv[2], atoi(argv[3]), "stats");
	if (argc == 4 && strcmp(argv[1], "send") == 0)
		return one(argv[2], letters, (size_t)atoi(argv[3]), -1);
	if (argc == 4 && strcmp(argv[1], "line") == 0)
		return one(argv[2], argv[3], strlen(argv[3]), 1);
	if (argc == 3 && strcmp(argv[1], "nul") == 0)
		return one(argv[2], "list\0vif1.0", 11, -1);
	fprintf(stderr, "clients: hold|unread|send|line|nul PATH [N]\n");
	return 2;
}
