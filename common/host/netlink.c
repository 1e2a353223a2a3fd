/* SPDX-License-Identifier: MIT */
/* netlink.c - requests by libmnl */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "netlink.h"

/* The longest answers are those about devices with virtual functions. */
#define NETLINK_ANSWER_MAX 32768u

struct nlmsghdr *netlink_request(void *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *req = mnl_nlmsg_put_header(buf);

	req->nlmsg_type = type;
	req->nlmsg_flags = NLM_F_REQUEST | flags;
	req->nlmsg_seq = 1;
	return req;
}

/* Returns 0 once the kernel has said that there is no more, or -errno. */
static int netlink_receive(struct mnl_socket *nl, char *buf, mnl_cb_t fn, void *arg)
{
	unsigned int port = mnl_socket_get_portid(nl);
	int more;

	do {
		ssize_t got = mnl_socket_recvfrom(nl, buf, NETLINK_ANSWER_MAX);

		if (got < 0 && errno == EINTR)
			more = MNL_CB_OK;
		else if (got < 0)
			return -errno;
		else
			more = mnl_cb_run(buf, (size_t)got, 1, port, fn, arg);
	} while (more == MNL_CB_OK);
	return more < 0 ? -errno : 0;
}

int netlink_ask(int bus, struct nlmsghdr *req, mnl_cb_t fn, void *arg)
{
	struct mnl_socket *nl = mnl_socket_open2(bus, SOCK_CLOEXEC);
	int err, strict = 1;
	char *buf;

	if (!nl)
		return -errno;
	/* Before Linux 4.20 a dump is not filtered, and is of our namespace. */
	if (req->nlmsg_flags & NLM_F_DUMP)
		(void)!mnl_socket_setsockopt(nl, NETLINK_GET_STRICT_CHK, &strict, sizeof(strict));
	buf = malloc(NETLINK_ANSWER_MAX);
	if (!buf)
		err = -ENOMEM;
	else if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
		 mnl_socket_sendto(nl, req, req->nlmsg_len) < 0)
		err = -errno;
	else
		err = netlink_receive(nl, buf, fn, arg);
	free(buf);
	mnl_socket_close(nl);
	return err;
}
