/* SPDX-License-Identifier: MIT */
/* The processes of a domain: all that were started with its directory in their environment. */
#include "host.h"

#include "util.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int has_variable(const char *pid, const char *var)
{
	char *path = xprintf("/proc/%s/environ", pid);
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	int found = 0;

	free(path);
	while (f && !found && getdelim(&line, &room, '\0', f) > 0)
		found = !strcmp(line, var);
	free(line);
	if (f)
		fclose(f);
	return found;
}

int procs_signal(const char *dom_dir, int sig)
{
	char *var = xprintf("XENSIM_DOM=%s", dom_dir);
	DIR *dir = opendir("/proc");
	const struct dirent *e;
	int n = 0;

	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9' || !has_variable(e->d_name, var))
			continue;
		if (kill((pid_t)atoi(e->d_name), sig) == 0)
			n++;
	}
	if (dir)
		closedir(dir);
	free(var);
	return n;
}
