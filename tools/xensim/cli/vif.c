/* SPDX-License-Identifier: MIT */
/* attach-vif, detach-vif, destroy: what libxl does to the xenstore, in the same order. */
#include "vif.h"

#include "../host/host.h"
#include "../host/util.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 10000

struct xs_handle *vif_store(void)
{
	struct cli_dom dom0;
	struct xs_handle *xs;
	char *sock;

	cli_lookup("0", &dom0);
	sock = xprintf("%s/xenstored.sock", dom0.dir);
	setenv("XENSTORED_PATH", sock, 1);
	free(sock);
	xs = xs_open(0);
	if (!xs)
		die("xenstore");
	return xs;
}

static void put(struct xs_handle *xs, xs_transaction_t t, const char *dir, const char *key, const char *value)
{
	char *path = xprintf("%s/%s", dir, key);

	xs_write(xs, t, path, value, (unsigned)strlen(value)); /* a failure fails the commit's check below */
	free(path);
}

static void put_number(struct xs_handle *xs, xs_transaction_t t, const char *dir, const char *key, uint32_t value)
{
	char buf[16];

	snprintf(buf, sizeof(buf), "%u", value);
	put(xs, t, dir, key, buf);
}

char *vif_get(struct xs_handle *xs, const char *dir, const char *key)
{
	char *path = xprintf("%s/%s", dir, key);
	unsigned len;
	char *v = xs_read(xs, XBT_NULL, path, &len);

	free(path);
	return v;
}

static void make_dir(struct xs_handle *xs, xs_transaction_t t, const char *path, uint32_t owner, uint32_t reader)
{
	struct xs_permissions perms[2] = { { .id = owner, .perms = XS_PERM_NONE }, { .id = reader, .perms = XS_PERM_READ } };

	xs_rm(xs, t, path);
	xs_mkdir(xs, t, path);
	xs_set_permissions(xs, t, path, perms, 2);
}

static const char *key_of(const struct vif *v, const char *key)
{
	int i;

	for (i = 0; i < v->nr_keys; i++)
		if (option(v->keys[i], key))
			return option(v->keys[i], key);
	return NULL;
}

static void write_front(struct xs_handle *xs, xs_transaction_t t, const struct vif *v, const char *mac)
{
	const char *trusted = key_of(v, "trusted");
	const char *mtu = key_of(v, "mtu");

	make_dir(xs, t, v->fe, v->front.id, v->back.id);
	put(xs, t, v->fe, "backend", v->be);
	put_number(xs, t, v->fe, "backend-id", v->back.id);
	put(xs, t, v->fe, "state", "1");
	put_number(xs, t, v->fe, "handle", v->devid);
	put(xs, t, v->fe, "trusted", trusted ? trusted : "1");
	put(xs, t, v->fe, "mac", mac);
	put(xs, t, v->fe, "mtu", mtu ? mtu : "1500");
	if (v->back.id != v->front.id) {
		struct xs_permissions ro[2] = { { .id = v->back.id, .perms = XS_PERM_NONE }, { .id = v->front.id, .perms = XS_PERM_READ } };
		char *path = xprintf("%s/mtu", v->fe);

		xs_set_permissions(xs, t, path, ro, 2);
		free(path);
	}
}

static void write_back(struct xs_handle *xs, xs_transaction_t t, const struct vif *v, const char *dir, const char *mac)
{
	const char *mtu = key_of(v, "mtu");
	const char *bridge = key_of(v, "bridge");
	int i;

	put(xs, t, dir, "frontend", v->fe);
	put_number(xs, t, dir, "frontend-id", v->front.id);
	put(xs, t, dir, "online", "1");
	put(xs, t, dir, "state", "1");
	put(xs, t, dir, "script", v->script ? v->script : "/etc/xen/scripts/vif-bridge");
	put(xs, t, dir, "mac", mac);
	if (mtu && strcmp(mtu, "1500"))
		put(xs, t, dir, "mtu", mtu);
	put(xs, t, dir, "bridge", bridge ? bridge : "xenbr0");
	put_number(xs, t, dir, "handle", v->devid);
	put(xs, t, dir, "type", "vif");
	put(xs, t, dir, "hotplug-status", "");
	for (i = 0; i < v->nr_keys; i++) {
		char *key = xprintf("%.*s", (int)strcspn(v->keys[i], "="), v->keys[i]);

		if (strcmp(key, "mac") && strcmp(key, "mtu") && strcmp(key, "trusted") && strcmp(key, "bridge"))
			put(xs, t, dir, key, option(v->keys[i], key));
		free(key);
	}
}

static int write_all(struct xs_handle *xs, const struct vif *v, const char *mac)
{
	xs_transaction_t t;

	do {
		t = xs_transaction_start(xs);
		if (t == XBT_NULL)
			return -1;
		make_dir(xs, t, v->xl, 0, 0);
		put(xs, t, v->xl, "frontend", v->fe);
		put(xs, t, v->xl, "backend", v->be);
		write_back(xs, t, v, v->xl, mac);
		write_front(xs, t, v, mac);
		make_dir(xs, t, v->be, v->back.id, v->front.id);
		write_back(xs, t, v, v->be, mac);
		if (xs_transaction_end(xs, t, false))
			return 0;
	} while (errno == EAGAIN);
	return -1;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Wait until the backend says @state, or is gone: 0; -1 if it does not in time. */
static int wait_state(struct xs_handle *xs, const struct vif *v, const char *state)
{
	char *path = xprintf("%s/state", v->be);
	struct pollfd p = { .fd = xs_fileno(xs), .events = POLLIN };
	int64_t end = now_ms() + WAIT_MS;
	int done = 0;

	xs_watch(xs, path, "state");
	while (!done) {
		char *now = vif_get(xs, v->be, "state");
		int64_t left = end - now_ms();
		char **w;

		done = !now || !strcmp(now, state);
		free(now);
		if (done || left <= 0 || poll(&p, 1, (int)left) < 0)
			break;
		while ((w = xs_check_watch(xs)))
			free(w);
	}
	xs_unwatch(xs, path, "state");
	free(path);
	return done ? 0 : -1;
}

/* As a process of the backend's domain, as libxl or "xl devd" runs it there. */
static int run_script(const struct vif *v, const char *verb)
{
	unsigned back = 0;
	char *dir = xprintf("--dir=%s", cli_dir);
	char *id = sscanf(v->be, "/local/domain/%u/", &back) == 1 ? xprintf("%u", back) : xprintf("0");
	const char *const argv[] = { "/proc/self/exe", dir, "exec", id, "--", v->script, verb, "type_if=vif", NULL };
	int err;
	char *path = xprintf("backend/vif/%u/%u", v->front.id, v->devid);
	char *name = xprintf("vif%u.%u", v->front.id, v->devid);

	setenv("script", v->script, 1);
	setenv("XENBUS_TYPE", "vif", 1);
	setenv("XENBUS_PATH", path, 1);
	setenv("XENBUS_BASE_PATH", "backend", 1);
	setenv("vif", name, 1);
	free(path);
	free(name);
	err = run_quiet(argv, 0);
	free(dir);
	free(id);
	return err;
}

void vif_paths(struct vif *v)
{
	v->fe = xprintf("/local/domain/%u/device/vif/%u", v->front.id, v->devid);
	v->be = xprintf("/local/domain/%u/backend/vif/%u/%u", v->back.id, v->front.id, v->devid);
	v->xl = xprintf("/libxl/%u/device/vif/%u", v->front.id, v->devid);
}

static void parse(struct vif *v, int argc, char **argv)
{
	int i;

	v->keys = xalloc((size_t)(argc + 1) * sizeof(*v->keys));
	for (i = 0; i < argc; i++) {
		if (option(argv[i], "script"))
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

void vif_attach(struct xs_handle *xs, const struct vif *v)
{
	const struct cli_dom *f = &v->front;
	char *mac = key_of(v, "mac") ? xprintf("%s", key_of(v, "mac")) : xprintf("00:16:3e:%02x:%02x:%02x", f->id >> 8 & 0xff, f->id & 0xff, v->devid & 0xff);

	if (write_all(xs, v, mac) < 0)
		die("attach-vif: xenstore");
	free(mac);
	if (!v->hotplug && !v->script)
		return;
	if (wait_state(xs, v, "2") < 0)
		fail("attach-vif: the backend did not reach InitWait in %d s", WAIT_MS / 1000);
	if (v->script && run_script(v, "online"))
		fail("attach-vif: %s failed", v->script);
	if (v->hotplug)
		put(xs, XBT_NULL, v->be, "hotplug-status", "connected");
}

int cmd_attach(int argc, char **argv)
{
	struct vif v = { 0 };
	struct xs_handle *xs;

	cli_lookup(argv[1], &v.back);
	cli_lookup(argv[2], &v.front);
	parse(&v, argc - 3, argv + 3);
	vif_paths(&v);
	xs = vif_store();
	vif_attach(xs, &v);
	xs_close(xs);
	return 0;
}

/* As libxl does: remove a path, then the parents that this leaves empty. */
static void remove_path(struct xs_handle *xs, xs_transaction_t t, const char *path)
{
	char *at = xprintf("%s", path);
	char *slash;

	xs_rm(xs, t, at);
	while ((slash = strrchr(at, '/')) && slash != at) {
		unsigned n = 1;

		*slash = '\0';
		free(xs_directory(xs, t, at, &n));
		if (n || !xs_rm(xs, t, at))
			break;
	}
	free(at);
}

static void remove_all(struct xs_handle *xs, const struct vif *v)
{
	xs_transaction_t t;

	do {
		t = xs_transaction_start(xs);
		if (t == XBT_NULL)
			die("detach-vif: xenstore");
		remove_path(xs, t, v->fe);
		remove_path(xs, t, v->xl);
		remove_path(xs, t, v->be);
		if (xs_transaction_end(xs, t, false))
			return;
	} while (errno == EAGAIN);
	die("detach-vif: xenstore");
}

void vif_detach(struct xs_handle *xs, struct vif *v)
{
	char *be = vif_get(xs, v->xl, "backend");

	if (!be)
		fail("detach-vif: %s has no vif %u", v->front.name, v->devid);
	v->be = be;
	if (v->dead)
		xs_rm(xs, XBT_NULL, v->fe); /* libxl's way to tell the backend */
	if (!v->force) {
		put(xs, XBT_NULL, v->be, "online", "0");
		put(xs, XBT_NULL, v->be, "state", "5");
		if (wait_state(xs, v, "6") < 0)
			fprintf(stderr, "xensim: the backend of %s did not close in %d s: forced\n", v->fe, WAIT_MS / 1000);
	}
	if (v->script)
		run_script(v, "offline");
	remove_all(xs, v);
}

int cmd_detach(int argc, char **argv)
{
	struct vif v = { 0 };
	struct xs_handle *xs;

	cli_lookup(argv[1], &v.front);
	parse(&v, argc - 2, argv + 2);
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
	char freeze[] = "freeze";
	char *words[] = { freeze, argv[1] };
	char **devs;
	char *path;
	char *text;
	unsigned n;
	unsigned i;

	cli_lookup(argv[1], &v.front);
	parse(&v, argc - 2, argv + 2);
	if (!v.front.id)
		fail("destroy: not for dom0");
	cli_ask(words, 2, &text);
	free(text);
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
	cli_ask(argv, 2, &text);
	free(text);
	return 0;
}
