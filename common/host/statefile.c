/* SPDX-License-Identifier: MIT */
/* statefile.c - small text files in the run directory */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"
#include "statefile.h"

/* #syscalls-control close fstat geteuid open read rename unlink write */

static int statefile_write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t put = write(fd, text, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		text += put;
		len -= (size_t)put;
	}
	return 0;
}

int statefile_write(const char *path, const char *text, size_t len)
{
	char beside[300];
	int fd, err;

	if (len > STATEFILE_MAX || snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	/* An earlier daemon may have left an unfinished file. */
	unlink(beside);
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = statefile_write_all(fd, text, len);
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err && rename(beside, path) < 0)
		err = -errno;
	if (err)
		unlink(beside);
	return err;
}

bool statefile_is_ours(int fd, uint64_t *size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	*size = (uint64_t)st.st_size;
	return S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* Reads at most STATEFILE_MAX + 1 bytes. Returns their number or -errno. */
static ssize_t statefile_read_all(int fd, char *buf)
{
	size_t got = 0;

	while (got <= STATEFILE_MAX) {
		ssize_t n = read(fd, buf + got, STATEFILE_MAX + 1 - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

int statefile_read(char **text, const char *path)
{
	/* O_NONBLOCK, so that a FIFO of that name does not block. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	uint64_t size;
	ssize_t got;
	char *buf;

	if (fd < 0)
		return errno == ELOOP ? -EPERM : -errno;
	buf = malloc(STATEFILE_MAX + 2);
	if (!buf)
		got = -ENOMEM;
	else if (!statefile_is_ours(fd, &size))
		got = -EPERM;
	else
		got = statefile_read_all(fd, buf);
	close(fd);
	if (got >= 0 && ((size_t)got > STATEFILE_MAX || memchr(buf, '\0', (size_t)got)))
		got = -EINVAL;
	if (got < 0) {
		free(buf);
		return (int)got;
	}
	buf[got] = '\0';
	*text = buf;
	return 0;
}

void statefile_set_aside(const char *path, const char *why)
{
	char aside[300];

	if (snprintf(aside, sizeof(aside), "%s.bad", path) >= (int)sizeof(aside) || rename(path, aside) < 0)
		unlink(path);
	log_warn("saved state cannot be used, it is renamed file=%s.bad reason=\"%s\"", path, why);
}

bool statefile_value(const char *text, const char *key, char *buf, size_t len)
{
	size_t klen = strlen(key);

	buf[0] = '\0';
	for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
		if (strncmp(line, key, klen) != 0 || line[klen] != '=')
			continue;
		line += klen + 1;
		snprintf(buf, len, "%.*s", (int)strcspn(line, "\n"), line);
		return true;
	}
	return false;
}

bool statefile_number(const char *text, const char *key, uint64_t *out)
{
	char buf[24], *end;

	*out = 0;
	if (!statefile_value(text, key, buf, sizeof(buf)) || buf[0] < '0' || buf[0] > '9')
		return false;
	/* The text may be truncated, and be another number then. */
	if (strlen(buf) == sizeof(buf) - 1)
		return false;
	errno = 0;
	*out = strtoull(buf, &end, 10);
	if (!errno && *end == '\0')
		return true;
	*out = 0;
	return false;
}
