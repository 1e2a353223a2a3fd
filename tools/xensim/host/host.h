/* SPDX-License-Identifier: MIT */
/* host.h - the host process */
#ifndef XENSIM_HOST_H
#define XENSIM_HOST_H

#include "dom.h"

/* How a host is started. */
struct host_options {
	const char *dir;
	int foreground;
	int netns; /* dom0 gets a network namespace of its own */
	struct dom_options dom;
};

/* Runs the host until it is stopped; without foreground, returns once the host serves. Returns the exit code. */
int host_start(const struct host_options *opt);

#endif
