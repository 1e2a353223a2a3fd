/* SPDX-License-Identifier: MIT */
/* keeper.c - a service manager as far as a file descriptor store goes
 *
 *   keeper SOCKET COMMAND...   runs COMMAND with NOTIFY_SOCKET=SOCKET, and again whenever it dies of a
 *                              signal; ends with it otherwise, or at SIGTERM, which it passes on.
 *
 * Does what sd_pid_notify_with_fds(3) and sd_notify_barrier(3) ask of systemd:
 * FDSTORE=1 with FDNAME=, FDSTOREREMOVE=1, BARRIER=1, and hands what is stored
 * to the next start (LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID). Prints a line of
 * each: "pid N", "stored NAME", "removed NAME".
 *
 * KEEPER_WATCHDOG_MS=N is WatchdogSec=: from READY=1 on, a COMMAND that does not
 * send WATCHDOG=1 for that long is killed; prints "watchdog" then.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STORED_MAX 64
#define FIRST_FD 3

static struct { int fd; char name[64]; } stored[STORED_MAX];
static int nstored;
static int watchdog_ms = -1;	/* none */
static bool ready;
static struct timespec fed;

_Noreturn static void fail(const char *what)
{
	fprintf(stderr, "keeper: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		fail(path);
	/* As systemd's: a service may be another user's. */
	if (chmod(path, 0777) < 0)
		fail(path);
	return fd;
}

/* In the child: the stored ones from FIRST_FD on, and nothing else of ours. */
static void hand_over(void)
{
	char names[STORED_MAX * 65] = "", text[16];

	/* Out of the way first: they may lie where others are to go. */
	for (int i = 0; i < nstored; i++)
		if ((stored[i].fd = fcntl(stored[i].fd, F_DUPFD_CLOEXEC, FIRST_FD + STORED_MAX)) < 0)
			fail("dup");
	for (int i = 0; i < nstored; i++) {
		if (dup2(stored[i].fd, FIRST_FD + i) < 0)
			fail("dup2");
		strcat(strcat(names, i ? ":" : ""), stored[i].name);
	}
	if (!nstored)
		return;
	snprintf(text, sizeof(text), "%d", nstored);
	setenv("LISTEN_FDS", text, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	snprintf(text, sizeof(text), "%d", getpid());
	setenv("LISTEN_PID", text, 1);
}

static pid_t start(char **argv)
{
	sigset_t none;
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		hand_over();
		execvp(argv[0], argv);
		fail(argv[0]);
	}
	printf("pid %d\n", (int)pid);
	ready = false;
	return pid;
}

static void store(int fd, const char *name)
{
	if (nstored == STORED_MAX)
		fail("too many descriptors");
	stored[nstored].fd = fd;
	snprintf(stored[nstored++].name, sizeof(stored[0].name), "%s", name);
	printf("stored %s\n", name);
}

static void drop(const char *name)
{
	int kept = 0;

	for (int i = 0; i < nstored; i++) {
		if (strcmp(stored[i].name, name) == 0)
			close(stored[i].fd);
		else
			stored[kept++] = stored[i];
	}
	nstored = kept;
	printf("removed %s\n", name);
}

/* One message, with a descriptor or without. */
static void hear(int sock)
{
	union { struct cmsghdr hdr; char space[CMSG_SPACE(sizeof(int))]; } control;
	char text[512], *name;
	struct iovec iov = { text, sizeof(text) - 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t len = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *c;
	int fd = -1;

	if (len < 0)
		return;
	text[len] = '\0';
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	if (strstr(text, "READY=1"))
		ready = true;
	if (strstr(text, "READY=1") || strstr(text, "WATCHDOG=1"))
		clock_gettime(CLOCK_MONOTONIC, &fed);
	name = strstr(text, "FDNAME=");
	if (name)
		name = strtok(name + strlen("FDNAME="), "\n");
	if (name && strncmp(text, "FDSTORE=1", 9) == 0 && fd >= 0) {
		store(fd, name);
		return;
	}
	if (name && strncmp(text, "FDSTOREREMOVE=1", 15) == 0)
		drop(name);
	if (fd >= 0)
		close(fd);	/* the sender of BARRIER=1 waits for this */
}

/* Returns the milliseconds until the watchdog kills COMMAND; -1: it is not armed. */
static int watchdog_left(void)
{
	struct timespec now;
	long long left;

	if (watchdog_ms < 0 || !ready)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	left = watchdog_ms - ((now.tv_sec - fed.tv_sec) * 1000ll + (now.tv_nsec - fed.tv_nsec) / 1000000);
	return left > 0 ? (int)left : 0;
}

static void watchdog_init(void)
{
	const char *ms = getenv("KEEPER_WATCHDOG_MS");
	char usec[32];

	if (!ms)
		return;
	watchdog_ms = atoi(ms);
	snprintf(usec, sizeof(usec), "%d000", watchdog_ms);
	setenv("WATCHDOG_USEC", usec, 1);
}

int main(int argc, char **argv)
{
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	struct signalfd_siginfo si;
	sigset_t set;
	pid_t pid;
	int status;

	if (argc < 3)
		return 2;
	setlinebuf(stdout);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	p[0].fd = signalfd(-1, &set, SFD_CLOEXEC);
	p[1].fd = listen_at(argv[1]);
	setenv("NOTIFY_SOCKET", argv[1], 1);
	watchdog_init();
	pid = start(argv + 2);
	for (int n; (n = poll(p, 2, watchdog_left())) >= 0;) {
		if (n == 0) {
			printf("watchdog\n");
			ready = false;
			kill(pid, SIGABRT);
			continue;
		}
		/* Messages of a process that has ended are read before its exit status. */
		if (p[1].revents) {
			hear(p[1].fd);
			continue;
		}
		if (read(p[0].fd, &si, sizeof(si)) != sizeof(si))
			fail("signalfd");
		if (si.ssi_signo == SIGTERM)
			kill(pid, SIGTERM);
		else if (waitpid(pid, &status, WNOHANG) != pid)
			continue;
		else if (WIFEXITED(status))
			return WEXITSTATUS(status);
		else
			pid = start(argv + 2);
	}
	return 1;
}
