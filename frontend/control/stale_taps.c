/* SPDX-License-Identifier: MIT */
/* stale_taps.c - removes the TAPs of devices that were removed while no netfrontd ran
 *
 * Such a TAP is persistent, and has the name that the next device would get. Only
 * the state file in the run directory says that it is there.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "common/host/store.h"
#include "common/host/tapstate.h"
#include "common/wire/parse.h"
#include "stale_taps.h"

/* Returns whether xenstore says that a device is gone, and not merely fails to answer. */
static bool stale_taps_is_gone(const struct stale_taps *t, uint32_t devid)
{
	uint32_t state;
	char dir[32];

	snprintf(dir, sizeof(dir), "device/vif/%u", devid);
	return store_read_u32(t->store, &state, dir, "state") == -ENOENT;
}

static void stale_taps_check(void *arg, const char *name)
{
	const struct stale_taps *t = arg;
	struct log_bucket log = { 0 };
	uint32_t devid;
	char again[32];

	if (strncmp(name, "nic", 3) != 0 || !parse_u32(&devid, name + 3) || !t->serves(t->daemon, devid))
		return;
	snprintf(again, sizeof(again), "nic%u", devid);
	if (strcmp(again, name) != 0 || !stale_taps_is_gone(t, devid))
		return;
	tapstate_remove(&(struct tapstate){ .run_dir = t->run_dir, .name = name, .log = &log });
	log_info("removed nic=%s reason=\"it was removed while no netfrontd ran\"", name);
}

void stale_taps_remove(struct stale_taps *t)
{
	tapstate_each(t->run_dir, stale_taps_check, t);
}
