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
#include "../common/tap.h"
#include "backend.h"

static bool is_served(const struct backend *d, const char *name)
{
	for (const struct vif *v = d->vifs; v; v = v->next)
		if (strcmp(v->name, name) == 0)
			return true;
	return false;
}

/* Whether xenstore says, and not merely fails to say otherwise, that it is gone. */
static bool is_gone(const struct backend *d, const char *name)
{
	unsigned int domid, handle;
	uint32_t state;
	char dir[64], again[TAP_NAME_MAX];

	if (sscanf(name, "vif%5u.%5u", &domid, &handle) != 2)
		return false;
	snprintf(again, sizeof(again), "vif%u.%u", domid, handle);
	if (strcmp(again, name) != 0)
		return false;	/* another kind of note */
	snprintf(dir, sizeof(dir), "backend/vif/%u/%u", domid, handle);
	return store_read_u32(d->store, &state, dir, "state") == -ENOENT;
}

static void sweep(void *arg, const char *name)
{
	struct backend *d = arg;

	if (is_served(d, name) || !is_gone(d, name))
		return;
	tap_remove_noted(d->run_dir, name);
	vif_link_forget(d->run_dir, name);
	log_info("removed vif=%s reason=\"went while no netbackd was there\"", name);
}

void backend_sweep(struct backend *d)
{
	tap_each_note(d->run_dir, sweep, d);
}
