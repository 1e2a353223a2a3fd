/* SPDX-License-Identifier: MIT */
/* init.c - for init.h */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"
#include "init.h"

/* A line each: a module's name, then the files of all that it needs, itself last. */
#define INIT_MODULES "/lib/modules.list"

static void init_complain(const char *what)
{
	printf("lab: %s: %s\n", what, strerror(errno));
}

static void init_mount(const char *type, const char *dir)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, 0, NULL) < 0 && errno != EBUSY)
		init_complain(dir);
}

static void init_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		init_complain(path);
	if (fd >= 0)
		close(fd);
}

/* Reads a word netpair.NAME=WORD of the kernel's command line; "" where there is none. */
static void init_argument(const char *name, char *word, size_t size)
{
	char line[2048] = "", key[32];
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	const char *at;

	if (fd >= 0) {
		ssize_t n = read(fd, line, sizeof(line) - 1);

		line[n > 0 ? n : 0] = '\0';
		close(fd);
	}
	snprintf(key, sizeof(key), "netpair.%s=", name);
	at = strstr(line, key);
	at = at ? at + strlen(key) : "";
	snprintf(word, size, "%.*s", (int)strcspn(at, " \n"), at);
}

static void init_insert(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || (syscall(SYS_finit_module, fd, parameters, 0) < 0 && errno != EEXIST))
		init_complain(path);
	if (fd >= 0)
		close(fd);
}

static void init_module(const char *module, const char *parameters)
{
	FILE *list = fopen(INIT_MODULES, "re");
	char line[4096], *rest, *path;

	while (list && fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		path = strtok_r(line, " ", &rest);
		if (!path || strcmp(path, module) != 0)
			continue;
		for (path = strtok_r(NULL, " ", &rest); path;) {
			char *next = strtok_r(NULL, " ", &rest);

			init_insert(path, next ? "" : parameters);
			path = next;
		}
		break;
	}
	if (!list || feof(list))
		printf("lab: no module %s in " INIT_MODULES "\n", module);
	if (list)
		fclose(list);
}

static void init_loopback(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &r) < 0)
		init_complain("lo");
	if (fd >= 0)
		close(fd);
}

static void init_front(const char *front)
{
	char args[512];
	pid_t pid;

	if (strcmp(front, "kernel") == 0)
		init_module("xen-netfront", "");
	if (strcmp(front, "netfrontd") != 0)
		return;
	init_argument("args", args, sizeof(args));
	pid = fork();
	if (pid == 0) {
		execl("/bin/bash", "bash", "-c", ". /lab/lib.sh; front_start ${0//,/ }", args, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) < 0)
		init_complain("netfrontd");
}

static void init_console(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);

	for (int i = 0; fd >= 0 && i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

int init_main(void)
{
	char name[64], front[32], up[32] = "?";
	FILE *f;

	init_mount("devtmpfs", "/dev");
	init_console();
	init_mount("proc", "/proc");
	init_mount("sysfs", "/sys");
	init_mount("tmpfs", "/tmp");
	init_mount("devpts", "/dev/pts");
	mkdir("/run/netpair", 0755);
	if (symlink("/proc/self/fd", "/dev/fd") < 0 && errno != EEXIST)
		init_complain("/dev/fd");
	setenv("PATH", "/bin:/sbin:/usr/bin", 1);
	setenv("LC_ALL", "C", 1);
	setenv("HOME", "/root", 1);
	init_module("xenfs", "");
	init_mount("xenfs", "/proc/xen");
	init_module("xen-evtchn", "");
	init_module("xen-gntdev", "");
	/* Two VIFs of netfrontd's need about 1120 pages; the module's own limit is 1024. */
	init_module("xen-gntalloc", "limit=4096");
	init_module("tun", "");
	/* As udev does. */
	if (chmod("/dev/net/tun", 0666) < 0)
		init_complain("/dev/net/tun");
	init_argument("name", name, sizeof(name));
	init_argument("front", front, sizeof(front));
	if (sethostname(name, strlen(name)) < 0)
		init_complain("hostname");
	init_loopback();
	init_write("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	init_write("/proc/sys/net/core/rmem_max", "8388608");
	init_write("/proc/sys/net/core/rmem_default", "8388608");
	init_front(front);
	f = fopen("/proc/uptime", "re");
	if (f && fscanf(f, "%31s", up) == 1)
		printf("lab: guest %s up after %s s, front %s\n", name, up, front);
	if (f)
		fclose(f);
	return agent_main();
}
