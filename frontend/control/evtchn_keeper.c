/* SPDX-License-Identifier: MIT */
/* evtchn_keeper.c - giving a descriptor to the keeper, and being it
 *
 * The keeper allocates nothing and logs nothing: what it costs is what the
 * loader made of netfrontd's libraries.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/host/statefile.h"
#include "evtchn_keeper.h"

/* #syscalls-control accept4 bind chdir chmod close close_range connect geteuid
 * #syscalls-control getrlimit getsockopt listen recvmsg sendmsg setrlimit setsockopt socket unlink
 * #syscalls-some prctl */

/* The one request, which comes with one descriptor, and its answer: it is kept. */
#define KEEPER_KEEP 'K'
#define KEEPER_KEPT 'k'

/* How long netfrontd waits for the answer, and the keeper for the request of one
 * process, which must be less; in milliseconds. */
#define KEEPER_ANSWER_MS 2000
#define KEEPER_REQUEST_MS 500

/* Descriptors of one keeper, if the system allows as many: one per interface and restore. */
#define KEEPER_FDS_MAX 65536u

/* A control message with one descriptor. Its length, not its aligned size, is
 * what is offered to the kernel: there would be room for a second descriptor. */
union keeper_control {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int))];
};

static int evtchn_keeper_address(struct sockaddr_un *addr, const char *run_dir)
{
	int n = snprintf(addr->sun_path, sizeof(addr->sun_path), "%s/keeper", run_dir);

	return n < (int)sizeof(addr->sun_path) ? 0 : -ENAMETOOLONG;
}

static void evtchn_keeper_set_timeouts(int sock, int ms)
{
	const struct timeval wait = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
}

/* Returns whether the other end is a process of our own user. */
static bool evtchn_keeper_peer_is_ours(int sock)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid();
}

/* --- in netfrontd -------------------------------------------------------- */

static int evtchn_keeper_send(int sock, int fd)
{
	union keeper_control control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
						   .cmsg_type = SCM_RIGHTS } };
	char word = KEEPER_KEEP;
	struct iovec iov = { &word, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = CMSG_LEN(sizeof(int)) };
	ssize_t got;

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	if (sendmsg(sock, &msg, MSG_NOSIGNAL) != 1)
		return -errno;
	got = recv(sock, &word, 1, 0);
	if (got < 0)
		return -errno;
	return got == 1 && word == KEEPER_KEPT ? 0 : -ENOSPC;
}

/* Gives fd to the keeper that listens at addr. Returns 0 once it has it, or -errno. */
static int evtchn_keeper_ask(const struct sockaddr_un *addr, int fd)
{
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), err;

	if (sock < 0)
		return -errno;
	evtchn_keeper_set_timeouts(sock, KEEPER_ANSWER_MS);
	if (connect(sock, (const struct sockaddr *)addr, sizeof(*addr)) < 0)
		err = -errno;
	else
		err = evtchn_keeper_peer_is_ours(sock) ? evtchn_keeper_send(sock, fd) : -EPERM;
	close(sock);
	return err;
}

/* Returns a listening socket at addr in place of whatever is there, or -errno. */
static int evtchn_keeper_listen(const struct sockaddr_un *addr)
{
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), err;

	if (sock < 0)
		return -errno;
	if (unlink(addr->sun_path) < 0 && errno != ENOENT)
		statefile_set_aside(addr->sun_path, "not a socket");
	/* Before it can be reached at all, which takes listen(). */
	if (bind(sock, (const struct sockaddr *)addr, sizeof(*addr)) < 0 || chmod(addr->sun_path, 0600) < 0 ||
	    listen(sock, 16) < 0) {
		err = -errno;
		close(sock);
		return err;
	}
	return sock;
}

/* Starts a keeper on a listening socket, the only descriptor of ours that it gets. */
static int evtchn_keeper_spawn(int sock)
{
	char name[] = "@netfrontd: keeper", word[] = EVTCHN_KEEPER_ARG;
	char *argv[] = { name, word, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	pid_t pid;
	int err;

	if (posix_spawnattr_init(&attr))
		return -ENOMEM;
	if (posix_spawn_file_actions_init(&files)) {
		posix_spawnattr_destroy(&attr);
		return -ENOMEM;
	}
	err = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&files, sock, STDIN_FILENO);
	if (!err)
		err = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
	if (!err)
		err = posix_spawn(&pid, "/proc/self/exe", &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return -err;
}

int evtchn_keeper_give(const char *run_dir, int fd)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock, err = evtchn_keeper_address(&addr, run_dir);

	if (err || evtchn_keeper_ask(&addr, fd) == 0)
		return err;
	sock = evtchn_keeper_listen(&addr);
	if (sock < 0)
		return sock;
	err = evtchn_keeper_spawn(sock);
	close(sock);
	return err ? err : evtchn_keeper_ask(&addr, fd);
}

/* --- in the keeper ------------------------------------------------------- */

/* Receives one descriptor, which stays open. Returns false if what came is anything else. */
static bool evtchn_keeper_receive(int sock)
{
	union keeper_control control;
	char word[2];
	struct iovec iov = { word, sizeof(word) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = CMSG_LEN(sizeof(int)) };
	ssize_t got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *head = got < 0 ? NULL : CMSG_FIRSTHDR(&msg);
	int fd;

	if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
	    head->cmsg_len != CMSG_LEN(sizeof(fd)))
		return false;
	if (got == 1 && word[0] == KEEPER_KEEP && !(msg.msg_flags & MSG_CTRUNC))
		return true;
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	close(fd);
	return false;
}

static void evtchn_keeper_serve(int sock)
{
	const char kept = KEEPER_KEPT;

	evtchn_keeper_set_timeouts(sock, KEEPER_REQUEST_MS);
	if (evtchn_keeper_peer_is_ours(sock) && evtchn_keeper_receive(sock))
		(void)!send(sock, &kept, 1, MSG_NOSIGNAL);
	close(sock);
}

static void evtchn_keeper_prepare(void)
{
	struct rlimit fds;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	/* A descriptor that was inherited by mistake would be held for ever. */
	(void)!close_range(STDERR_FILENO + 1, ~0u, 0);
	/* Not "netfrontd", which a `pkill netfrontd` would match. */
	prctl(PR_SET_NAME, "evtchn-keeper");
	/* Keeps no file system busy. */
	(void)!chdir("/");
	if (getrlimit(RLIMIT_NOFILE, &fds) == 0) {
		fds.rlim_cur = fds.rlim_max < KEEPER_FDS_MAX ? fds.rlim_max : KEEPER_FDS_MAX;
		setrlimit(RLIMIT_NOFILE, &fds);
	}
}

void evtchn_keeper_main(void)
{
	evtchn_keeper_prepare();
	for (;;) {
		int sock = accept4(STDIN_FILENO, NULL, NULL, SOCK_CLOEXEC);

		if (sock >= 0)
			evtchn_keeper_serve(sock);
		else if (errno != ECONNABORTED && errno != EINTR)
			usleep(KEEPER_REQUEST_MS * 1000);	/* no descriptor is free for one: not in a busy loop */
	}
}
