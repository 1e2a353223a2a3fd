/* SPDX-License-Identifier: MIT */
/* statefile.c - small text files in the run directory */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"
#include "statefile.h"

/* #syscalls-control access close fstat geteuid open read rename rmdir unlink write */

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

void statefile_sum(char line[STATEFILE_SUM_MAX], const char *text, size_t len)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	/* FNV-1a: each step is one to one, so that no single byte that differs is missed. */
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	snprintf(line, STATEFILE_SUM_MAX, "sum=%016" PRIx64 "\n", sum);
}

/* Removes what is in the way of a file: a file, or an empty directory. */
static void statefile_clear(const char *path)
{
	if (unlink(path) < 0)
		(void)!rmdir(path);
}

/* Puts the new file in its place; a directory that is there is moved aside. */
static int statefile_put(const char *beside, const char *path)
{
	if (rename(beside, path) == 0)
		return 0;
	if (errno != EISDIR && errno != ENOTEMPTY && errno != EEXIST)
		return -errno;
	statefile_set_aside(path, "a directory");
	return rename(beside, path) < 0 ? -errno : 0;
}

int statefile_write(const char *path, const char *text, size_t len)
{
	char beside[300], sum[STATEFILE_SUM_MAX];
	int fd, err;

	if (len > STATEFILE_MAX - STATEFILE_SUM_MAX || snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	/* An earlier daemon may have left an unfinished file. */
	statefile_clear(beside);
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	statefile_sum(sum, text, len);
	err = statefile_write_all(fd, text, len);
	if (!err)
		err = statefile_write_all(fd, sum, strlen(sum));
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err)
		err = statefile_put(beside, path);
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

/* Cuts the sum off a text of len bytes. Returns false if it is wrong. */
static bool statefile_check_sum(char *text, size_t len)
{
	char sum[STATEFILE_SUM_MAX];
	size_t line = strlen("sum=") + 16 + 1;

	if (len < line)
		return false;
	statefile_sum(sum, text, len - line);
	if (memcmp(text + len - line, sum, line) != 0)
		return false;
	text[len - line] = '\0';
	return true;
}

int statefile_open_error(int err)
{
	/* A link; a socket; a directory that was to be written; a file of root, for a daemon that is another user. */
	return err == ELOOP || err == ENXIO || err == EISDIR || err == EACCES ? -EPERM : -err;
}

int statefile_read(char **text, const char *path)
{
	/* O_NONBLOCK, so that a FIFO of that name does not block. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	uint64_t size;
	ssize_t got;
	char *buf;

	if (fd < 0)
		return statefile_open_error(errno);
	buf = malloc(STATEFILE_MAX + 2);
	if (!buf)
		got = -ENOMEM;
	else if (!statefile_is_ours(fd, &size))
		got = -EPERM;
	else
		got = statefile_read_all(fd, buf);
	close(fd);
	if (got >= 0 && ((size_t)got > STATEFILE_MAX || memchr(buf, '\0', (size_t)got) || !statefile_check_sum(buf, (size_t)got)))
		got = -EINVAL;
	if (got < 0) {
		free(buf);
		return (int)got;
	}
	*text = buf;
	return 0;
}

void statefile_set_aside(const char *path, const char *why)
{
	/* What cannot be moved is met again and again. */
	static struct log_bucket stays;
	char aside[300];
	bool named = snprintf(aside, sizeof(aside), "%s.bad", path) < (int)sizeof(aside);

	if (named && rename(path, aside) < 0) {
		/* An earlier one is of another kind. */
		statefile_clear(aside);
		named = rename(path, aside) == 0;
	}
	if (named) {
		log_warn("saved state cannot be used, it is renamed file=%s.bad reason=\"%s\"", path, why);
		return;
	}
	statefile_clear(path);
	if (access(path, F_OK) < 0)
		log_warn("saved state cannot be used, it is removed file=%s reason=\"%s\"", path, why);
	else
		log_warn_in(&stays, "saved state cannot be used nor moved, remove it: its VIF is not restored file=%s reason=\"%s\"", path, why);
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
