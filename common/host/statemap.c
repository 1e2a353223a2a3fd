/* SPDX-License-Identifier: MIT */
/* statemap.c - mapped files in the run directory */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "statefile.h"
#include "statemap.h"

/* #syscalls lseek munmap */
/* #syscalls-some mmap */
/* #syscalls-before open close unlink */

int statemap_create(const char *path, size_t len)
{
	int fd, err;

	if (unlink(path) < 0 && errno != ENOENT)
		statefile_set_aside(path, "not a file");
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = -posix_fallocate(fd, 0, (off_t)len);
	if (!err)
		return fd;
	close(fd);
	unlink(path);
	return err;
}

int statemap_open(const char *path, size_t len)
{
	/* O_NONBLOCK, so that a FIFO of that name does not block. */
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), err = 0;
	uint64_t size;

	if (fd < 0)
		return statefile_open_error(errno);
	if (!statefile_is_ours(fd, &size))
		err = -EPERM;
	else if (size != len)
		err = -EINVAL;
	if (!err)
		return fd;
	close(fd);
	return err;
}

void statemap_remove(const char *path)
{
	unlink(path);
}

int statemap_map(void **out, int fd, size_t len)
{
	/* lseek(2), as newer C libraries make fstat(2) newfstatat(2), the lookup of a name. */
	off_t size = lseek(fd, 0, SEEK_END);
	void *map;

	*out = NULL;
	if (size < 0)
		return -errno;
	if ((uint64_t)size != len)
		return -EINVAL;
	map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	*out = map;
	return 0;
}

void statemap_unmap(void *map, size_t len)
{
	if (map)
		munmap(map, len);
}
