/* SPDX-License-Identifier: MIT */
/*
 * xensim save-restore: what xl save and xl restore do to a guest, in place.
 * Its vifs are closed while it stands still and made again for its new id.
 */
#include "vif.h"

#include "../host/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_VIFS 256u

static void ask(const char *word, const char *domain)
{
	char *words[] = { xprintf("%s", word), xprintf("%s", domain) };
	char *text;

	cli_ask(words, 2, &text);
	free(text);
	free(words[0]);
	free(words[1]);
}

/* What was configured: the rest is made anew. */
static int is_config(const char *key)
{
	static const char *const made[] = { "frontend", "frontend-id", "backend", "online", "state", "handle", "type", "hotplug-status", "script" };
	size_t i;

	for (i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		if (!strcmp(key, made[i]))
			return 0;
	return 1;
}

/* Remember a vif before it is closed. */
static void remember(struct xs_handle *xs, struct vif *v)
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
	cli_lookup(id = xprintf("%u", back), &v->back);
	free(id);
	keys = xs_directory(xs, XBT_NULL, v->xl, &n);
	v->keys = xalloc((n + 1) * sizeof(*v->keys));
	for (i = 0; keys && i < n; i++) {
		char *value = is_config(keys[i]) ? vif_get(xs, v->xl, keys[i]) : NULL;

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
	struct cli_dom d;
	struct xs_handle *xs;
	unsigned n = 0;
	unsigned i;
	char **ids;
	char *path;
	char *name;

	(void)argc;
	cli_lookup(argv[1], &d);
	if (!d.id)
		fail("save-restore: not for dom0");
	ask("freeze", d.name);
	xs = vif_store();
	path = xprintf("/libxl/%u/device/vif", d.id);
	ids = xs_directory(xs, XBT_NULL, path, &n);
	free(path);
	n = !ids ? 0 : n > MAX_VIFS ? MAX_VIFS : n;
	for (i = 0; i < n; i++) {
		vifs[i].front = d;
		vifs[i].devid = (uint32_t)strtoul(ids[i], NULL, 10);
		remember(xs, &vifs[i]);
		vifs[i].dead = 1;
	}
	for (i = 0; i < n; i++)
		vif_detach(xs, &vifs[i]);
	ask("restore", d.name);
	cli_lookup(name = xprintf("%s", d.name), &d);
	free(name);
	for (i = 0; i < n; i++) {
		vifs[i].front = d;
		vif_paths(&vifs[i]);
		vif_attach(xs, &vifs[i]);
	}
	ask("thaw", d.name);
	xs_close(xs);
	printf("%u\n", d.id);
	return 0;
}
