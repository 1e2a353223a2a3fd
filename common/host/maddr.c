/* SPDX-License-Identifier: MIT */
/* maddr.c - a device's multicast filter, by /proc/net/dev_mcast
 *
 * tun has no hook of its own for the filter, and netlink does not list link
 * layer addresses.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/log.h"
#include "maddr.h"

/* #syscalls-control bind close setsockopt socket */

#define REPLY_MAX 16384

/* Since Linux 6.13, so not in every header. */
#ifndef RTNLGRP_IPV4_MCADDR
#define RTNLGRP_IPV4_MCADDR 37
#define RTNLGRP_IPV6_MCADDR 38
#endif

/* Parses a line of /proc/net/dev_mcast. Returns false if it has another form, or no
 * Ethernet address. */
static bool maddr_parse_line(unsigned int *ifindex, uint8_t *addr, const char *line)
{
	unsigned int byte;
	char text[13], end;

	if (sscanf(line, "%u %*s %*u %*u %12[0-9a-f]%c", ifindex, text, &end) != 3 || end != '\n' ||
	    strlen(text) != 12)
		return false;
	for (int i = 0; i < 6; i++) {
		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return false;
		addr[i] = (uint8_t)byte;
	}
	return true;
}

struct maddr_ask {
	uint8_t (*addr)[6];
	unsigned int max, ifindex;
};

static int maddr_read(void *arg)
{
	const struct maddr_ask *ask = arg;
	unsigned int of, n = 0;
	uint8_t one[6];
	char line[128];
	/* /proc/net would be that of the process's first thread. */
	FILE *f = fopen("/proc/thread-self/net/dev_mcast", "re");

	if (!f)
		return -errno;
	while (n <= ask->max && fgets(line, sizeof(line), f)) {
		if (!maddr_parse_line(&of, one, line) || of != ask->ifindex)
			continue;
		if (n++ < ask->max)
			memcpy(ask->addr[n - 1], one, sizeof(one));
	}
	fclose(f);
	return (int)n;
}

int maddr_list(uint8_t (*addr)[6], unsigned int max, const struct netdev *dev)
{
	struct maddr_ask ask = { .addr = addr, .max = max, .ifindex = dev->ifindex };

	return dev->takes_all ? (int)max + 1 : netdev_run(dev, maddr_read, &ask);
}

int maddr_watch(void)
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
				      RTNLGRP_IPV4_MCADDR, RTNLGRP_IPV6_MCADDR };
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	/* A kernel that does not know one of the groups sends fewer messages. */
	for (unsigned int i = 0; i < ARRAY_SIZE(groups); i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i])) < 0 &&
		    errno != EINVAL)
			log_debug("no netlink group=%d errno=%m", groups[i]);
	return fd;
}

void maddr_watch_take(int fd)
{
	char message[REPLY_MAX];

	/* An overflow (ENOBUFS) is a change too. */
	while (recv(fd, message, sizeof(message), 0) > 0 || errno == ENOBUFS)
		;
}
