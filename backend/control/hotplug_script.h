/* SPDX-License-Identifier: MIT */
/* hotplug_script.h - one script: what may be run, and how
 *
 * Only the runner (hotplug_runner.h) calls this.
 */
#ifndef NETPAIR_BACKEND_HOTPLUG_SCRIPT_H
#define NETPAIR_BACKEND_HOTPLUG_SCRIPT_H

#include <stdbool.h>
#include <sys/stat.h>

#include "common/base/util.h"

struct hotplug_request;

/* Returns whether nobody but root, or this process's user, may write to the file. */
MUST_CHECK bool hotplug_script_is_ours(const struct stat *st);

/* Checks the script name below the directory, wherever symbolic links lead.
 * Returns 0; -EXDEV: a link leads out of the directory; -EACCES: it is no
 * program; -EPERM: others may write to it; other -errno. Only those who could
 * replace the runner's own program can change the script afterwards. */
MUST_CHECK int hotplug_script_check(int dir_fd, const char *name);

/* Becomes the script, in a session of its own, with libxl's arguments and
 * environment and with out_fd as stdout and stderr. Exits with 127 if that fails. */
_Noreturn void hotplug_script_exec(const char *dir, const struct hotplug_request *q, int out_fd);

#endif
