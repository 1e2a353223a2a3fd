/* SPDX-License-Identifier: MIT */
/* vif.c - the nodes of a VIF, in the order in which libxl writes them */
#include "vif.h"

#include "tools/xensim/base/util.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VIF_WAIT_MS 10000

struct xs_handle *vif_store(void)
{
	struct ask_dom dom0;
	struct xs_handle *xs;
	char *sock;

	ask_lookup("0", &dom0);
	sock = xprintf("%s/xenstored.sock", dom0.dir);
	setenv("XENSTORED_PATH", sock, 1);
	free(sock);
	xs = xs_open(0);
	if (!xs)
		die("xenstore");
	return xs;
}

static void vif_put(struct xs_handle *xs, xs_transaction_t t, const char *dir, const char *key, const char *value)
{
	char *path = xprintf("%s/%s", dir, key);

	xs_write(xs, t, path, value, (unsigned)strlen(value)); /* if it fails, so does the commit */
	free(path);
}

static void vif_put_number(struct xs_handle *xs, xs_transaction_t t, const char *dir, const char *key, uint32_t value)
{
	char buf[16];

	snprintf(buf, sizeof(buf), "%u", value);
	vif_put(xs, t, dir, key, buf);
}

char *vif_get(struct xs_handle *xs, const char *dir, const char *key)
{
	char *path = xprintf("%s/%s", dir, key);
	unsigned len;
	char *v = xs_read(xs, XBT_NULL, path, &len);

	free(path);
	return v;
}

static void vif_make_dir(struct xs_handle *xs, xs_transaction_t t, const char *path, uint32_t owner, uint32_t reader)
{
	struct xs_permissions perms[2] = { { .id = owner, .perms = XS_PERM_NONE }, { .id = reader, .perms = XS_PERM_READ } };

	xs_rm(xs, t, path);
	xs_mkdir(xs, t, path);
	xs_set_permissions(xs, t, path, perms, 2);
}

static const char *vif_key(const struct vif *v, const char *key)
{
	int i;

	for (i = 0; i < v->nr_keys; i++)
		if (option(v->keys[i], key))
			return option(v->keys[i], key);
	return NULL;
}

static void vif_write_front(struct xs_handle *xs, xs_transaction_t t, const struct vif *v, const char *mac)
{
	const char *trusted = vif_key(v, "trusted");
	const char *mtu = vif_key(v, "mtu");

	vif_make_dir(xs, t, v->fe, v->front.id, v->back.id);
	vif_put(xs, t, v->fe, "backend", v->be);
	vif_put_number(xs, t, v->fe, "backend-id", v->back.id);
	vif_put(xs, t, v->fe, "state", "1");
	vif_put_number(xs, t, v->fe, "handle", v->devid);
	vif_put(xs, t, v->fe, "trusted", trusted ? trusted : "1");
	vif_put(xs, t, v->fe, "mac", mac);
	vif_put(xs, t, v->fe, "mtu", mtu ? mtu : "1500");
	if (v->back.id != v->front.id) {
		struct xs_permissions ro[2] = { { .id = v->back.id, .perms = XS_PERM_NONE }, { .id = v->front.id, .perms = XS_PERM_READ } };
		char *path = xprintf("%s/mtu", v->fe);

		xs_set_permissions(xs, t, path, ro, 2);
		free(path);
	}
}

static void vif_write_back(struct xs_handle *xs, xs_transaction_t t, const struct vif *v, const char *dir, const char *mac)
{
	const char *mtu = vif_key(v, "mtu");
	const char *bridge = vif_key(v, "bridge");
	int i;

	vif_put(xs, t, dir, "frontend", v->fe);
	vif_put_number(xs, t, dir, "frontend-id", v->front.id);
	vif_put(xs, t, dir, "online", "1");
	vif_put(xs, t, dir, "state", "1");
	vif_put(xs, t, dir, "script", v->script ? v->script : "/etc/xen/scripts/vif-bridge");
	vif_put(xs, t, dir, "mac", mac);
	if (mtu && strcmp(mtu, "1500"))
		vif_put(xs, t, dir, "mtu", mtu);
	vif_put(xs, t, dir, "bridge", bridge ? bridge : "xenbr0");
	vif_put_number(xs, t, dir, "handle", v->devid);
	vif_put(xs, t, dir, "type", "vif");
	vif_put(xs, t, dir, "hotplug-status", "");
	for (i = 0; i < v->nr_keys; i++) {
		char *key = xprintf("%.*s", (int)strcspn(v->keys[i], "="), v->keys[i]);

		if (strcmp(key, "mac") && strcmp(key, "mtu") && strcmp(key, "trusted") && strcmp(key, "bridge"))
			vif_put(xs, t, dir, key, option(v->keys[i], key));
		free(key);
	}
}

static int vif_write_all(struct xs_handle *xs, const struct vif *v, const char *mac)
{
	xs_transaction_t t;

	do {
		t = xs_transaction_start(xs);
		if (t == XBT_NULL)
			return -1;
		vif_make_dir(xs, t, v->xl, 0, 0);
		vif_put(xs, t, v->xl, "frontend", v->fe);
		vif_put(xs, t, v->xl, "backend", v->be);
		vif_write_back(xs, t, v, v->xl, mac);
		vif_write_front(xs, t, v, mac);
		vif_make_dir(xs, t, v->be, v->back.id, v->front.id);
		vif_write_back(xs, t, v, v->be, mac);
		if (xs_transaction_end(xs, t, false))
			return 0;
	} while (errno == EAGAIN);
	return -1;
}

static int64_t vif_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Waits until the backend's state is state or its node is gone. Returns 0, or -1 after VIF_WAIT_MS. */
static int vif_wait_state(struct xs_handle *xs, const struct vif *v, const char *state)
{
	char *path = xprintf("%s/state", v->be);
	struct pollfd p = { .fd = xs_fileno(xs), .events = POLLIN };
	int64_t end = vif_now_ms() + VIF_WAIT_MS;
	int done = 0;

	xs_watch(xs, path, "state");
	while (!done) {
		char *now = vif_get(xs, v->be, "state");
		int64_t left = end - vif_now_ms();
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

/* Runs the hotplug script in the backend's domain, where libxl or "xl devd" runs it. */
static int vif_run_script(const struct vif *v, const char *verb)
{
	unsigned back = 0;
	char *dir = xprintf("--dir=%s", ask_dir());
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
	err = run_command(argv, RUN_SHOW);
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

void vif_attach(struct xs_handle *xs, const struct vif *v)
{
	const struct ask_dom *f = &v->front;
	char *mac = vif_key(v, "mac") ? xprintf("%s", vif_key(v, "mac")) : xprintf("00:16:3e:%02x:%02x:%02x", f->id >> 8 & 0xff, f->id & 0xff, v->devid & 0xff);

	if (vif_write_all(xs, v, mac) < 0)
		die("attach-vif: xenstore");
	free(mac);
	if (!v->hotplug && !v->script)
		return;
	if (vif_wait_state(xs, v, "2") < 0)
		fail("attach-vif: the backend did not reach InitWait in %d s", VIF_WAIT_MS / 1000);
	if (v->script && vif_run_script(v, "online"))
		fail("attach-vif: %s failed", v->script);
	if (v->hotplug)
		vif_put(xs, XBT_NULL, v->be, "hotplug-status", "connected");
}

/* Removes a path, then the parents that this leaves empty, as libxl does. */
static void vif_remove_path(struct xs_handle *xs, xs_transaction_t t, const char *path)
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

static void vif_remove_all(struct xs_handle *xs, const struct vif *v)
{
	xs_transaction_t t;

	do {
		t = xs_transaction_start(xs);
		if (t == XBT_NULL)
			die("detach-vif: xenstore");
		vif_remove_path(xs, t, v->fe);
		vif_remove_path(xs, t, v->xl);
		vif_remove_path(xs, t, v->be);
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
		xs_rm(xs, XBT_NULL, v->fe); /* so libxl tells the backend that the guest is dead */
	if (!v->force) {
		vif_put(xs, XBT_NULL, v->be, "online", "0");
		vif_put(xs, XBT_NULL, v->be, "state", "5");
		if (vif_wait_state(xs, v, "6") < 0)
			fprintf(stderr, "xensim: the backend of %s did not close in %d s: forced\n", v->fe, VIF_WAIT_MS / 1000);
	}
	if (v->script)
		vif_run_script(v, "offline");
	vif_remove_all(xs, v);
}
