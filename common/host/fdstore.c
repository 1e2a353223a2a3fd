/* SPDX-License-Identifier: MIT */
/* fdstore.c - the service manager's file descriptor store */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdstore.h"
#include "common/base/errtext.h"
#include "common/base/log.h"
#include "systemd.h"

/* #syscalls-control close */

#define ANSWER_US 1000000u

/* The names of the descriptors that were passed to us, from SD_LISTEN_FDS_START on;
 * NULL: fdstore_get() returned it. */
static char **names;
static int nnames = -1;

/* The descriptors of fdstore_put(). */
static struct fdstore_other {
	struct fdstore_other *next;
	int fd;
	char name[32];
} *others;

static void fdstore_init_once(void)
{
	if (nnames >= 0)
		return;
	nnames = sd_listen_fds_with_names(0, &names);
	if (nnames < 0)
		nnames = 0;
}

void fdstore_put(const char *name, int fd)
{
	struct fdstore_other *o = calloc(1, sizeof(*o));

	if (!o) {
		close(fd);
		return;
	}
	snprintf(o->name, sizeof(o->name), "%s", name);
	o->fd = fd;
	o->next = others;
	others = o;
}

static int fdstore_get_other(const char *name)
{
	for (struct fdstore_other **at = &others; *at; at = &(*at)->next) {
		struct fdstore_other *o = *at;
		int fd = o->fd;

		if (strcmp(o->name, name) != 0)
			continue;
		*at = o->next;
		free(o);
		return fd;
	}
	return -ENOENT;
}

int fdstore_get(const char *name)
{
	int other = fdstore_get_other(name);

	if (other >= 0)
		return other;
	fdstore_init_once();
	for (int i = 0; i < nnames; i++) {
		if (!names[i] || strcmp(names[i], name) != 0)
			continue;
		free(names[i]);
		names[i] = NULL;
		return SD_LISTEN_FDS_START + i;
	}
	return -ENOENT;
}

/* Asks the service manager to remove a name. Returns whether there is a service manager. */
static bool fdstore_ask_removal(const char *name)
{
	char text[128];

	snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	return sd_notify(0, text) > 0;
}

void fdstore_store(const char *name, int fd)
{
	char text[128];
	int err;

	if (!fdstore_ask_removal(name))
		return;
	/* Not polled, as each frame would wake the service manager. */
	snprintf(text, sizeof(text), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	err = sd_pid_notify_with_fds(0, 0, text, &fd, 1);
	if (err < 0)
		log_debug("descriptor is not stored over a restart name=%s error=\"%s\"", name, errtext(ERRTEXT_FILE, err));
}

void fdstore_remove(const char *name)
{
	int fd;

	while ((fd = fdstore_get(name)) >= 0)
		close(fd);
	if (fdstore_ask_removal(name))
		sd_notify_barrier(0, ANSWER_US);
}
