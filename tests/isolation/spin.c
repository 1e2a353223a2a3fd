/* SPDX-License-Identifier: MIT */
/* spin.c - preloaded into a daemon whose workers are threads of it: a worker does not come back
 *
 * The worker whose name is that of a file in $SPIN_DIR spins, before its next sleep that ends a
 * run, for as long as the file is there. A data process has no files: forbidden.c has the act "spin".
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xenevtchn.h>

int xenevtchn_unmask(xenevtchn_handle *h, evtchn_port_t port)
{
	int (*fn)(xenevtchn_handle *, evtchn_port_t) = dlsym(RTLD_NEXT, "xenevtchn_unmask");
	const char *dir = getenv("SPIN_DIR");
	char name[16], path[200];

	if (dir && pthread_getname_np(pthread_self(), name, sizeof(name)) == 0) {
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		while (access(path, F_OK) == 0)
			;
	}
	return fn(h, port);
}
