/* SPDX-License-Identifier: MIT */
/* netdev.c - rtnetlink and network namespaces */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netdev.h"
#include "netlink.h"

/* #syscalls-control close fstat ioctl open setns stat */

#ifndef TUNGETDEVNETNS	/* Linux 5.2 */
#define TUNGETDEVNETNS _IO('T', 227)
#endif

/* Attempts to read a device that is renamed or moved meanwhile. */
#define NETDEV_TRIES 8

#define NO_NSID NETDEV_NSID_OURS

/* --- looking at a device ------------------------------------------------- */

static bool netdev_link_is_tun(const struct nlattr *info)
{
	struct nlattr *a;

	mnl_attr_for_each_nested(a, info)
		if (mnl_attr_get_type(a) == IFLA_INFO_KIND && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
			return strcmp(mnl_attr_get_str(a), "tun") == 0;
	return false;
}

static int netdev_link_parse(const struct nlmsghdr *msg, void *arg)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(msg);
	struct netdev *d = arg;
	struct nlattr *a;

	if (msg->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	d->ifindex = (unsigned int)info->ifi_index;
	mnl_attr_for_each(a, msg, sizeof(*info)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == IFLA_IFNAME && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
			snprintf(d->name, sizeof(d->name), "%s", mnl_attr_get_str(a));
		else if (type == IFLA_LINKINFO && mnl_attr_validate(a, MNL_TYPE_NESTED) >= 0)
			d->is_tun = netdev_link_is_tun(a);
		else if (type == IFLA_MTU && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			d->mtu = mnl_attr_get_u32(a);
		/* The flags of the ioctl lack those that a bridge or a capture set. */
		else if ((type == IFLA_PROMISCUITY || type == IFLA_ALLMULTI) && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			d->takes_all |= mnl_attr_get_u32(a) != 0;
	}
	return MNL_CB_OK;
}

/* Reads a device by netlink: by its ifindex or, if that is 0, by its name; in our
 * namespace, or in the one with the number nsid in ours. Returns 0 or -errno. */
static int netdev_link_get(struct netdev *d, int nsid, unsigned int ifindex, const char *name)
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ASK_MAX];
	struct nlmsghdr *req = netlink_request(buf, RTM_GETLINK, NLM_F_ACK);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(req, sizeof(*info));

	info->ifi_index = (int)ifindex;
	if (!ifindex)
		mnl_attr_put_strz(req, IFLA_IFNAME, name);
	if (nsid != NO_NSID)
		mnl_attr_put_u32(req, IFLA_TARGET_NETNSID, (uint32_t)nsid);
	d->ifindex = 0;
	d->is_tun = d->takes_all = false;
	return netlink_ask(NETLINK_ROUTE, req, netdev_link_parse, d);
}

/* --- network namespaces -------------------------------------------------- */

static uint64_t netdev_netns_inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

/* Returns the inode of the calling thread's namespace, 0 if it cannot be read. */
static uint64_t netdev_netns_ours(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/net", &st) == 0 ? st.st_ino : 0;
}

static int netdev_nsid_parse(const struct nlmsghdr *msg, void *arg)
{
	struct nlattr *a;

	if (msg->nlmsg_type != RTM_NEWNSID)
		return MNL_CB_OK;
	mnl_attr_for_each(a, msg, sizeof(struct rtgenmsg))
		if (mnl_attr_get_type(a) == NETNSA_NSID && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			*(int *)arg = (int)mnl_attr_get_u32(a);
	return MNL_CB_OK;
}

static int netdev_nsid_request(uint16_t type, int netns_fd, int *nsid)
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ASK_MAX];
	struct nlmsghdr *req = netlink_request(buf, type, NLM_F_ACK);
	struct rtgenmsg *gen = mnl_nlmsg_put_extra_header(req, sizeof(*gen));

	gen->rtgen_family = AF_UNSPEC;
	mnl_attr_put_u32(req, NETNSA_FD, (uint32_t)netns_fd);
	if (type == RTM_NEWNSID)
		mnl_attr_put_u32(req, NETNSA_NSID, (uint32_t)NO_NSID);
	*nsid = NO_NSID;
	return netlink_ask(NETLINK_ROUTE, req, netdev_nsid_parse, nsid);
}

/* Gets the number that our namespace has for that one, NO_NSID if it has none. */
static int netdev_nsid_get(int netns_fd, int *nsid)
{
	return netdev_nsid_request(RTM_GETNSID, netns_fd, nsid);
}

/* Does the same, but assigns a number if there is none, as each move of a device does. */
static int netdev_nsid_need(int netns_fd, int *nsid)
{
	int err = netdev_nsid_get(netns_fd, nsid), ignored;

	if (err || *nsid != NO_NSID)
		return err;
	err = netdev_nsid_request(RTM_NEWNSID, netns_fd, &ignored);
	if (!err || err == -EEXIST)
		err = netdev_nsid_get(netns_fd, nsid);
	return err || *nsid != NO_NSID ? err : -ENOENT;
}

/* --- by descriptor ------------------------------------------------------- */

/* Finds the namespace of a tun descriptor's device. If the kernel cannot report it, it counts as
 * ours. */
static int netdev_place(struct netdev *d, int tun_fd)
{
	uint64_t ours = netdev_netns_ours();

	d->netns = ours;
	d->netns_fd = ioctl(tun_fd, TUNGETDEVNETNS);
	if (d->netns_fd < 0)
		return errno == ENOTTY || errno == EINVAL ? 0 : -errno;
	d->netns = netdev_netns_inode(d->netns_fd);
	if (d->netns == ours) {
		close(d->netns_fd);
		d->netns_fd = -1;
	}
	return 0;
}

static int netdev_tun_name(int tun_fd, char *name)
{
	struct ifreq ifr;

	if (ioctl(tun_fd, TUNGETIFF, &ifr) < 0)
		return -errno;
	snprintf(name, NETDEV_NAME_MAX, "%.*s", NETDEV_NAME_MAX - 1, ifr.ifr_name);
	return 0;
}

/* Returns 0; -EAGAIN: it was renamed or moved meanwhile. */
static int netdev_look(struct netdev *d, int tun_fd)
{
	char name[NETDEV_NAME_MAX], again[NETDEV_NAME_MAX];
	int err = netdev_tun_name(tun_fd, name);

	if (!err)
		err = netdev_place(d, tun_fd);
	if (!err && d->netns_fd >= 0)
		err = netdev_nsid_need(d->netns_fd, &d->nsid);
	if (!err)
		err = netdev_link_get(d, d->nsid, 0, name);
	if (err && err != -ENODEV)
		return err;
	/* The name has not changed, so the device of that name is the right one. */
	if (err || (err = netdev_tun_name(tun_fd, again)) != 0)
		return err == -ENODEV ? -EAGAIN : err;
	return strcmp(name, again) == 0 ? 0 : -EAGAIN;
}

int netdev_open(struct netdev *d, int tun_fd)
{
	int err = -EAGAIN;

	for (int i = 0; i < NETDEV_TRIES && err == -EAGAIN; i++) {
		*d = (struct netdev){ .netns_fd = -1, .nsid = NETDEV_NSID_OURS };
		err = netdev_look(d, tun_fd);
		if (err)
			netdev_close(d);
	}
	return err;
}

void netdev_close(struct netdev *d)
{
	if (d->netns_fd >= 0)
		close(d->netns_fd);
	d->netns_fd = -1;
}

/* --- without a descriptor ------------------------------------------------ */

/* Opens path if it is the namespace with the number nsid in ours. Returns its
 * descriptor, or -1. */
static int netdev_netns_open_if(const char *path, int nsid)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), known;

	if (fd >= 0 && (netdev_nsid_get(fd, &known) < 0 || known != nsid)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Searches a directory of namespaces, or of processes. */
static int netdev_netns_search(const char *where, const char *below, int nsid)
{
	DIR *dir = opendir(where);
	const struct dirent *e;
	char path[320];
	int fd = -1;

	while (dir && fd < 0 && (e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.' || (*below && (e->d_name[0] < '0' || e->d_name[0] > '9')))
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", where, e->d_name, below);
		fd = netdev_netns_open_if(path, nsid);
	}
	if (dir)
		closedir(dir);
	return fd;
}

/* The device to find, and the namespaces to search. */
struct netdev_search {
	struct netdev *d;
	unsigned int ifindex;
	uint64_t netns;
	const char *name;
	int nsid[256];
	unsigned int count;
};

static int netdev_nsid_collect(const struct nlmsghdr *msg, void *arg)
{
	struct netdev_search *s = arg;
	int nsid = NO_NSID;

	if (netdev_nsid_parse(msg, &nsid) != MNL_CB_OK)
		return MNL_CB_ERROR;
	if (nsid != NO_NSID && s->count < ARRAY_SIZE(s->nsid))
		s->nsid[s->count++] = nsid;
	return MNL_CB_OK;
}

static int netdev_nsid_list(struct netdev_search *s)
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ASK_MAX];
	struct nlmsghdr *req = netlink_request(buf, RTM_GETNSID, NLM_F_DUMP);
	struct rtgenmsg *gen = mnl_nlmsg_put_extra_header(req, sizeof(*gen));

	gen->rtgen_family = AF_UNSPEC;
	return netlink_ask(NETLINK_ROUTE, req, netdev_nsid_collect, s);
}

/* Returns 0 if the device is there; d->netns_fd is set if the namespace can be opened. Returns
 * -ENODEV if it is not there. */
static int netdev_find_in(struct netdev_search *s, int nsid)
{
	struct netdev *d = s->d;

	if (netdev_link_get(d, nsid, s->ifindex, NULL) < 0 || !d->is_tun)
		return -ENODEV;
	d->netns_fd = netdev_netns_search("/run/netns", "", nsid);
	if (d->netns_fd < 0)
		d->netns_fd = netdev_netns_search("/proc", "/ns/net", nsid);
	d->netns = d->netns_fd < 0 ? 0 : netdev_netns_inode(d->netns_fd);
	/* An ifindex is unique in its namespace only: another may have a device of that number. */
	if (strcmp(d->name, s->name) == 0 || (s->netns && d->netns == s->netns))
		return 0;
	netdev_close(d);
	return -ENODEV;
}

int netdev_find(struct netdev *d, unsigned int ifindex, uint64_t netns, const char *name)
{
	struct netdev_search s = { .d = d, .ifindex = ifindex, .netns = netns, .name = name };
	uint64_t ours = netdev_netns_ours();
	int err;

	*d = (struct netdev){ .netns_fd = -1, .netns = ours, .nsid = NETDEV_NSID_OURS };
	if (!ifindex)
		return -ENODEV;
	if ((!netns || netns == ours) && netdev_link_get(d, NO_NSID, ifindex, NULL) == 0 && d->is_tun)
		return 0;
	err = netdev_nsid_list(&s);
	if (err)
		return err;
	for (unsigned int i = 0; i < s.count; i++)
		if (netdev_find_in(&s, s.nsid[i]) == 0)
			return d->netns_fd < 0 ? -EXDEV : 0;
	/* It may have been moved back meanwhile. */
	d->netns = ours;
	return netdev_link_get(d, NO_NSID, ifindex, NULL) == 0 && d->is_tun && strcmp(d->name, name) == 0 ? 0 : -ENODEV;
}

/* --- in its namespace ---------------------------------------------------- */

struct netdev_visit {
	int netns_fd;
	int (*fn)(void *arg);
	void *arg;
	int result;
};

static void *netdev_visit_main(void *arg)
{
	struct netdev_visit *v = arg;

	if (setns(v->netns_fd, CLONE_NEWNET) == 0)
		v->result = v->fn(v->arg);
	else
		v->result = errno == EPERM ? -EXDEV : -errno;
	return NULL;
}

int netdev_run(const struct netdev *d, int (*fn)(void *arg), void *arg)
{
	struct netdev_visit v = { .netns_fd = d->netns_fd, .fn = fn, .arg = arg };
	pthread_t thread;
	int err;

	if (d->netns_fd < 0)
		return fn(arg);
	/* The calling thread does not enter it, as the return might fail. */
	err = pthread_create(&thread, NULL, netdev_visit_main, &v);
	if (!err)
		err = pthread_join(thread, NULL);
	return err ? -err : v.result;
}

/* A change of one attribute, IFLA_*. */
struct netdev_change {
	unsigned int ifindex;
	uint16_t attr;
	size_t len;
	const void *value;
};

static int netdev_change_run(void *arg)
{
	const struct netdev_change *c = arg;
	_Alignas(struct nlmsghdr) char buf[NETLINK_ASK_MAX];
	struct nlmsghdr *req = netlink_request(buf, RTM_SETLINK, NLM_F_ACK);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(req, sizeof(*info));

	info->ifi_index = (int)c->ifindex;
	mnl_attr_put(req, c->attr, c->len, c->value);
	return netlink_ask(NETLINK_ROUTE, req, NULL, NULL);
}

int netdev_set_mtu(const struct netdev *d, unsigned int mtu)
{
	const uint32_t value = mtu;
	struct netdev_change c = { d->ifindex, IFLA_MTU, sizeof(value), &value };

	return netdev_run(d, netdev_change_run, &c);
}

int netdev_set_alias(const struct netdev *d, const char *text)
{
	struct netdev_change c = { d->ifindex, IFLA_IFALIAS, strlen(text), text };

	if (c.len >= NETDEV_ALIAS_MAX)
		return -ENAMETOOLONG;
	return netdev_run(d, netdev_change_run, &c);
}
