/* SPDX-License-Identifier: MIT */
/* vif_cmds.c - the commands attach-vif, detach-vif and destroy */
#include "vif_cmds.h"

#include "tools/xensim/base/util.h"
#include "vif.h"

#include <stdlib.h>
#include <string.h>

static void vif_cmds_parse(struct vif *v, int argc, char **argv)
{
	int i;

	v->keys = xalloc((size_t)(argc + 1) * sizeof(*v->keys));
	for (i = 0; i < argc; i++) {
		/* Without the dashes it is the key alone: who runs the script is the backend's domain. */
		if (argv[i][0] == '-' && option(argv[i], "script"))
			v->script = option(argv[i], "script");
		else if (!strcmp(argv[i], "--hotplug"))
			v->hotplug = 1;
		else if (!strcmp(argv[i], "--force"))
			v->force = 1;
		else if (argv[i][0] >= '0' && argv[i][0] <= '9')
			v->devid = (uint32_t)strtoul(argv[i], NULL, 10);
		else if (strchr(argv[i], '=') && argv[i][0] != '-')
			v->keys[v->nr_keys++] = argv[i];
		else
			fail("attach-vif: \"%s\" not understood", argv[i]);
	}
}

int cmd_attach(int argc, char **argv)
{
	struct vif v = { 0 };
	struct xs_handle *xs;

	ask_lookup(argv[1], &v.back);
	ask_lookup(argv[2], &v.front);
	vif_cmds_parse(&v, argc - 3, argv + 3);
	vif_paths(&v);
	xs = vif_store();
	vif_attach(xs, &v);
	xs_close(xs);
	return 0;
}

int cmd_detach(int argc, char **argv)
{
	struct vif v = { 0 };
	struct xs_handle *xs;

	ask_lookup(argv[1], &v.front);
	vif_cmds_parse(&v, argc - 2, argv + 2);
	vif_paths(&v);
	xs = vif_store();
	vif_detach(xs, &v);
	xs_close(xs);
	return 0;
}

int cmd_destroy(int argc, char **argv)
{
	struct vif v = { 0 };
	struct xs_handle *xs;
	char **devs;
	char *path;
	unsigned n;
	unsigned i;

	ask_lookup(argv[1], &v.front);
	vif_cmds_parse(&v, argc - 2, argv + 2);
	if (!v.front.id)
		fail("destroy: not for dom0");
	ask_on_domain("freeze", argv[1]);
	xs = vif_store();
	path = xprintf("/libxl/%u/device/vif", v.front.id);
	devs = xs_directory(xs, XBT_NULL, path, &n);
	for (i = 0; devs && i < n; i++) {
		v.dead = 1;
		v.devid = (uint32_t)strtoul(devs[i], NULL, 10);
		vif_paths(&v);
		vif_detach(xs, &v);
	}
	free(devs);
	free(path);
	xs_close(xs);
	ask_on_domain("destroy", argv[1]);
	return 0;
}
