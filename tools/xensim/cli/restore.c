/* SPDX-License-Identifier: MIT */
/* restore.c - the command save-restore
 *
 * It does what xl save and xl restore do to a guest, in place: the VIFs are closed
 * while it is frozen, and made again for its new id.
 */
#include "restore.h"

#include "tools/xensim/base/util.h"
#include "vif.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_VIFS 256u

/* Returns whether a key was configured; the others are made again. */
static int restore_is_config(const char *key)
{
	static const char *const made[] = { "frontend", "frontend-id", "backend", "online", "state", "handle", "type", "hotplug-status", "script" };
	size_t i;

	for (i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		if (!strcmp(key, made[i]))
			return 0;
	return 1;
}

/* Reads what a VIF is made again from, before it is closed. */
static void restore_read_vif(struct xs_handle *xs, struct vif *v)
{
	unsigned back = 0;
	unsigned n = 0;
	char **keys;
	char *status;
	char *id;
	unsigned i;

	vif_paths(v);
	v->be = vif_get(xs, v->xl, "backend");
	if (!v->be || sscanf(v->be, "/local/domain/%u/", &back) != 1)
		fail("save-restore: the nodes of %s are damaged", v->fe);
	ask_lookup(id = xprintf("%u", back), &v->back);
	free(id);
	keys = xs_directory(xs, XBT_NULL, v->xl, &n);
	v->keys = xalloc((n + 1) * sizeof(*v->keys));
	for (i = 0; keys && i < n; i++) {
		char *value = restore_is_config(keys[i]) ? vif_get(xs, v->xl, keys[i]) : NULL;

		if (value)
			v->keys[v->nr_keys++] = xprintf("%s=%s", keys[i], value);
		free(value);
	}
	free(keys);
	status = vif_get(xs, v->be, "hotplug-status");
	v->hotplug = status && !strcmp(status, "connected");
	free(status);
}

int cmd_restore(int argc, char **argv)
{
	struct vif *vifs = xalloc(MAX_VIFS * sizeof(*vifs));
	struct ask_dom d;
	struct xs_handle *xs;
	unsigned n = 0;
	unsigned i;
	char **ids;
	char *path;
	char *name;

	(void)argc;
	ask_lookup(argv[1], &d);
	if (!d.id)
		fail("save-restore: not for dom0");
	ask_on_domain("freeze", d.name);
	xs = vif_store();
	path = xprintf("/libxl/%u/device/vif", d.id);
	ids = xs_directory(xs, XBT_NULL, path, &n);
	free(path);
	n = !ids ? 0 : n > MAX_VIFS ? MAX_VIFS : n;
	for (i = 0; i < n; i++) {
		vifs[i].front = d;
		vifs[i].devid = (uint32_t)strtoul(ids[i], NULL, 10);
		restore_read_vif(xs, &vifs[i]);
		vifs[i].dead = 1;
	}
	for (i = 0; i < n; i++)
		vif_detach(xs, &vifs[i]);
	ask_on_domain("restore", d.name);
	ask_lookup(name = xprintf("%s", d.name), &d);
	free(name);
	for (i = 0; i < n; i++) {
		vifs[i].front = d;
		vif_paths(&vifs[i]);
		vif_attach(xs, &vifs[i]);
	}
	ask_on_domain("thaw", d.name);
	xs_close(xs);
	printf("%u\n", d.id);
	return 0;
}
