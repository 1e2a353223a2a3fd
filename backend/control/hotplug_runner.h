/* SPDX-License-Identifier: MIT */
/* hotplug_runner.h - the process that runs hotplug scripts
 *
 * A script runs ip, brctl, iptables and xenstore-write, for which control's
 * sandbox has no room. So netbackd splits off a process before it gives up its
 * rights. That process starts scripts of one directory, ends them, and does
 * nothing else.
 */
#ifndef NETPAIR_BACKEND_HOTPLUG_RUNNER_H
#define NETPAIR_BACKEND_HOTPLUG_RUNNER_H

#include "common/base/log.h"
#include "common/base/util.h"

struct hotplug_runner_conf {
	const char *program;	/* for the log */
	enum log_level level;
	const char *dir;	/* of the scripts: absolute, without symbolic links */
	const char *run_dir;	/* for a lock: a runner waits for an earlier one's scripts */
	unsigned int limit_s;	/* time for one script */
};

/* Splits off the runner. The caller has one thread, no lock and no device open,
 * as the runner is a copy of it. Returns control's end of the socket, which is
 * close-on-exec and does not block; -EPERM: another user may write to dir;
 * other -errno. The runner ends once that end is closed, as it is when control dies. */
MUST_CHECK int hotplug_runner_start(const struct hotplug_runner_conf *conf);

#endif
