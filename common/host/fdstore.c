/* SPDX-License-Identifier: MIT */
/* fdstore.c - the service manager's file descriptor store */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "fdstore.h"
#include "common/base/errtext.h"
#include "common/base/log.h"

#define ANSWER_US 1000000u

/* The names of the descriptors that were passed to us, from SD_LISTEN_FDS_START on;
 * NULL: it was taken. */
static char **names;
static int nnames = -1;

static void fdstore_look_once(void)
{
	if (nnames >= 0)
		return;
	nnames = sd_listen_fds_with_names(0, &names);
	if (nnames < 0)
		nnames = 0;
}

int fdstore_take(const char *name)
{
	fdstore_look_once();
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
static bool fdstore_forget(const char *name)
{
	char text[128];

	snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	return sd_notify(0, text) > 0;
}

void fdstore_keep(const char *name, int fd)
{
	char text[128];
	int err;

	if (!fdstore_forget(name))
		return;
	/* Not polled, as each frame would wake the service manager. */
	snprintf(text, sizeof(text), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	err = sd_pid_notify_with_fds(0, 0, text, &fd, 1);
	if (err < 0)
		log_debug("not kept over a restart name=%s error=\"%s\"", name, errtext(ERRTEXT_FILE, -err));
}

void fdstore_drop(const char *name)
{
	int fd;

	while ((fd = fdstore_take(name)) >= 0)
		close(fd);
	if (fdstore_forget(name))
		sd_notify_barrier(0, ANSWER_US);
}
