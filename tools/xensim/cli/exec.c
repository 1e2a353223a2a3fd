/* SPDX-License-Identifier: MIT */
/* exec.c - starts a process of a domain
 *
 * A process of a domain has the domain's sockets in its environment, the
 * stand-in libraries first in the loader's path, the domain's network namespace
 * and, as root, a mount namespace in which a guest sees no other sockets.
 */
#include "exec.h"

#include "ask.h"
#include "tools/xensim/base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static void exec_enter_netns(const char *name)
{
	char *path = xprintf("/run/netns/%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		die(path);
	close(fd);
	free(path);
}

static void exec_hide_others(const struct ask_dom *d)
{
	int fd = open(d->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *self = xprintf("/proc/self/fd/%d", fd);
	char *all = xprintf("%s/dom", ask_dir());

	if (fd < 0 || mount("xensim", ask_dir(), "tmpfs", 0, "size=64k") < 0)
		die(ask_dir());
	if (mkdir(all, 0755) < 0 || mkdir(d->dir, 0755) < 0 || mount(self, d->dir, NULL, MS_BIND, NULL) < 0)
		die(d->dir);
	close(fd);
	free(all);
	free(self);
}

static void exec_enter_mounts(const struct ask_dom *d)
{
	if (unshare(CLONE_NEWNS) < 0) {
		if (d->netns[0])
			die("mount namespace");
		return; /* not root: the libraries still keep domains apart */
	}
	if (mount("", "/", "none", MS_SLAVE | MS_REC, NULL) < 0)
		die("mount namespace");
	if (d->netns[0]) {
		umount2("/sys", MNT_DETACH);
		if (mount(d->netns, "/sys", "sysfs", 0, NULL) < 0)
			die("/sys");
	}
	if (d->id)
		exec_hide_others(d);
}

static void exec_set_environment(const struct ask_dom *d)
{
	const char *old = getenv("LD_LIBRARY_PATH");
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *sock = xprintf("%s/xenstored.sock", d->dir);
	char *slash;
	char *libs;

	if (n < 0)
		die("/proc/self/exe");
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	*slash = '\0';
	libs = xprintf("%s/lib%s%s", exe, old && *old ? ":" : "", old ? old : "");
	setenv("LD_LIBRARY_PATH", libs, 1);
	setenv("XENSIM_DIR", ask_dir(), 1);
	setenv("XENSIM_DOM", d->dir, 1);
	setenv("XENSTORED_PATH", sock, 1);
	free(libs);
	free(sock);
}

int cmd_exec(int argc, char **argv)
{
	struct ask_dom d;
	int at = 2;

	ask_lookup(argv[1], &d);
	if (at < argc && !strcmp(argv[at], "--"))
		at++;
	if (at == argc)
		fail("exec: no command");
	exec_set_environment(&d);
	if (d.netns[0])
		exec_enter_netns(d.netns);
	if (d.netns[0] || d.id)
		exec_enter_mounts(&d);
	execvp(argv[at], argv + at);
	fprintf(stderr, "xensim: %s: %s\n", argv[at], strerror(errno));
	exit(errno == ENOENT ? 127 : 126);
}
