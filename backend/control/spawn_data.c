/* SPDX-License-Identifier: MIT */
/* spawn_data.c - posix_spawn(3), for spawn_data.h */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/data/serve.h"
#include "spawn_data.h"

/* The lowest descriptor of what is passed on, so that no dup2() hits another. */
#define FD_ABOVE 16

/* Moves a descriptor out of the way of those that the process gets. */
static int spawn_raise_fd(int fd)
{
	int up = fcntl(fd, F_DUPFD_CLOEXEC, FD_ABOVE), err = up < 0 ? -errno : up;

	close(fd);
	return err;
}

static int spawn_exec(pid_t *pid, struct domid guest, int sock, int listener)
{
	char name[32], option[] = "--" SERVE_OPTION;
	char *argv[] = { name, option, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int err;

	snprintf(name, sizeof(name), "netbackd: guest %u", guest.raw);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	err = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDWR, 0);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDOUT_FILENO);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&files, sock, SERVE_SOCK);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&files, listener, SERVE_LISTENER);
	if (!err)
		err = posix_spawn_file_actions_addclosefrom_np(&files, SERVE_LISTENER + 1);
	if (!err)
		err = posix_spawn(pid, "/proc/self/exe", &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return -err;
}

static int spawn_above(struct spawned *out, struct domid guest, int sock, int listener)
{
	int err = sock < 0 ? sock : listener < 0 ? listener : spawn_exec(&out->pid, guest, sock, listener);

	if (sock >= 0)
		close(sock);
	if (listener >= 0)
		close(listener);
	if (err)
		return err;
	out->pidfd = pidfd_open(out->pid, 0);
	if (out->pidfd >= 0)
		return 0;
	err = -errno;
	kill(out->pid, SIGKILL);
	waitpid(out->pid, NULL, 0);
	return err;
}

int spawn_data(struct spawned *out, struct domid guest, int listener)
{
	int pair[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	out->sock = pair[0];
	listener = fcntl(listener, F_DUPFD_CLOEXEC, FD_ABOVE);
	err = spawn_above(out, guest, spawn_raise_fd(pair[1]), listener < 0 ? -errno : listener);
	if (err)
		close(out->sock);
	return err;
}
