/* SPDX-License-Identifier: MIT */
/* vhost_listen.c - makes and removes the socket of vhost_listen.h */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "vhost_listen.h"

/* #syscalls-before socket connect bind listen chmod lstat unlink close */
/* #syscalls-control socket connect bind listen chmod lstat unlink close */

/* Returns 0 if the socket at the address may be made, or made anew; else -errno. */
static int listen_clear(const struct sockaddr_un *at)
{
	struct stat st;
	int fd, err;

	if (lstat(at->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 ? -errno : -EADDRINUSE;
	close(fd);
	/* Its queue is full: somebody listens. */
	if (err == -EAGAIN)
		return -EADDRINUSE;
	if (err != -ECONNREFUSED)
		return err;
	return unlink(at->sun_path) < 0 ? -errno : 0;
}

static int listen_at(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd < 0)
		return -errno;
	/* Nobody can connect before listen(). */
	if (bind(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 && chmod(at->sun_path, 0660) == 0 && listen(fd, 1) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int vhost_listen(const char *path, struct reason *why)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int err;

	*why = (struct reason){ .what = "the path of the vhost-user port's socket is not absolute, or longer than 107 bytes:" };
	reason_about(why, "%s", path);
	if (*path != '/' || len >= sizeof(at.sun_path))
		return -EINVAL;
	memcpy(at.sun_path, path, len + 1);
	err = listen_clear(&at);
	if (!err)
		err = listen_at(&at);
	if (err >= 0)
		return err;
	why->what = err == -EEXIST ? "cannot listen for the vhost-user port's switch, as there is a file that is no socket:" :
		    err == -EADDRINUSE ? "cannot listen for the vhost-user port's switch, as another process does so:" :
		    "cannot listen for the vhost-user port's switch at";
	why->of = ERRTEXT_FILE;
	why->err = err == -EEXIST || err == -EADDRINUSE ? 0 : err;
	return err;
}

void vhost_listen_end(int fd, const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	close(fd);
	assert(len < sizeof(at.sun_path));
	memcpy(at.sun_path, path, len + 1);
	/* If another process listens there since, its socket stays. */
	(void)!listen_clear(&at);
}
