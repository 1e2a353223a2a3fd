/* SPDX-License-Identifier: MIT */
/* guestsock.c - the sockets of guestsock.h */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/abi.h"
#include "common/host/localsock.h"
#include "common/host/statefile.h"
#include "common/host/tapstate.h"
#include "common/wire/parse.h"
#include "guestsock.h"

/* What a process that is killed may take to end, in milliseconds. */
#define GUESTSOCK_KILL_MS 1000

static struct sockaddr_un guestsock_address(const char *run_dir, struct domid guest)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/guest-%u.sock", run_dir, guest.raw);
	return at;
}

/* Makes room for a socket. What is none is moved aside; a link could name another guest's. */
static void guestsock_clear(const struct sockaddr_un *at)
{
	if (localsock_is_other(at))
		statefile_set_aside(at->sun_path, "not a socket");
	else
		unlink(at->sun_path);
}

int guestsock_connect(const char *run_dir, struct domid guest)
{
	const struct sockaddr_un at = guestsock_address(run_dir, guest);

	return localsock_connect(&at);
}

int guestsock_listen(const char *run_dir, struct domid guest)
{
	const struct sockaddr_un at = guestsock_address(run_dir, guest);
	int err = localsock_is_free(&at);

	if (err)
		return err;
	guestsock_clear(&at);
	return localsock_listen(&at, 1);
}

int guestsock_peer(int sock, pid_t *pid)
{
	struct pollfd end = { .fd = sock, .events = POLLIN };
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int fd;

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	*pid = cred.pid;
	fd = pidfd_open(cred.pid, 0);
	if (fd < 0)
		return -errno;
	/* While the connection stands the number is not another process's. */
	if (poll(&end, 1, 0) > 0 && (end.revents & POLLHUP)) {
		close(fd);
		return -ESRCH;
	}
	return fd;
}

struct guestsock_walk {
	void (*fn)(void *arg, struct domid guest);
	void *arg;
};

static void guestsock_file(void *arg, const char *name)
{
	const struct guestsock_walk *w = arg;
	char number[12], end;
	uint32_t domid;

	if (sscanf(name, "guest-%11[0-9].soc%c", number, &end) == 2 && parse_u32(&domid, number) &&
	    domid < DOMID_FIRST_RESERVED)
		w->fn(w->arg, domid_of((uint16_t)domid));
}

void guestsock_each(const char *run_dir, void (*fn)(void *arg, struct domid guest), void *arg)
{
	struct guestsock_walk w = { fn, arg };

	tapstate_each(run_dir, guestsock_file, &w);
}

void guestsock_remove(const char *run_dir, struct domid guest)
{
	const struct sockaddr_un at = guestsock_address(run_dir, guest);

	guestsock_clear(&at);
}

pid_t guestsock_kill(const char *run_dir, struct domid guest)
{
	int sock = guestsock_connect(run_dir, guest);
	struct pollfd end = { .fd = -1, .events = POLLIN };
	pid_t pid = 0;

	if (sock >= 0)
		end.fd = guestsock_peer(sock, &pid);
	if (end.fd >= 0) {
		pidfd_send_signal(end.fd, SIGKILL, NULL, 0);
		poll(&end, 1, GUESTSOCK_KILL_MS);
		close(end.fd);
	}
	if (sock >= 0)
		close(sock);
	guestsock_remove(run_dir, guest);
	return end.fd >= 0 ? pid : 0;
}
