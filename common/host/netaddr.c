/* SPDX-License-Identifier: MIT */
/* netaddr.c - RTM_GETLINK and RTM_GETADDR of one device */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "netaddr.h"
#include "netlink.h"

struct netaddr_query {
	struct announce *a;
	const struct netdev *d;
	unsigned int flags;	/* IFF_* */
	bool has_mac;
};

/* --- the device ---------------------------------------------------------- */

/* Returns whether the device forwards IPv6, from IFLA_AF_SPEC. */
static bool netaddr_link_forwards(const struct nlattr *spec)
{
	struct nlattr *family, *a;
	int32_t forwarding = 0;

	mnl_attr_for_each_nested(family, spec) {
		if (mnl_attr_get_type(family) != AF_INET6)
			continue;
		mnl_attr_for_each_nested(a, family)
			if (mnl_attr_get_type(a) == IFLA_INET6_CONF &&
			    mnl_attr_get_payload_len(a) >= (DEVCONF_FORWARDING + 1) * sizeof(forwarding))
				memcpy(&forwarding, (const char *)mnl_attr_get_payload(a) +
				       DEVCONF_FORWARDING * sizeof(forwarding), sizeof(forwarding));
	}
	return forwarding != 0;
}

static int netaddr_link_parse(const struct nlmsghdr *msg, void *arg)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(msg);
	struct netaddr_query *q = arg;
	struct nlattr *a;

	if (msg->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	q->flags = info->ifi_flags;
	mnl_attr_for_each(a, msg, sizeof(*info)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == IFLA_ADDRESS && mnl_attr_get_payload_len(a) == sizeof(q->a->mac)) {
			memcpy(q->a->mac, mnl_attr_get_payload(a), sizeof(q->a->mac));
			q->has_mac = true;
		} else if (type == IFLA_AF_SPEC && mnl_attr_validate(a, MNL_TYPE_NESTED) >= 0) {
			q->a->router = netaddr_link_forwards(a);
		}
	}
	return MNL_CB_OK;
}

static int netaddr_query_link(struct netaddr_query *q)
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ASK_MAX];
	struct nlmsghdr *req = netlink_request(buf, RTM_GETLINK, NLM_F_ACK);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(req, sizeof(*info));

	info->ifi_index = (int)q->d->ifindex;
	if (q->d->nsid != NETDEV_NSID_OURS)
		mnl_attr_put_u32(req, IFLA_TARGET_NETNSID, (uint32_t)q->d->nsid);
	return netlink_ask(NETLINK_ROUTE, req, netaddr_link_parse, q);
}

/* --- its addresses ------------------------------------------------------- */

/* The attributes of one address. */
struct netaddr {
	uint32_t flags;			/* IFA_F_* */
	const void *address, *local;	/* the former is the peer's where both are there */
	int nsid;
};

static struct netaddr netaddr_attributes(const struct nlmsghdr *msg, size_t len)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(msg);
	struct netaddr of = { .flags = info->ifa_flags, .nsid = NETDEV_NSID_OURS };
	struct nlattr *a;

	mnl_attr_for_each(a, msg, sizeof(*info)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == IFA_FLAGS && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			of.flags = mnl_attr_get_u32(a);
		else if (type == IFA_TARGET_NETNSID && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			of.nsid = (int)mnl_attr_get_u32(a);
		else if (type == IFA_ADDRESS && mnl_attr_get_payload_len(a) == len)
			of.address = mnl_attr_get_payload(a);
		else if (type == IFA_LOCAL && mnl_attr_get_payload_len(a) == len)
			of.local = mnl_attr_get_payload(a);
	}
	return of;
}

static int netaddr_parse(const struct nlmsghdr *msg, void *arg)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(msg);
	const struct netaddr_query *q = arg;
	struct netaddr of;

	/* A kernel that does not support the namespace attribute answers for ours. */
	if (msg->nlmsg_type != RTM_NEWADDR || info->ifa_index != q->d->ifindex || info->ifa_scope >= RT_SCOPE_HOST)
		return MNL_CB_OK;
	of = netaddr_attributes(msg, info->ifa_family == AF_INET ? 4 : 16);
	if (of.nsid != q->d->nsid || (of.flags & IFA_F_DADFAILED) ||
	    ((of.flags & IFA_F_TENTATIVE) && !(of.flags & IFA_F_OPTIMISTIC)))
		return MNL_CB_OK;
	if (of.local || of.address)
		(void)!announce_add(q->a, info->ifa_family == AF_INET ? 4 : 6, of.local ? of.local : of.address);
	return MNL_CB_OK;
}

static int netaddr_query_addresses(struct netaddr_query *q, uint8_t family)
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ASK_MAX];
	struct nlmsghdr *req = netlink_request(buf, RTM_GETADDR, NLM_F_DUMP);
	struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(req, sizeof(*info));

	info->ifa_family = family;
	info->ifa_index = q->d->ifindex;
	if (q->d->nsid != NETDEV_NSID_OURS)
		mnl_attr_put_u32(req, IFA_TARGET_NETNSID, (uint32_t)q->d->nsid);
	return netlink_ask(NETLINK_ROUTE, req, netaddr_parse, q);
}

int netaddr_list(struct announce *a, const struct netdev *d)
{
	struct netaddr_query q = { .a = a, .d = d };
	int err;

	*a = (struct announce){ .count = 0 };
	err = netaddr_query_link(&q);
	if (err)
		return err;
	if (!q.has_mac)
		return -ENODEV;
	if (!(q.flags & IFF_UP))
		return -ENETDOWN;
	if (q.flags & IFF_NOARP)
		return 0;
	err = netaddr_query_addresses(&q, AF_INET);
	return err ? err : netaddr_query_addresses(&q, AF_INET6);
}
