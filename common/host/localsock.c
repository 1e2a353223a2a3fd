/* SPDX-License-Identifier: MIT */
/* localsock.c - the sockets of localsock.h */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "localsock.h"

/* #syscalls-before socket bind connect listen chmod lstat close */

static int localsock_new(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

bool localsock_is_other(const struct sockaddr_un *at)
{
	struct stat st;

	return lstat(at->sun_path, &st) == 0 && !S_ISSOCK(st.st_mode);
}

int localsock_connect(const struct sockaddr_un *at)
{
	int fd, err;

	if (localsock_is_other(at))
		return -ENOENT;
	fd = localsock_new();
	if (fd < 0 || connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err == -ECONNREFUSED ? -ENOENT : err;
}

int localsock_is_free(const struct sockaddr_un *at)
{
	int fd = localsock_connect(at);

	if (fd >= 0)
		close(fd);
	if (fd >= 0 || fd == -EAGAIN)
		return -EBUSY;
	return fd == -ENOENT ? 0 : fd;
}

int localsock_listen(const struct sockaddr_un *at, int backlog)
{
	int fd = localsock_new(), err;

	if (fd < 0)
		return fd;
	/* Nobody can connect before listen(). */
	if (bind(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 && chmod(at->sun_path, 0600) == 0 && listen(fd, backlog) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}
