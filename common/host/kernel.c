/* SPDX-License-Identifier: MIT */
/* kernel.c - sysfs, for kernel.h */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "kernel.h"

/* #syscalls-control access close ioctl open pwrite64 readlink socket */

static const char *const bus[] = {
	[KERNEL_BACKEND] = "/sys/bus/xen-backend",
	[KERNEL_FRONTEND] = "/sys/bus/xen",
};

static const char *const driver[] = {
	[KERNEL_BACKEND] = "netback",
	[KERNEL_FRONTEND] = "netfront",
};

bool kernel_driver_present(enum kernel_side side)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/drivers/vif", bus[side]);
	return access(path, F_OK) == 0;
}

/* Of kernel_take_over_prepare(); 0: none. */
static int kernel_unbind_fd[2];

/* Opens the driver's file that unbinds a device. Returns the descriptor or -errno. */
static int kernel_unbind_open(enum kernel_side side)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/drivers/vif/unbind", bus[side]);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

void kernel_take_over_prepare(enum kernel_side side)
{
	int fd = kernel_unbind_open(side);

	if (fd > 0)
		kernel_unbind_fd[side] = fd;
}

static int kernel_unbind(enum kernel_side side, const char *device)
{
	char path[128], target[256];
	ssize_t len;
	int fd, err;

	snprintf(path, sizeof(path), "%s/devices/%s/driver", bus[side], device);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return errno == ENOENT ? 0 : -errno;
	target[len] = '\0';
	if (strcmp(strrchr(target, '/') ? strrchr(target, '/') + 1 : target, "vif") != 0)
		return 0;
	fd = kernel_unbind_fd[side] ? kernel_unbind_fd[side] : kernel_unbind_open(side);
	if (fd < 0)
		return fd;
	/* A driver takes the file from its start. */
	err = pwrite(fd, device, strlen(device), 0) < 0 ? -errno : 1;
	if (fd != kernel_unbind_fd[side])
		close(fd);
	return err;
}

int kernel_take_over(enum kernel_side side, const char *device, struct log_bucket *log)
{
	int got = kernel_unbind(side, device);

	if (got < 0)
		log_error_in(log, "cannot unbind the kernel's %s device=%s error=\"%s\"", driver[side], device,
			     errtext(ERRTEXT_FILE, got));
	else if (got)
		log_info_in(log, "taken over from the kernel's %s device=%s", driver[side], device);
	return got;
}

/* Copies the last part of a symbolic link's target; "" if there is none. */
static void kernel_link_target(char *out, size_t len, const char *path)
{
	char target[256], *base;
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	out[0] = '\0';
	if (n < 0)
		return;
	target[n] = '\0';
	base = strrchr(target, '/');
	base = base ? base + 1 : target;
	if (strlen(base) < len)
		memcpy(out, base, strlen(base) + 1);
}

static void kernel_find_name(char *out, size_t len, const char *dir)
{
	const struct dirent *e;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && strlen(e->d_name) < len)
			memcpy(out, e->d_name, strlen(e->d_name) + 1);
	if (d)
		closedir(d);
}

/* Returns a number of a network device, decimal or 0x..., 0 if it cannot be read. */
static unsigned int kernel_read_number(const char *name, const char *what)
{
	char path[128], text[24] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, what);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return (unsigned int)strtoul(text, NULL, 0);
}

void kernel_netdev_read(struct kernel_netdev *out, enum kernel_side side, const char *device)
{
	char path[128];

	*out = (struct kernel_netdev){ .mtu = 0 };
	snprintf(path, sizeof(path), "%s/devices/%s/net", bus[side], device);
	kernel_find_name(out->name, sizeof(out->name), path);
	if (!*out->name)
		return;
	snprintf(path, sizeof(path), "/sys/class/net/%s/brport/bridge", out->name);
	kernel_link_target(out->bridge, sizeof(out->bridge), path);
	out->mtu = kernel_read_number(out->name, "mtu");
	out->up = kernel_read_number(out->name, "flags") & IFF_UP;
}

/* Sends one request about a device. *err keeps the first error. */
static void kernel_ask(int sock, unsigned long request, void *ifr, int *err)
{
	if (ioctl(sock, request, ifr) < 0 && !*err)
		*err = -errno;
}

static void kernel_set_name(struct ifreq *ifr, const char *name)
{
	memset(ifr, 0, sizeof(*ifr));
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
}

int kernel_netdev_apply(const char *name, const struct kernel_netdev *like)
{
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;	/* any socket takes these requests */
	struct ifreq ifr;

	if (sock < 0)
		return -errno;
	if (strcmp(name, like->name) != 0) {
		kernel_set_name(&ifr, name);
		snprintf(ifr.ifr_newname, sizeof(ifr.ifr_newname), "%s", like->name);
		kernel_ask(sock, SIOCSIFNAME, &ifr, &err);
		if (!err)
			name = like->name;
	}
	if (like->mtu) {
		kernel_set_name(&ifr, name);
		ifr.ifr_mtu = (int)like->mtu;
		kernel_ask(sock, SIOCSIFMTU, &ifr, &err);
	}
	if (*like->bridge) {
		kernel_set_name(&ifr, like->bridge);
		ifr.ifr_ifindex = (int)if_nametoindex(name);
		kernel_ask(sock, SIOCBRADDIF, &ifr, &err);
	}
	kernel_set_name(&ifr, name);
	kernel_ask(sock, SIOCGIFFLAGS, &ifr, &err);
	if (like->up && !(ifr.ifr_flags & IFF_UP)) {
		ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_UP);
		kernel_ask(sock, SIOCSIFFLAGS, &ifr, &err);
	}
	close(sock);
	return err;
}
