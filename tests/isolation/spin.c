/* SPDX-License-Identifier: MIT */
/* spin.c - preloaded into a daemon whose workers are threads of it: a worker does not come back
 *
 * The worker whose name is that of a file in $SPIN_DIR spins, before its next sleep that ends a
 * run, for as long as the file is there. A data process has no files: forbidden.c has the act "spin".
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <xenevtchn.h>

/* The worker's name, as it gives it to itself: netfrontd's filter does not let it ask for that. */
static _Thread_local char name[16];

int prctl(int option, ...)
{
	int (*fn)(int, unsigned long, unsigned long, unsigned long, unsigned long) = dlsym(RTLD_NEXT, "prctl");
	unsigned long arg[4];
	va_list ap;

	va_start(ap, option);
	for (int i = 0; i < 4; i++)
		arg[i] = va_arg(ap, unsigned long);
	va_end(ap);
	if (option == PR_SET_NAME)
		strncpy(name, (const char *)arg[0], sizeof(name) - 1);
	return fn(option, arg[0], arg[1], arg[2], arg[3]);
}

int xenevtchn_unmask(xenevtchn_handle *h, evtchn_port_t port)
{
	int (*fn)(xenevtchn_handle *, evtchn_port_t) = dlsym(RTLD_NEXT, "xenevtchn_unmask");
	const char *dir = getenv("SPIN_DIR");
	char path[200];

	if (dir && *name) {
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		while (access(path, F_OK) == 0)
			;
	}
	return fn(h, port);
}
