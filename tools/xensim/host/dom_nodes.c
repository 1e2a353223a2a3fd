/* SPDX-License-Identifier: MIT */
/* dom_nodes.c - writes the nodes that libxl makes for a domain */
#include "dom_nodes.h"

#include "tools/xensim/base/util.h"
#include "tools/xensim/store/nodes.h"

#include <stdlib.h>

/* Sets the node dir/name, or dir if name is NULL. */
static void dom_nodes_put(const char *dir, const char *name, const char *value, uint32_t owner, int reader)
{
	char *path = name ? xprintf("%s/%s", dir, name) : xprintf("%s", dir);

	nodes_put(path, value, owner, reader);
	free(path);
}

/* What belongs to the guest and not to its id. */
static void dom_nodes_make_vm(const struct dom *d, const char *top)
{
	char *vm = xprintf("/vm/%s", d->uuid);

	dom_nodes_put(top, "vm", vm, 0, (int)d->id);
	dom_nodes_put(vm, "uuid", d->uuid, 0, (int)d->id);
	dom_nodes_put(vm, "name", d->name, 0, (int)d->id);
	free(vm);
}

void dom_nodes_make(const struct dom *d)
{
	static const char *const own[] = { "control/shutdown", "data", "drivers", "feature", "attr", "error" };
	char *top = xprintf("/local/domain/%u", d->id);
	char *libxl = xprintf("/libxl/%u", d->id);
	char *id = xprintf("%u", d->id);
	size_t i;

	dom_nodes_put(top, NULL, "", 0, d->id ? (int)d->id : NODES_NO_READER);
	dom_nodes_put(top, "name", d->name, 0, (int)d->id);
	dom_nodes_put(top, "domid", id, 0, (int)d->id);
	for (i = 0; d->id && i < sizeof(own) / sizeof(own[0]); i++)
		dom_nodes_put(top, own[i], "", d->id, NODES_NO_READER);
	if (d->id) {
		dom_nodes_put(top, "device", "", 0, (int)d->id);
		dom_nodes_put(libxl, "type", "pv", 0, NODES_NO_READER);
		dom_nodes_make_vm(d, top);
	}
	if (d->driver)
		dom_nodes_put(top, "backend", "", d->id, NODES_NO_READER);
	free(id);
	free(libxl);
	free(top);
}

void dom_nodes_remove(uint32_t id, const char *uuid)
{
	static const char *const numbered[] = { "/local/domain", "/libxl" };
	char *path = xprintf("/vm/%s", uuid);
	size_t i;

	nodes_wipe(path);
	free(path);
	for (i = 0; i < sizeof(numbered) / sizeof(numbered[0]); i++) {
		path = xprintf("%s/%u", numbered[i], id);
		nodes_wipe(path);
		free(path);
	}
}
