/* SPDX-License-Identifier: MIT */
/* orphans.c - what devices left that went while no daemon was there
 *
 * Such a device's TAP is persistent and has the name that the next one would
 * get; the note in the run directory is all that still tells of it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../common/log.h"
#include "../common/tapstate.h"
#include "frontend.h"

/* Whether xenstore says, and not merely fails to say otherwise, that it is gone. */
static bool is_gone(const struct frontend *d, uint32_t devid)
{
	uint32_t state;
	char dir[32];

	snprintf(dir, sizeof(dir), "device/vif/%u", devid);
	return store_read_u32(d->store, &state, dir, "state") == -ENOENT;
}

static void sweep(void *arg, const char *name)
{
	struct frontend *d = arg;
	struct log_bucket log = { 0 };
	uint32_t devid;
	char again[32];

	if (strncmp(name, "nic", 3) != 0 || !parse_u32(&devid, name + 3) || !frontend_serves(d, devid))
		return;
	snprintf(again, sizeof(again), "nic%u", devid);
	if (strcmp(again, name) != 0 || !is_gone(d, devid))
		return;
	tapstate_remove(&(struct tapstate){ .run_dir = d->run_dir, .name = name, .log = &log });
	log_info("removed nic=%s reason=\"went while no netfrontd was there\"", name);
}

void frontend_sweep(struct frontend *d)
{
	tapstate_each(d->run_dir, sweep, d);
}
