/* SPDX-License-Identifier: MIT */
/* hotplug.h - control asks the runner for hotplug scripts (--hotplug)
 *
 * In dom0 the toolstack runs the scripts. In another domain nobody does, unless
 * "xl devd" or netbackd --hotplug. Nothing here blocks: a script is asked for,
 * and its end is an event. Of one VIF one script runs at a time, also if the VIF
 * went meanwhile and another one has its place.
 */
#ifndef NETPAIR_BACKEND_HOTPLUG_H
#define NETPAIR_BACKEND_HOTPLUG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"
#include "hotplug_msg.h"

struct hotplug;

/* A script that has ended. */
struct hotplug_result {
	uint32_t domid, devid;
	enum hotplug_action action;
	enum hotplug_end end;
	uint32_t code;
	char script[HOTPLUG_SCRIPT_MAX];
};

/* Makes the asking end of the runner's socket fd, which it owns from now on. dir
 * is the directory of the scripts as the option has it, real_dir the same without
 * symbolic links; both stay valid. limit_s is the runner's. Returns NULL without memory. */
struct hotplug *hotplug_new(int fd, const char *dir, const char *real_dir, unsigned int limit_s);

/* Returns the descriptor that is readable while a script has ended. */
int hotplug_fd(const struct hotplug *h);

/* Asks for a script: action, domid, devid, handle, emulated and netdev of want are
 * set; script is the key of that name. Returns 0: it starts, and its end is a result;
 * -EBUSY: a script runs for that VIF, or too many run: ask again after a result;
 * -EPIPE: the runner has ended; -EPERM, -EINVAL: as hotplug_script_name(), or
 * -EINVAL: the request makes no sense. */
MUST_CHECK int hotplug_ask(struct hotplug *h, const struct hotplug_request *want, const char *script);

/* Ends the script of that VIF, if one runs. Its result follows. */
void hotplug_stop(struct hotplug *h, uint32_t domid, uint32_t devid);

/* Calls ended(arg, result) for each script that has ended. */
void hotplug_events(struct hotplug *h, void (*ended)(void *arg, const struct hotplug_result *result), void *arg);

/* Does the same for scripts that a runner which does not answer has not ended in
 * time. Called each second or so. */
void hotplug_tick(struct hotplug *h, void (*ended)(void *arg, const struct hotplug_result *result), void *arg);

#endif
