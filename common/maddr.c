/* SPDX-License-Identifier: MIT */
/* maddr.c - a device's multicast filter, by netlink and /proc/net/dev_mcast
 *
 * tun has no hook of its own for the filter, and netlink does not list link
 * layer addresses.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "maddr.h"

#define REPLY_MAX 16384

/* Since Linux 6.13, so not in every header. */
#ifndef RTNLGRP_IPV4_MCADDR
#define RTNLGRP_IPV4_MCADDR 37
#define RTNLGRP_IPV6_MCADDR 38
#endif

/* Asks for the device; the bytes of the answer. */
static ssize_t get_link(void *reply, size_t len, unsigned int ifindex)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
	} req = {
		.head = { .nlmsg_len = sizeof(req), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST },
		.info = { .ifi_index = (int)ifindex },
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = send(fd, &req, sizeof(req), 0);
	if (got >= 0)
		got = recv(fd, reply, len, 0);
	if (got < 0)
		got = -errno;
	close(fd);
	return got;
}

/* Whether the device takes all there is: the flags that an ioctl tells do not
 * have what a bridge or a capture set. 0, 1, or -errno. */
static int takes_all(unsigned int ifindex)
{
	_Alignas(struct nlmsghdr) char reply[REPLY_MAX] = { 0 };
	struct nlmsghdr *head = (struct nlmsghdr *)(void *)reply;
	ssize_t got = get_link(reply, sizeof(reply), ifindex);
	int left;

	if (got < 0)
		return (int)got;
	if (!NLMSG_OK(head, (size_t)got) || head->nlmsg_type != RTM_NEWLINK)
		return -ENODEV;
	left = (int)IFLA_PAYLOAD(head);
	for (struct rtattr *a = IFLA_RTA(NLMSG_DATA(head)); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		uint32_t count = 0;

		if (a->rta_type != IFLA_PROMISCUITY && a->rta_type != IFLA_ALLMULTI)
			continue;
		if (RTA_PAYLOAD(a) >= sizeof(count))
			memcpy(&count, RTA_DATA(a), sizeof(count));
		if (count)
			return 1;
	}
	return 0;
}

/* A line of /proc/net/dev_mcast; false: it is of another form, or of no Ethernet. */
static bool parse_line(unsigned int *ifindex, uint8_t *addr, const char *line)
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

int maddr_list(uint8_t (*addr)[6], unsigned int max, const char *ifname)
{
	unsigned int ifindex = if_nametoindex(ifname), of, n = 0;
	uint8_t one[6];
	char line[128];
	int all;
	FILE *f;

	if (ifindex == 0)
		return -errno;
	all = takes_all(ifindex);
	if (all)
		return all < 0 ? all : (int)max + 1;
	f = fopen("/proc/net/dev_mcast", "re");
	if (!f)
		return -errno;
	while (n <= max && fgets(line, sizeof(line), f)) {
		if (!parse_line(&of, one, line) || of != ifindex)
			continue;
		if (n++ < max)
			memcpy(addr[n - 1], one, sizeof(one));
	}
	fclose(f);
	return (int)n;
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
	/* A kernel that does not know one tells less. */
	for (unsigned int i = 0; i < ARRAY_SIZE(groups); i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i])) < 0 &&
		    errno != EINVAL)
			log_debug("no netlink group=%d errno=%m", groups[i]);
	return fd;
}

void maddr_watch_take(int fd)
{
	char message[REPLY_MAX];

	/* Full (ENOBUFS) is news too. */
	while (recv(fd, message, sizeof(message), 0) > 0 || errno == ENOBUFS)
		;
}
