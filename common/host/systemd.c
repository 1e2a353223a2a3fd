/* SPDX-License-Identifier: MIT */
/* systemd.c - dlopen(3), for systemd.h */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "daemon.h"
#define SYSTEMD_LOADER
#include "systemd.h"

/* #syscalls-control exit */

/* The library's ABI, which its developers keep. */
#define SYSTEMD_FILE "libsystemd.so.0"

static struct systemd systemd_calls;

_Noreturn static void systemd_missing(void)
{
	log_error("cannot use libsystemd error=\"%s\" todo=\"install the package libsystemd0, or what your system calls it\"", dlerror());
	exit(EXIT_ENVIRONMENT);
}

/* Gets the address of a function. POSIX has data and functions in pointers of the same size. */
static void systemd_get(void *library, const char *name, void *pointer)
{
	void *at = dlsym(library, name);

	if (!at)
		systemd_missing();
	memcpy(pointer, &at, sizeof(at));
}

static void systemd_load(void)
{
	void *library = dlopen(SYSTEMD_FILE, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		systemd_missing();
#define SYSTEMD_GET(name) systemd_get(library, #name, &systemd_calls.name);
	SYSTEMD_EACH(SYSTEMD_GET)
}

const struct systemd *systemd(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, systemd_load);
	return &systemd_calls;
}
