/* SPDX-License-Identifier: MIT */
/* fdstore.c - the service manager's file descriptor store */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "fdstore.h"
#include "errtext.h"
#include "log.h"

#define ANSWER_US 1000000u

/* What was handed to us, descriptors from SD_LISTEN_FDS_START on; a name that is NULL was taken. */
static char **names;
static int nnames = -1;

static void look_once(void)
{
	if (nnames >= 0)
		return;
	nnames = sd_listen_fds_with_names(0, &names);
	if (nnames < 0)
		nnames = 0;
}

int fdstore_take(const char *name)
{
	look_once();
	for (int i = 0; i < nnames; i++) {
		if (!names[i] || strcmp(names[i], name) != 0)
			continue;
		free(names[i]);
		names[i] = NULL;
		return SD_LISTEN_FDS_START + i;
	}
	return -ENOENT;
}

/* Tells the manager to forget a name; whether there is one to tell. */
static bool forget(const char *name)
{
	char text[128];

	snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	return sd_notify(0, text) > 0;
}

void fdstore_keep(const char *name, int fd)
{
	char text[128];
	int err;

	if (!forget(name))
		return;
	/* Not polled: the manager need not hear of each frame. */
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
	if (forget(name))
		sd_notify_barrier(0, ANSWER_US);
}
