/* SPDX-License-Identifier: MIT */
/* stale_taps.c - removes the devices of VIFs that were removed while no netbackd ran
 *
 * A guest may be destroyed while no daemon runs. Its directory is gone then and
 * does not come back, but its TAP is persistent: only the state file in the run
 * directory still says that it is there.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "common/host/tapstate.h"
#include "common/wire/parse.h"
#include "backend.h"
#include "past.h"
#include "stale_taps.h"
#include "vif_fds.h"

static bool stale_taps_is_served(const struct backend *d, const char *name)
{
	for (const struct vif *v = d->vifs; v; v = v->next)
		if (strcmp(v->name, name) == 0)
			return true;
	return false;
}

struct stale_tap {
	const struct backend *daemon;
	const char *dir;
	uint32_t handle;	/* the device's */
	bool gone;		/* no directory is of that device, as far as it was looked */
};

/* Directories are named by the VIF's number, devices by its handle. */
static void stale_taps_compare(void *arg, const char *name)
{
	struct stale_tap *o = arg;
	char path[96];
	uint32_t devid, handle, state;

	if (!parse_u32(&devid, name))
		return;
	snprintf(path, sizeof(path), "%s/%s", o->dir, name);
	if (store_read_u32(o->daemon->store, &state, path, "state") == -ENOENT)
		return;
	/* A handle that cannot be read may be this one; without one the number is the handle. */
	if (store_read_u32_or(o->daemon->store, &handle, path, "handle", devid) || handle == o->handle)
		o->gone = false;
}

/* Returns true if xenstore says that the VIF is gone; not if it cannot be asked. */
static bool stale_taps_is_gone(const struct backend *d, const char *name)
{
	struct stale_tap o = { .daemon = d, .gone = true };
	unsigned int domid;
	char dir[64], again[TAP_NAME_MAX];

	if (sscanf(name, "vif%5u.%10u", &domid, &o.handle) != 2)
		return false;
	snprintf(again, sizeof(again), "vif%u.%u", domid, o.handle);
	if (strcmp(again, name) != 0)
		return false;	/* another kind of state file */
	snprintf(dir, sizeof(dir), "backend/vif/%u", domid);
	o.dir = dir;
	return !store_list(d->store, dir, stale_taps_compare, &o) && o.gone;
}

static void stale_taps_remove(void *arg, const char *name)
{
	struct backend *d = arg;
	struct log_bucket log = { 0 };

	if (stale_taps_is_served(d, name) || !stale_taps_is_gone(d, name))
		return;
	tapstate_remove(&(struct tapstate){ .run_dir = d->run_dir, .name = name, .log = &log });
	vif_fds_forget_tables(d->run_dir, name);
	past_forget(d->run_dir, name);
	log_info("removed vif=%s reason=\"it was removed while no netbackd ran\"", name);
}

void stale_taps_sweep(struct backend *d)
{
	tapstate_each(d->run_dir, stale_taps_remove, d);
}
