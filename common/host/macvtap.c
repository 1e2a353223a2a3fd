/* SPDX-License-Identifier: MIT */
/* macvtap.c - rtnetlink and /dev/tapN, for macvtap.h */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/base/abi.h"
#include "macvtap.h"
#include "netlink.h"

/* #syscalls-control close ioctl open */

#ifndef IFF_LOWER_UP	/* linux/if.h's, which net/if.h excludes */
#define IFF_LOWER_UP 0x10000u
#endif

/* --- looking at a device ------------------------------------------------- */

/* What an answer says. */
struct macvtap_answer {
	struct macvtap *m;
	bool is_macvtap;
};

/* The numbers of a macvtap are a macvlan's. */
static void macvtap_parse_mode(struct macvtap *m, const struct nlattr *data)
{
	struct nlattr *a;

	mnl_attr_for_each_nested(a, data)
		if (mnl_attr_get_type(a) == IFLA_MACVLAN_MODE && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			m->passthru = mnl_attr_get_u32(a) == MACVLAN_MODE_PASSTHRU;
}

static void macvtap_parse_info(struct macvtap_answer *to, const struct nlattr *info)
{
	struct nlattr *a;

	mnl_attr_for_each_nested(a, info) {
		if (mnl_attr_get_type(a) == IFLA_INFO_KIND && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
			to->is_macvtap = strcmp(mnl_attr_get_str(a), "macvtap") == 0;
		/* It comes after the kind, without which it means nothing. */
		else if (mnl_attr_get_type(a) == IFLA_INFO_DATA && to->is_macvtap && mnl_attr_validate(a, MNL_TYPE_NESTED) >= 0)
			macvtap_parse_mode(to->m, a);
	}
}

static int macvtap_parse(const struct nlmsghdr *msg, void *arg)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(msg);
	struct macvtap_answer *to = arg;
	struct nlattr *a;

	if (msg->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	to->m->ifindex = (unsigned int)info->ifi_index;
	to->m->up = info->ifi_flags & IFF_UP;
	to->m->carrier = info->ifi_flags & IFF_LOWER_UP;
	mnl_attr_for_each(a, msg, sizeof(*info)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == IFLA_LINKINFO && mnl_attr_validate(a, MNL_TYPE_NESTED) >= 0)
			macvtap_parse_info(to, a);
		else if (type == IFLA_MTU && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			to->m->mtu = mnl_attr_get_u32(a);
		else if (type == IFLA_ADDRESS && mnl_attr_get_payload_len(a) == sizeof(to->m->mac))
			memcpy(to->m->mac, mnl_attr_get_payload(a), sizeof(to->m->mac));
	}
	return MNL_CB_OK;
}

int macvtap_look(struct macvtap *m, const char *ifname)
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ASK_MAX];
	struct nlmsghdr *req = netlink_request(buf, RTM_GETLINK, NLM_F_ACK);
	struct macvtap_answer to = { .m = m };
	int err;

	*m = (struct macvtap){ .ifindex = 0 };
	if (strlen(ifname) >= sizeof(m->ifname))
		return -ENODEV;
	snprintf(m->ifname, sizeof(m->ifname), "%s", ifname);
	mnl_nlmsg_put_extra_header(req, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(req, IFLA_IFNAME, ifname);
	err = netlink_ask(NETLINK_ROUTE, req, macvtap_parse, &to);
	if (err)
		return err;
	if (!m->ifindex)
		return -ENODEV;
	return to.is_macvtap ? 0 : -EMEDIUMTYPE;
}

int macvtap_take_multicast(const struct macvtap *m)
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ASK_MAX];
	struct nlmsghdr *req = netlink_request(buf, RTM_NEWLINK, NLM_F_ACK);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(req, sizeof(*info));

	info->ifi_index = (int)m->ifindex;
	info->ifi_flags = info->ifi_change = IFF_ALLMULTI;
	return netlink_ask(NETLINK_ROUTE, req, NULL, NULL);
}

/* --- its descriptors ----------------------------------------------------- */

bool macvtap_is_queue(int fd)
{
	unsigned int features;

	/* A TAP's can be a TUN's, too. */
	return ioctl(fd, TUNGETFEATURES, &features) == 0 && !(features & IFF_TUN);
}

/* The name alone does not tell: two namespaces can have a device of the same name and number, but only one node. */
bool macvtap_is(int fd, const struct macvtap *m)
{
	struct ifreq name, address;

	memset(&name, 0, sizeof(name));
	memset(&address, 0, sizeof(address));
	return macvtap_is_queue(fd) && ioctl(fd, TUNGETIFF, &name) == 0 && strcmp(name.ifr_name, m->ifname) == 0 &&
	       ioctl(fd, SIOCGIFHWADDR, &address) == 0 && memcmp(address.ifr_hwaddr.sa_data, m->mac, sizeof(m->mac)) == 0;
}

bool macvtap_is_lost(int fd)
{
	struct ifreq ifr;

	return ioctl(fd, TUNGETIFF, &ifr) < 0 && errno == ENOLINK;
}

/* Sets what a TAP has: a header of 12 bytes before each frame, and no limit of bytes on their way, which the queues of
 * the lower device bound. Returns 0 or -errno. */
static int macvtap_prepare(int fd)
{
	struct ifreq ifr = { .ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR) };
	int size = VNET_HDR_LEN, got = 0, sndbuf = INT_MAX;

	if (ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETVNETHDRSZ, &size) < 0 || ioctl(fd, TUNGETVNETHDRSZ, &got) < 0 ||
	    ioctl(fd, TUNSETSNDBUF, &sndbuf) < 0)
		return -errno;
	return got == size ? 0 : -ENOTSUP;
}

int macvtap_open(int *fd, const struct macvtap *m)
{
	char path[32];
	int f, err = 0;

	snprintf(path, sizeof(path), "/dev/tap%u", m->ifindex);
	f = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (f < 0)
		return -errno;
	if (!macvtap_is(f, m))
		err = -EXDEV;
	if (!err)
		err = macvtap_prepare(f);
	if (err) {
		close(f);
		return err;
	}
	*fd = f;
	return 0;
}
