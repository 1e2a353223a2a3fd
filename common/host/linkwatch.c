/* SPDX-License-Identifier: MIT */
/* linkwatch.c - receives and parses the messages of the group RTNLGRP_LINK */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "linkwatch.h"
#include "common/base/log.h"

/* #syscalls-control bind close socket */

/* More than a message about a device with many virtual functions has. */
#define LINKWATCH_MESSAGE_MAX 32768

int linkwatch_open(void)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

void linkwatch_ask(int fd, unsigned int ifindex)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
	} req = {
		.head = { .nlmsg_len = sizeof(req), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST },
		.info = { .ifi_index = (int)ifindex },
	};

	if (fd >= 0 && ifindex && send(fd, &req, sizeof(req), 0) < 0)
		log_debug("cannot ask for a device ifindex=%u errno=%m", ifindex);
}

/* Returns false for a message about something else. */
static bool linkwatch_parse(struct link_event *ev, struct nlmsghdr *head)
{
	struct ifinfomsg *info = NLMSG_DATA(head);
	int left = (int)head->nlmsg_len - (int)NLMSG_LENGTH(sizeof(*info));

	if ((head->nlmsg_type != RTM_NEWLINK && head->nlmsg_type != RTM_DELLINK) || left < 0)
		return false;
	/* A bridge reports its ports with a family of its own: a deleted port is not a deleted
	 * device. */
	if (info->ifi_family != AF_UNSPEC || info->ifi_index <= 0)
		return false;
	*ev = (struct link_event){ .ifindex = (unsigned int)info->ifi_index, .removed = head->nlmsg_type == RTM_DELLINK };
	for (struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type == IFLA_IFNAME && RTA_PAYLOAD(a) <= sizeof(ev->ifname))
			memcpy(ev->ifname, RTA_DATA(a), RTA_PAYLOAD(a));
		if (a->rta_type != IFLA_TXQLEN || RTA_PAYLOAD(a) < sizeof(ev->txqlen))
			continue;
		ev->has_txqlen = true;
		memcpy(&ev->txqlen, RTA_DATA(a), sizeof(ev->txqlen));
	}
	ev->ifname[sizeof(ev->ifname) - 1] = '\0';
	return true;
}

void linkwatch_take(int fd, void (*fn)(void *arg, const struct link_event *ev), void *arg)
{
	static _Alignas(struct nlmsghdr) char message[LINKWATCH_MESSAGE_MAX];
	struct link_event ev = { 0 };
	ssize_t got;

	while ((got = recv(fd, message, sizeof(message), 0)) > 0 || (got < 0 && errno == ENOBUFS)) {
		struct nlmsghdr *head = (struct nlmsghdr *)(void *)message;
		unsigned int left = got < 0 ? 0 : (unsigned int)got;

		if (got < 0) {
			ev = (struct link_event){ 0 };
			fn(arg, &ev);
		}
		for (; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left))
			if (linkwatch_parse(&ev, head))
				fn(arg, &ev);
	}
}
