/* SPDX-License-Identifier: MIT */
/* spawn_data.h - executes this program anew as a data process */
#ifndef NETPAIR_BACKEND_SPAWN_DATA_H
#define NETPAIR_BACKEND_SPAWN_DATA_H

#include <sys/types.h>

#include "common/base/util.h"

struct spawned {
	pid_t pid;
	int pidfd, sock;	/* the caller's; sock is control's end */
};

/* Starts the data process of a guest (backend/data/serve.h), which inherits nothing but the listening
 * socket, which stays the caller's, and an end of a socket pair. Returns 0 or -errno. */
MUST_CHECK int spawn_data(struct spawned *out, struct domid guest, int listener);

#endif
