/* SPDX-License-Identifier: MIT */
/* nettest.h - gives a test network namespaces of its own, with real TAPs in them
 *
 * It needs root and /dev/net/tun. A test without them skips itself.
 */
#ifndef NETPAIR_NETTEST_H
#define NETPAIR_NETTEST_H

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Moves this process to a new namespace. Returns false where that is not allowed. */
static inline int nettest_enter(void)
{
	int tun;

	if (unshare(CLONE_NEWNET) < 0)
		return 0;
	tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (tun < 0)
		return 0;
	close(tun);
	return 1;
}

/* Makes another namespace and a process that holds it. Returns the process's id, for nettest_end(). */
static inline pid_t nettest_other(void)
{
	int ready[2];
	char c = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) == 0 && write(ready[1], "", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static inline void nettest_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Runs a shell command in the namespace of process where, or in ours if where is 0. Returns its exit status. */
static inline int nettest_run(pid_t where, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline int nettest_run(pid_t where, const char *fmt, ...)
{
	char cmd[300], all[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	if (where)
		snprintf(all, sizeof(all), "nsenter --net=/proc/%d/ns/net %s", (int)where, cmd);
	else
		snprintf(all, sizeof(all), "%s", cmd);
	return system(all);
}

/* Makes a TAP of this name. Returns its descriptor. */
static inline int nettest_tap(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	assert_int_equal(ioctl(fd, TUNSETIFF, &ifr), 0);
	return fd;
}

/* Clears an effective capability of this thread, or sets it again. */
static inline void nettest_cap(unsigned int cap, int on)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	assert_int_equal(syscall(SYS_capget, &head, caps), 0);
	if (on)
		caps[0].effective |= 1u << cap;
	else
		caps[0].effective &= ~(1u << cap);
	assert_int_equal(syscall(SYS_capset, &head, caps), 0);
}

/* The process that holds the suite's other namespace; 0 if this process may not make namespaces. */
static pid_t nettest_there __attribute__((unused));

/* Sets up a suite: moves this process to a namespace of its own and makes the other one. */
static inline int nettest_setup(void **state)
{
	(void)state;
	nettest_there = nettest_enter() ? nettest_other() : 0;
	return 0;
}

static inline int nettest_teardown(void **state)
{
	(void)state;
	if (nettest_there)
		nettest_end(nettest_there);
	return 0;
}

/* Skips a test if nettest_setup() could not make namespaces. */
#define NETTEST_NEEDED() \
	do { \
		if (!nettest_there) \
			SKIP("it needs root and /dev/net/tun"); \
	} while (0)

#endif
