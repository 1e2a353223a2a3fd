/* SPDX-License-Identifier: MIT */
/* hotplug_script.c - one script: what may be run, and how */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hotplug_msg.h"
#include "hotplug_script.h"

bool hotplug_script_is_ours(const struct stat *st)
{
	return (st->st_uid == 0 || st->st_uid == geteuid()) && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

int hotplug_script_check(int dir_fd, const char *name)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, dir_fd, name, &how, sizeof(how)), err = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (!S_ISREG(st.st_mode) || !(st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		err = -EACCES;
	else if (!hotplug_script_is_ours(&st))
		err = -EPERM;
	close(fd);
	return err;
}

/* Sets what libxl's get_hotplug_env() does; what is left of ours is PATH and the like. */
static void hotplug_script_environment(const struct hotplug_request *q, const char *path)
{
	static const char *const managers[] = { "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID",
		"LISTEN_FDS", "LISTEN_FDNAMES", "JOURNAL_STREAM", "INVOCATION_ID", "MAINPID", "INTERFACE" };
	char text[64];

	for (unsigned int i = 0; i < ARRAY_SIZE(managers); i++)
		unsetenv(managers[i]);
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 0);
	setenv("script", path, 1);
	setenv("XENBUS_TYPE", "vif", 1);
	setenv("XENBUS_BASE_PATH", "backend", 1);
	snprintf(text, sizeof(text), "backend/vif/%u/%u", q->domid, q->devid);
	setenv("XENBUS_PATH", text, 1);
	setenv("netdev", q->netdev, 1);
	snprintf(text, sizeof(text), "vif%u.%u", q->domid, q->handle);
	setenv("vif", text, 1);
	if (!q->emulated)
		return;
	snprintf(text, sizeof(text), "vif%u.%u-emu", q->domid, q->handle);
	setenv("INTERFACE", text, 1);
}

_Noreturn void hotplug_script_exec(const char *dir, const struct hotplug_request *q, int out_fd)
{
	char path[PATH_MAX], action[16], type[] = "type_if=vif";
	char *argv[] = { path, action, type, NULL };
	sigset_t none;

	snprintf(path, sizeof(path), "%s/%s", dir, q->script);
	snprintf(action, sizeof(action), "%s", hotplug_action_name(q->action));
	setsid();
	/* Should the runner itself be killed, nobody would watch the script's time. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	for (int signo = 1; signo < NSIG; signo++)
		signal(signo, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(0022);
	if (dup2(out_fd, 1) < 0 || dup2(out_fd, 2) < 0)
		_exit(127);
	close_range(3, ~0u, 0);
	hotplug_script_environment(q, path);
	execv(path, argv);
	fprintf(stderr, "cannot run %s: errno %d\n", path, errno);
	_exit(127);
}
