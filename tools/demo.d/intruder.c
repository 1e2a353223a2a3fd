/* SPDX-License-Identifier: MIT */
/* intruder.c - preloaded into the demo's netbackd: what a guest does that broke its data process
 *
 * Stands for a hole in netbackd: the data process of guest 1 obeys the file DEMO_INTRUDER. The
 * process maps it before its sandbox is closed, as it can open nothing later. When a word is written
 * to the file, the next thread that would sleep does what it says. A system call that comes back is
 * told there, too: the file then says "allowed", or "denied" and why.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* The file. The demo writes go last. */
struct intruder {
	_Atomic char go;
	char act[63];
	char result[64];
};

static struct intruder *intruder;

__attribute__((constructor)) static void intruder_begin(int argc, char **argv)
{
	const char *path = getenv("DEMO_INTRUDER");
	void *map;
	int fd;

	if (!path || argc < 1 || strcmp(argv[0], "netbackd: guest 1") != 0)
		return;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	map = mmap(NULL, sizeof(*intruder), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		intruder = map;
}

static int intruder_run_shell(void)
{
	char sh[] = "/bin/sh", *argv[] = { sh, NULL };

	return execve(sh, argv, NULL);
}

static void intruder_act(void)
{
	int ret = -1;

	errno = EINVAL;
	if (strcmp(intruder->act, "read") == 0)
		ret = open("/etc/shadow", O_RDONLY | O_CLOEXEC);
	else if (strcmp(intruder->act, "socket") == 0)
		ret = socket(AF_INET, SOCK_STREAM, 0);
	else if (strcmp(intruder->act, "shell") == 0)
		ret = intruder_run_shell();
	snprintf(intruder->result, sizeof(intruder->result), "%s", ret < 0 ? strerror(errno) : "allowed");
}

int epoll_wait(int epfd, struct epoll_event *ev, int n, int timeout)
{
	static int (*fn)(int, struct epoll_event *, int, int);

	if (!fn)
		fn = (int (*)(int, struct epoll_event *, int, int))dlsym(RTLD_NEXT, "epoll_wait");
	/* The byte is taken first: the process that comes after this one does nothing. */
	if (intruder && atomic_load_explicit(&intruder->go, memory_order_relaxed) &&
	    atomic_exchange(&intruder->go, 0))
		intruder_act();
	return fn(epfd, ev, n, timeout);
}
