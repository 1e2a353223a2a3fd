/* SPDX-License-Identifier: MIT */
/* netns.c - runs iproute2 */
#include "netns.h"

#include "tools/xensim/base/util.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int netns_add(const char *name)
{
	const char *const add[] = { "ip", "netns", "add", name, NULL };
	const char *const up[] = { "ip", "-n", name, "link", "set", "lo", "up", NULL };
	char *path = xprintf("/run/netns/%s", name);
	int exists = access(path, F_OK) == 0;

	free(path);
	if (exists) {
		errno = EEXIST;
		return -1;
	}
	errno = EPERM;
	return run_command(add, RUN_QUIET) == 0 && run_command(up, RUN_QUIET) == 0 ? 0 : -1;
}

void netns_remove(const char *name)
{
	const char *const argv[] = { "ip", "netns", "del", name, NULL };

	run_command(argv, RUN_QUIET);
}
