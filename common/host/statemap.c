/* SPDX-License-Identifier: MIT */
/* statemap.c - mapped files in the run directory */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "statefile.h"
#include "statemap.h"

/* Maps fd and closes it, also after an error. Returns 0 or -errno. */
static int statemap_map(void **out, int fd, size_t len, int err)
{
	void *map = MAP_FAILED;

	if (!err) {
		map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		err = map == MAP_FAILED ? -errno : 0;
	}
	close(fd);
	*out = err ? NULL : map;
	return err;
}

int statemap_create(void **out, const char *path, size_t len)
{
	int fd, err;

	*out = NULL;
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = statemap_map(out, fd, len, -posix_fallocate(fd, 0, (off_t)len));
	if (err)
		unlink(path);
	return err;
}

int statemap_open(void **out, const char *path, size_t len)
{
	/* O_NONBLOCK, so that a FIFO of that name does not block. */
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), err = 0;
	uint64_t size;

	*out = NULL;
	if (fd < 0)
		return errno == ELOOP ? -EPERM : -errno;
	if (!statefile_is_ours(fd, &size))
		err = -EPERM;
	else if (size != len)
		err = -EINVAL;
	return statemap_map(out, fd, len, err);
}

void statemap_close(void *map, size_t len)
{
	if (map)
		munmap(map, len);
}
