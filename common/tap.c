/* SPDX-License-Identifier: MIT */
/* tap.c - /dev/net/tun */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi.h"
#include "errtext.h"
#include "fdstore.h"
#include "log.h"
#include "tap.h"

#ifndef TUNSETCARRIER	/* Linux 5.0 */
#define TUNSETCARRIER _IOW('T', 226, int)
#endif

static int attach(int fd, const char *name, enum tap_kind kind)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int size = VNET_HDR_LEN, got = 0;

	if (strlen(name) >= IFNAMSIZ)
		return -ENAMETOOLONG;
	if (kind == TAP_MULTI)
		ifr.ifr_flags |= IFF_MULTI_QUEUE;
	memcpy(ifr.ifr_name, name, strlen(name) + 1);
	if (ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETPERSIST, 1) < 0 ||
	    ioctl(fd, TUNSETVNETHDRSZ, &size) < 0 || ioctl(fd, TUNGETVNETHDRSZ, &got) < 0)
		return -errno;
	return got == size ? 0 : -ENOTSUP;
}

int tap_open(int *fd, const char *name, enum tap_kind kind)
{
	int f = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), err;

	if (f < 0)
		return -errno;
	err = attach(f, name, kind);
	/* The kernel's answer for a device of the other kind, too. */
	if (err == -EINVAL)
		err = attach(f, name, kind == TAP_MULTI ? TAP_SINGLE : TAP_MULTI);
	if (err) {
		close(f);
		return err;
	}
	*fd = f;
	return 0;
}

int tap_open_another(int *fd, int of)
{
	char name[TAP_NAME_MAX];
	int err = tap_name(of, name);

	return err ? err : tap_open(fd, name, TAP_MULTI);
}

enum tap_kind tap_kind_of(int fd)
{
	struct ifreq ifr;

	return ioctl(fd, TUNGETIFF, &ifr) == 0 && (ifr.ifr_flags & IFF_MULTI_QUEUE) ? TAP_MULTI : TAP_SINGLE;
}

static void note_path(char *path, size_t len, const char *run_dir, const char *note)
{
	snprintf(path, len, "%s/%s", run_dir, note);
}

/* The ifindex that an earlier daemon noted; 0: none that is usable. */
static unsigned int note_read(const char *path)
{
	unsigned int ifindex = 0;
	FILE *f = fopen(path, "re");

	if (!f)
		return 0;
	if (fscanf(f, "ifindex=%u\n", &ifindex) != 1)
		ifindex = 0;
	fclose(f);
	return ifindex;
}

/* Written beside and renamed, so that a reader finds all of it or none. */
static void note_write(const char *path, unsigned int ifindex)
{
	char tmp[264];
	bool ok;
	FILE *f;

	snprintf(tmp, sizeof(tmp), "%s.new", path);
	f = fopen(tmp, "we");
	ok = f && fprintf(f, "ifindex=%u\n", ifindex) > 0;
	if (f && fclose(f) != 0)
		ok = false;
	if (!ok || rename(tmp, path) < 0)
		log_warn("cannot note the device for a restart file=%s error=\"%s\"", path,
			 errtext(ERRTEXT_FILE, errno));
}

/* A descriptor of the noted device that was kept over a restart; -ENOENT: none. */
static int take_kept(const char *note)
{
	char name[TAP_NAME_MAX];
	int fd;

	while ((fd = fdstore_take(note)) >= 0) {
		if (tap_name(fd, name) == 0)
			return fd;
		close(fd);	/* the device was removed meanwhile */
	}
	return -ENOENT;
}

int tap_open_noted(int *fd, const char *run_dir, const char *note, const char *name,
		   enum tap_kind kind, bool *fresh)
{
	char path[256], now[IF_NAMESIZE];
	unsigned int ifindex;
	int err, kept = take_kept(note);

	*fresh = false;
	if (kept >= 0) {
		*fd = kept;
		return 0;
	}
	note_path(path, sizeof(path), run_dir, note);
	ifindex = note_read(path);
	*fresh = !(ifindex && if_indextoname(ifindex, now) && tap_open(fd, now, kind) == 0);
	if (*fresh) {
		*fresh = if_nametoindex(name) == 0;
		err = tap_open(fd, name, kind);
		if (err)
			return err;
	}
	if (tap_name(*fd, now) == 0)
		note_write(path, if_nametoindex(now));
	fdstore_keep(note, *fd);
	return 0;
}

void tap_remove_noted(const char *run_dir, const char *note)
{
	char path[256], now[IF_NAMESIZE];
	unsigned int ifindex;
	int fd = take_kept(note);

	note_path(path, sizeof(path), run_dir, note);
	ifindex = note_read(path);
	if (fd >= 0 ||
	    (ifindex && if_indextoname(ifindex, now) && tap_open(&fd, now, TAP_SINGLE) == 0)) {
		tap_unpersist(fd);
		close(fd);
	}
	unlink(path);
	fdstore_drop(note);
}

void tap_each_note(const char *run_dir, void (*fn)(void *arg, const char *note), void *arg)
{
	DIR *dir = opendir(run_dir);
	const struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir)) != NULL)
		fn(arg, e->d_name);
	closedir(dir);
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

int tap_set_offloads(int fd, unsigned int offloads)
{
	return ioctl(fd, TUNSETOFFLOAD, (unsigned long)offloads) < 0 ? -errno : 0;
}

void tap_set_carrier(int fd, bool up)
{
	int on = up;

	ioctl(fd, TUNSETCARRIER, &on);
}

static int request(int fd, unsigned long cmd, struct ifreq *ifr)
{
	int sock, err = tap_name(fd, ifr->ifr_name);

	if (err)
		return err;
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	err = ioctl(sock, cmd, ifr) < 0 ? -errno : 0;
	close(sock);
	return err;
}

int tap_set_mac(int fd, const uint8_t *mac)
{
	struct ifreq ifr = { .ifr_hwaddr.sa_family = ARPHRD_ETHER };

	memcpy(ifr.ifr_hwaddr.sa_data, mac, 6);
	return request(fd, SIOCSIFHWADDR, &ifr);
}

int tap_set_mtu(int fd, unsigned int mtu)
{
	struct ifreq ifr = { .ifr_mtu = (int)mtu };

	return request(fd, SIOCSIFMTU, &ifr);
}

int tap_limit_mtu(int fd, unsigned int most, unsigned int *was)
{
	struct ifreq ifr = { 0 };
	int err = request(fd, SIOCGIFMTU, &ifr);

	*was = 0;
	if (err || ifr.ifr_mtu <= (int)most)
		return err;
	*was = (unsigned int)ifr.ifr_mtu;
	return tap_set_mtu(fd, most);
}

unsigned int tap_drain(int fd)
{
	struct virtio_net_hdr_mrg_rxbuf hdr;
	unsigned int n = 0;

	/* A read takes the whole frame, however little there is room for, also when it fails. */
	while (n < TAP_DRAIN_MAX) {
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
	/* tun_put_user(): the frame is gone, and the next one may be fine. */
	case -EINVAL:
	case -EFAULT:
	case -ENOMEM:
		return TAP_DROP;
	}
	if (got < 0)
		return TAP_LOST;
	return got < (ssize_t)VNET_HDR_LEN || got >= (ssize_t)TAP_READ_MAX ? TAP_DROP : TAP_FRAME;
}

/* Runs that are joined at most; more go as they are. */
#define JOIN_MAX 32u

/* Makes one run of those that lie one behind the other, as a pool's pages
 * mostly do: seventeen cost the kernel a fifth more than one. out may be iov.
 * How many runs. */
static unsigned int join(struct iovec *out, const struct iovec *iov, unsigned int n)
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
	return n > 2 ? join(iov, iov, n) : n;
}

ssize_t tap_read(int fd, const struct iovec *iov, unsigned int n)
{
	struct iovec joined[JOIN_MAX];
	ssize_t got;

	if (n > 2 && n <= JOIN_MAX) {
		n = join(joined, iov, n);
		iov = joined;
	}
	got = n == 1 ? read(fd, iov->iov_base, iov->iov_len) : readv(fd, iov, (int)n);
	return got < 0 ? -errno : got;
}

ssize_t tap_write(int fd, const struct iovec *iov, unsigned int n)
{
	struct iovec joined[JOIN_MAX];
	ssize_t put;

	if (n > 2 && n <= JOIN_MAX) {
		n = join(joined, iov, n);
		iov = joined;
	}
	put = n == 1 ? write(fd, iov->iov_base, iov->iov_len) : writev(fd, iov, (int)n);
	return put < 0 ? -errno : put;
}
