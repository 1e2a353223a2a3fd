/* SPDX-License-Identifier: MIT */
/* badread.c - preloaded: now and then a read from a TAP takes a frame and fails with EINVAL
 *
 * As tun_put_user() does with a frame that a virtio_net_hdr does not describe.
 * BADREAD is each how many frames.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static int is_tap(int fd)
{
	char path[32] = "/proc/self/fd/", target[32];
	char digits[12];
	int n = 0, at = 14;
	ssize_t len;

	do {
		digits[n++] = (char)('0' + fd % 10);
		fd /= 10;
	} while (fd);
	while (n)
		path[at++] = digits[--n];
	path[at] = '\0';
	len = readlink(path, target, sizeof(target));
	return len == 12 && memcmp(target, "/dev/net/tun", 12) == 0;
}

/* What becomes of a read that gave a frame. */
static ssize_t set_drop(int fd, ssize_t got)
{
	static unsigned int each, seen;
	const char *text = getenv("BADREAD");

	if (!each)
		each = text ? (unsigned int)strtoul(text, NULL, 10) : 0;
	if (got <= 12 || !each || !is_tap(fd) || ++seen % each)
		return got;
	errno = EINVAL;
	return -1;
}

ssize_t read(int fd, void *buf, size_t len)
{
	static ssize_t (*real)(int, void *, size_t);

	if (!real)
		real = (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
	return set_drop(fd, real(fd, buf, len));
}

ssize_t readv(int fd, const struct iovec *iov, int n)
{
	static ssize_t (*real)(int, const struct iovec *, int);

	if (!real)
		real = (ssize_t (*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "readv");
	return set_drop(fd, real(fd, iov, n));
}
