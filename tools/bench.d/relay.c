/* SPDX-License-Identifier: MIT */
/* relay.c - one process that copies frames between a TAP in each of two network namespaces
 *
 *   relay NETNS-A TAP-A NETNS-B TAP-B
 *
 * It has all offloads, so it carries segments of 64 KiB and computes no checksum. This is the best that
 * user space can do with a single process. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BATCH = 64, FRAME_MAX = (int)sizeof(struct virtio_net_hdr) + 14 + 4 + 65535 };

static void die(const char *what)
{
	fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void enter(const char *netns)
{
	int fd = open(netns, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
		die(netns);
	close(fd);
}

static int tap_in(const char *netns, const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int size = (int)sizeof(struct virtio_net_hdr), fd;

	enter(netns);
	if (strlen(name) >= sizeof(ifr.ifr_name)) {
		errno = ENAMETOOLONG;
		die(name);
	}
	memcpy(ifr.ifr_name, name, strlen(name) + 1);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETVNETHDRSZ, &size) < 0 ||
	    ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN) < 0)
		die(name);
	return fd;
}

/* Copies frames from one TAP to the other. A frame that cannot be written (device down, queue full) is
 * dropped. */
static void carry(int from, int to)
{
	static char frame[FRAME_MAX];

	for (int i = 0; i < BATCH; i++) {
		ssize_t n = read(from, frame, sizeof(frame));

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			die("read");
		if (write(to, frame, (size_t)n) < 0 && errno != EAGAIN && errno != EIO && errno != EINVAL)
			die("write");
	}
}

int main(int argc, char **argv)
{
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };

	if (argc != 5) {
		fputs("usage: relay NETNS-A TAP-A NETNS-B TAP-B\n", stderr);
		return 2;
	}
	p[0].fd = tap_in(argv[1], argv[2]);
	p[1].fd = tap_in(argv[3], argv[4]);
	puts("ready");
	fflush(stdout);
	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			die("poll");
		if (p[0].revents)
			carry(p[0].fd, p[1].fd);
		if (p[1].revents)
			carry(p[1].fd, p[0].fd);
	}
}
