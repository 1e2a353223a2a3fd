/* SPDX-License-Identifier: MIT */
/* tap.c - /dev/net/tun */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/abi.h"
#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/wire/vnethdr.h"
#include "netdev.h"
#include "netfeat.h"
#include "tap.h"

#ifndef TUNSETCARRIER	/* Linux 5.0 */
#define TUNSETCARRIER _IOW('T', 226, int)
#endif

/* tap_read() and tap_write() of a data process; the rest is control's.
 *
 * #syscalls read readv write writev
 * #syscalls-control close ioctl open capget capset
 */

/* Times that a device may be renamed while it is opened. */
#define TAP_TRIES 4

/* Attaches fd to the device of that name, or makes it; extra are further flags of
 * TUNSETIFF. Returns 0 or -errno. */
static int tap_attach(int fd, const char *name, enum tap_kind kind, int extra)
{
	struct ifreq ifr = { .ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | extra) };

	if (strlen(name) >= IFNAMSIZ)
		return -ENAMETOOLONG;
	if (kind == TAP_MULTI)
		ifr.ifr_flags |= IFF_MULTI_QUEUE;
	memcpy(ifr.ifr_name, name, strlen(name) + 1);
	return ioctl(fd, TUNSETIFF, &ifr) < 0 ? -errno : 0;
}

/* Removes CAP_NET_ADMIN from the calling thread's effective capabilities; *had gets
 * whether it was there. Returns 0 or -errno. */
static int tap_drop_admin(bool *had)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (syscall(SYS_capget, &head, caps) < 0)
		return -errno;
	*had = caps[0].effective & (1u << CAP_NET_ADMIN);
	caps[0].effective &= ~(1u << CAP_NET_ADMIN);
	return *had && syscall(SYS_capset, &head, caps) < 0 ? -errno : 0;
}

static void tap_regain_admin(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
	bool ok = syscall(SYS_capget, &head, caps) == 0;

	caps[0].effective |= 1u << CAP_NET_ADMIN;
	if (!ok || syscall(SYS_capset, &head, caps) < 0)
		log_error("cannot get CAP_NET_ADMIN back, no device can be made: restart the daemon error=\"%s\"", errtext(ERRTEXT_FILE, -errno));
}

/* Attaches fd to a device that is there; cannot make one, as that needs
 * CAP_NET_ADMIN. Returns 0; -EPERM: there is none of that name, or it has an owner;
 * other -errno. */
static int tap_attach_only(int fd, const char *name, enum tap_kind kind)
{
	bool had = false;
	int err = tap_drop_admin(&had);

	if (err)
		return err;
	err = tap_attach(fd, name, kind, 0);
	/* The kernel returns this for a device of the other kind, too. */
	if (err == -EINVAL)
		err = tap_attach(fd, name, kind == TAP_MULTI ? TAP_SINGLE : TAP_MULTI, 0);
	if (had)
		tap_regain_admin();
	return err;
}

/* Attaches fd to a device that has an owner. That needs CAP_NET_ADMIN and so could
 * make a device, which would not be persistent and would go when fd is closed. */
static int tap_attach_owned(int fd, const char *name, enum tap_kind kind)
{
	struct ifreq ifr;
	int err = tap_attach(fd, name, kind, 0);

	if (err == -EINVAL)
		err = tap_attach(fd, name, kind == TAP_MULTI ? TAP_SINGLE : TAP_MULTI, 0);
	if (!err && ioctl(fd, TUNGETIFF, &ifr) < 0)
		err = -errno;
	return err || (ifr.ifr_flags & IFF_PERSIST) ? err : -ENODEV;
}

static int tap_open_tun(void)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Sets the properties that every device of ours has, also if another program made it.
 * Returns 0 or -errno. */
static int tap_prepare(int fd)
{
	int size = VNET_HDR_LEN, got = 0;

	if (ioctl(fd, TUNSETPERSIST, 1) < 0 || ioctl(fd, TUNSETVNETHDRSZ, &size) < 0 ||
	    ioctl(fd, TUNGETVNETHDRSZ, &got) < 0)
		return -errno;
	return got == size ? 0 : -ENOTSUP;
}

int tap_open(int *fd, const char *name, enum tap_kind kind, const uint8_t *mac, bool *fresh)
{
	int f = tap_open_tun(), err;

	if (f < 0)
		return f;
	err = tap_attach(f, name, kind, IFF_TUN_EXCL);
	*fresh = !err;
	/* Set the address first: udev and networkd read a device as soon as it is there. */
	if (*fresh && mac)
		err = tap_set_mac(f, mac);
	else if (err == -EBUSY && (err = tap_attach_only(f, name, kind)) == -EPERM)
		err = tap_attach_owned(f, name, kind);
	if (!err)
		err = tap_prepare(f);
	if (err) {
		close(f);
		return err;
	}
	*fd = f;
	return 0;
}

/* Returns whether fd belongs to that device. */
static bool tap_is_same(int fd, const struct netdev *dev)
{
	struct netdev is;
	bool same;

	if (netdev_open(&is, fd) < 0)
		return false;
	same = is.ifindex == dev->ifindex && is.netns == dev->netns;
	netdev_close(&is);
	return same;
}

/* Whether to open a device that has an owner too. */
enum tap_owned { TAP_UNOWNED, TAP_OWNED_TOO };

struct tap_visit {
	const struct netdev *dev;
	enum tap_kind kind;
	enum tap_owned owned;
	int fd;
};

/* Opens the device. Runs in its namespace, in which a descriptor of /dev/net/tun
 * resolves names. */
static int tap_visit_open(void *arg)
{
	struct tap_visit *v = arg;
	int err;

	v->fd = tap_open_tun();
	if (v->fd < 0)
		return v->fd;
	err = tap_attach_only(v->fd, v->dev->name, v->kind);
	if (err == -EPERM && v->owned == TAP_OWNED_TOO)
		err = tap_attach_owned(v->fd, v->dev->name, v->kind);
	/* Another device may have its name by now. */
	if (!err && !tap_is_same(v->fd, v->dev))
		err = -EAGAIN;
	if (err)
		close(v->fd);
	return err;
}

static int tap_visit(int *fd, const struct netdev *dev, enum tap_kind kind, enum tap_owned owned)
{
	struct tap_visit v = { .dev = dev, .kind = kind, .owned = owned, .fd = -1 };
	int err = netdev_run(dev, tap_visit_open, &v);

	*fd = err ? -1 : v.fd;
	return err;
}

int tap_open_device(int *fd, const struct netdev *dev, enum tap_kind kind)
{
	int err = tap_visit(fd, dev, kind, TAP_OWNED_TOO);

	if (!err && (err = tap_prepare(*fd)) != 0) {
		close(*fd);
		*fd = -1;
	}
	return err;
}

int tap_open_another(int *fd, int of)
{
	int err = -EAGAIN;

	for (int i = 0; i < TAP_TRIES && err == -EAGAIN; i++) {
		struct netdev dev;

		err = netdev_open(&dev, of);
		if (err)
			return err;
		err = tap_visit(fd, &dev, TAP_MULTI, TAP_UNOWNED);
		netdev_close(&dev);
	}
	return err;
}

enum tap_kind tap_kind_of(int fd)
{
	struct ifreq ifr;

	return ioctl(fd, TUNGETIFF, &ifr) == 0 && (ifr.ifr_flags & IFF_MULTI_QUEUE) ? TAP_MULTI : TAP_SINGLE;
}

void tap_unpersist(int fd)
{
	ioctl(fd, TUNSETPERSIST, 0);
}

int tap_name(int fd, char *name)
{
	struct ifreq ifr;

	if (ioctl(fd, TUNGETIFF, &ifr) < 0)
		return -errno;
	memcpy(name, ifr.ifr_name, TAP_NAME_MAX);
	return 0;
}

bool tap_is_lost(int fd)
{
	struct ifreq ifr;

	return ioctl(fd, TUNGETIFF, &ifr) < 0 && errno == EBADFD;
}

int tap_offload_ioctl(int fd, unsigned int offloads)
{
	int err = ioctl(fd, TUNSETOFFLOAD, (unsigned long)offloads) < 0 ? -errno : 0;

	if (err == -EINVAL && (offloads & VNETHDR_USO))
		err = ioctl(fd, TUNSETOFFLOAD, (unsigned long)(offloads & ~VNETHDR_USO)) < 0 ? -errno : 0;
	return err;
}

int tap_set_offloads(int fd, unsigned int offloads, int *lost)
{
	struct netfeat wish;
	struct netdev dev;
	int err = netdev_open(&dev, fd);

	*lost = 0;
	if (err)
		return err;
	/* The ioctl makes all features wanted that it allows; those that were switched off must stay off. */
	*lost = netfeat_get(&wish, &dev);
	err = tap_offload_ioctl(fd, offloads);
	if (!err && !*lost)
		*lost = netfeat_want(&dev, &wish);
	/* A device that was deleted meanwhile has nothing on: tap_is_lost() tells of it. */
	if (*lost == -ENODEV)
		*lost = 0;
	netdev_close(&dev);
	return err;
}

uint32_t tap_takes(int fd)
{
	uint32_t mask = VNETHDR_CSUM | VNETHDR_TSO4 | VNETHDR_TSO6;
	struct netdev dev;

	if (netdev_open(&dev, fd) < 0)
		return mask;
	if (netfeat_has(&dev, "tx-udp-segmentation"))
		mask |= VNETHDR_USO;
	netdev_close(&dev);
	return mask;
}

void tap_set_carrier(int fd, bool up)
{
	int on = up;

	ioctl(fd, TUNSETCARRIER, &on);
}

int tap_set_mac(int fd, const uint8_t *mac)
{
	struct ifreq ifr = { .ifr_hwaddr.sa_family = ARPHRD_ETHER };

	memcpy(ifr.ifr_hwaddr.sa_data, mac, 6);
	return ioctl(fd, SIOCSIFHWADDR, &ifr) < 0 ? -errno : 0;
}

unsigned int tap_flush(int fd)
{
	struct virtio_net_hdr_mrg_rxbuf hdr;
	unsigned int n = 0;

	/* A read takes the whole frame off the queue, also if the buffer is small or it fails. */
	while (n < TAP_FLUSH_MAX) {
		ssize_t got = read(fd, &hdr, sizeof(hdr));
		enum tap_outcome outcome = tap_outcome(got < 0 ? -errno : got);

		if (outcome == TAP_EMPTY || outcome == TAP_LOST)
			break;
		n++;
	}
	return n;
}

enum tap_outcome tap_outcome(ssize_t got)
{
	switch (got) {
	case -EAGAIN:
	case -EINTR:
		return TAP_EMPTY;
	/* From tun_put_user(): the frame is lost, the next one may be valid. */
	case -EINVAL:
	case -EFAULT:
	case -ENOMEM:
		return TAP_DROP;
	}
	if (got < 0)
		return TAP_LOST;
	return got < (ssize_t)VNET_HDR_LEN || got >= (ssize_t)TAP_READ_MAX ? TAP_DROP : TAP_FRAME;
}

/* The most runs that are joined; more are left as they are. */
#define JOIN_MAX 32u

/* Joins adjacent runs; a pool's pages are mostly adjacent, and seventeen runs cost
 * the kernel a fifth more than one. out may be iov. Returns the number of runs. */
static unsigned int tap_join_to(struct iovec *out, const struct iovec *iov, unsigned int n)
{
	unsigned int runs = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (runs && (uint8_t *)out[runs - 1].iov_base + out[runs - 1].iov_len == iov[i].iov_base)
			out[runs - 1].iov_len += iov[i].iov_len;
		else
			out[runs++] = iov[i];
	}
	return runs;
}

unsigned int tap_join(struct iovec *iov, unsigned int n)
{
	return n > 2 ? tap_join_to(iov, iov, n) : n;
}

ssize_t tap_read(int fd, const struct iovec *iov, unsigned int n)
{
	UNINITIALISED struct iovec joined[JOIN_MAX];
	ssize_t got;

	if (n > 2 && n <= JOIN_MAX) {
		n = tap_join_to(joined, iov, n);
		iov = joined;
	}
	got = n == 1 ? read(fd, iov->iov_base, iov->iov_len) : readv(fd, iov, (int)n);
	return got < 0 ? -errno : got;
}

ssize_t tap_write(int fd, const struct iovec *iov, unsigned int n)
{
	UNINITIALISED struct iovec joined[JOIN_MAX];
	ssize_t put;

	if (n > 2 && n <= JOIN_MAX) {
		n = tap_join_to(joined, iov, n);
		iov = joined;
	}
	put = n == 1 ? write(fd, iov->iov_base, iov->iov_len) : writev(fd, iov, (int)n);
	return put < 0 ? -errno : put;
}
