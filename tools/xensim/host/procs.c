/* SPDX-License-Identifier: MIT */
/* procs.c - finds the processes of a domain and signals them */
#include "procs.h"

#include "tools/xensim/base/util.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long a process may take to stop: 2 s in naps of 0.2 ms. */
#define STOP_NAP_NS 200000
#define STOP_NAPS_MAX 10000

static int procs_has_variable(const char *pid, const char *var)
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

/* Whether a thread runs no more: "PID (name) STATE", where the name may hold anything. */
static int thread_stands(const char *pid, const char *tid)
{
	char *path = xprintf("/proc/%s/task/%s/stat", pid, tid);
	char line[128] = "";
	FILE *f = fopen(path, "re");
	const char *end;

	free(path);
	if (!f)
		return 1; /* it has ended */
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	end = strrchr(line, ')');
	return !end || !end[1] || strchr("TtZX", end[2]) != NULL;
}

static int all_stand(const char *pid)
{
	char *path = xprintf("/proc/%s/task", pid);
	DIR *dir = opendir(path);
	const struct dirent *e;
	int stand = 1;

	free(path);
	while (dir && stand && (e = readdir(dir)))
		stand = e->d_name[0] < '1' || e->d_name[0] > '9' || thread_stands(pid, e->d_name);
	if (dir)
		closedir(dir);
	return stand;
}

/* SIGSTOP stops a process once one of its threads has been scheduled to take it: until then the
 * others go on, whereas a domain that is paused does nothing more. */
static void procs_wait_stopped(const char *pid)
{
	const struct timespec nap = { .tv_nsec = STOP_NAP_NS };
	int i;

	for (i = 0; i < STOP_NAPS_MAX && !all_stand(pid); i++)
		nanosleep(&nap, NULL);
}

int procs_signal(const char *dom_dir, int sig)
{
	char *var = xprintf("XENSIM_DOM=%s", dom_dir);
	DIR *dir = opendir("/proc");
	const struct dirent *e;
	int n = 0;

	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9' || !procs_has_variable(e->d_name, var))
			continue;
		if (kill((pid_t)atoi(e->d_name), sig) < 0)
			continue;
		n++;
		if (sig == SIGSTOP)
			procs_wait_stopped(e->d_name);
	}
	if (dir)
		closedir(dir);
	free(var);
	return n;
}
