/* SPDX-License-Identifier: MIT */
/* kernel.c - sysfs, for kernel.h */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"

static const char *const bus[] = {
	[KERNEL_BACKEND] = "/sys/bus/xen-backend",
	[KERNEL_FRONTEND] = "/sys/bus/xen",
};

bool kernel_driver_present(enum kernel_side side)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/drivers/vif", bus[side]);
	return access(path, F_OK) == 0;
}

int kernel_unbind(enum kernel_side side, const char *device)
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
	snprintf(path, sizeof(path), "%s/drivers/vif/unbind", bus[side]);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = write(fd, device, strlen(device)) < 0 ? -errno : 1;
	close(fd);
	return err;
}
