/* SPDX-License-Identifier: MIT */
/* orphans.c - what interfaces left that went while no daemon was there
 *
 * A guest may be destroyed between two daemons' lives. Its directory is gone
 * then and nobody will ever name it again, but its TAP is persistent: the note
 * in the run directory is all that still tells of it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../common/log.h"
#include "../common/tapstate.h"
#include "backend.h"

static bool is_served(const struct backend *d, const char *name)
{
	for (const struct vif *v = d->vifs; v; v = v->next)
		if (strcmp(v->name, name) == 0)
			return true;
	return false;
}

struct orphan {
	const struct backend *daemon;
	const char *dir;
	uint32_t handle;	/* the device's */
	bool gone;		/* no directory is of that device, as far as it was looked */
};

/* Directories are named by the VIF's number, devices by its handle. */
static void orphan_compare(void *arg, const char *name)
{
	struct orphan *o = arg;
	char path[96];
	uint32_t devid, handle, state;

	if (!parse_u32(&devid, name))
		return;
	snprintf(path, sizeof(path), "%s/%s", o->dir, name);
	if (store_read_u32(o->daemon->store, &state, path, "state") == -ENOENT)
		return;
	/* One that cannot be read may be anybody's; one without a handle is named by its number. */
	if (store_read_u32_or(o->daemon->store, &handle, path, "handle", devid) || handle == o->handle)
		o->gone = false;
}

/* Whether xenstore says, and not merely fails to say otherwise, that it is gone. */
static bool is_gone(const struct backend *d, const char *name)
{
	struct orphan o = { .daemon = d, .gone = true };
	unsigned int domid;
	char dir[64], again[TAP_NAME_MAX];

	if (sscanf(name, "vif%5u.%10u", &domid, &o.handle) != 2)
		return false;
	snprintf(again, sizeof(again), "vif%u.%u", domid, o.handle);
	if (strcmp(again, name) != 0)
		return false;	/* another kind of note */
	snprintf(dir, sizeof(dir), "backend/vif/%u", domid);
	o.dir = dir;
	return !store_list(d->store, dir, orphan_compare, &o) && o.gone;
}

static void sweep(void *arg, const char *name)
{
	struct backend *d = arg;
	struct log_bucket log = { 0 };

	if (is_served(d, name) || !is_gone(d, name))
		return;
	tapstate_remove(&(struct tapstate){ .run_dir = d->run_dir, .name = name, .log = &log });
	vif_link_forget(d->run_dir, name);
	log_info("removed vif=%s reason=\"went while no netbackd was there\"", name);
}

void backend_sweep(struct backend *d)
{
	tapstate_each(d->run_dir, sweep, d);
}
