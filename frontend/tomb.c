/* SPDX-License-Identifier: MIT */
/* tomb.c - a process that does nothing, for tomb.h */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "tomb.h"

int tomb_bury(int fd)
{
	char name[] = "@netfrontd", word[] = TOMB_ARG;
	char *argv[] = { name, word, NULL };
	posix_spawnattr_t attr;
	int flags, err;
	pid_t pid;

	flags = fcntl(fd, F_GETFD);
	/* Of all our descriptors it alone crosses the exec. */
	if (flags < 0 || fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC) < 0)
		return -errno;
	err = -posix_spawnattr_init(&attr);
	if (err)
		return err;
	err = -posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
	if (!err)
		err = -posix_spawn(&pid, "/proc/self/exe", NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	return err;
}

void tomb_rest(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (;;)
		pause();
}
