/* SPDX-License-Identifier: MIT */
/* util.c - memory, strings, errors and sockets */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

void *xalloc(size_t len)
{
	void *p = calloc(1, len ? len : 1);

	if (!p)
		die("memory");
	return p;
}

void *xrealloc(void *p, size_t len)
{
	p = realloc(p, len ? len : 1);
	if (!p)
		die("memory");
	return p;
}

char *xprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		die("memory");
	va_end(ap);
	return s;
}

void die(const char *what)
{
	fprintf(stderr, "xensim: %s: %s\n", what, strerror(errno));
	exit(1);
}

void fail(const char *fmt, ...)
{
	va_list ap;

	fputs("xensim: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void remove_tree(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

int run_command(const char *const argv[], enum run_output output)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (null >= 0 && output == RUN_QUIET) {
			dup2(null, 1);
			dup2(null, 2);
		}
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status == 0 ? 0 : -1;
}

static int unix_address(struct sockaddr_un *sa, const char *path)
{
	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sa->sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(sa->sun_path, path);
	return 0;
}

int listen_at(const char *path, int type)
{
	struct sockaddr_un sa;
	int fd;

	if (unix_address(&sa, path) < 0)
		return -1;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	/* As the nodes of devices that a guest's own users may open: a daemon may have become one. */
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0 && chmod(path, 0666) == 0 && listen(fd, 256) == 0)
		return fd;
	close(fd);
	return -1;
}

int connect_to(const char *path, int type)
{
	const struct timeval wait = { .tv_sec = 20 };
	struct sockaddr_un sa;
	int err;
	int fd;

	if (unix_address(&sa, path) < 0)
		return -1;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

const char *option(const char *arg, const char *key)
{
	size_t len = strlen(key);

	if (!strncmp(arg, "--", 2))
		arg += 2;
	return !strncmp(arg, key, len) && arg[len] == '=' ? arg + len + 1 : NULL;
}
