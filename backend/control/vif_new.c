/* SPDX-License-Identifier: MIT */
/* vif_new.c - a VIF that was found in xenstore, until it is freed */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/errtext.h"
#include "common/host/xenbus.h"
#include "common/host/store_ahead.h"
#include "common/wire/handshake.h"
#include "common/base/log.h"
#include "common/wire/parse.h"
#include "backend.h"
#include "vif_hotplug.h"
#include "vif_new.h"
#include "vif_settings.h"

/* Reads which guest it is, as far as we may: its name, and the vm of its domain, which is "/vm/UUID".
 * Returns 0, or -errno if xenstored failed. */
static int vif_new_read_domain(struct vif *v)
{
	char dir[32], text[STORE_VALUE_MAX];
	const char *uuid;
	size_t len;
	int err;

	snprintf(dir, sizeof(dir), "/local/domain/%u", v->peer.raw);
	if (store_read(v->daemon->store, v->guest, sizeof(v->guest), dir, "name"))
		v->guest[0] = '\0';
	err = store_read(v->daemon->store, text, sizeof(text), dir, "vm");
	if (err)
		return store_is_unknown(err) ? err : 0;
	if (strncmp(text, "/vm/", 4) != 0)
		return 0;
	uuid = text + 4;
	len = strspn(uuid, "0123456789abcdefABCDEF-");
	if (len < sizeof(v->domain) && uuid[len] == '\0')
		memcpy(v->domain, uuid, len + 1);
	return 0;
}

/* Reads the backend's own handle, which the device is named after, and mac;
 * what makes no sense rules the VIF out. Returns 0, or -errno if xenstored failed. */
static int vif_new_read_config(struct vif *v)
{
	struct store *s = v->daemon->store;
	char text[STORE_VALUE_MAX];
	uint32_t handle;
	uint8_t mac[6];
	int err;

	err = store_read_u32_or(s, &handle, v->be_path, "handle", v->devid);
	if (store_is_unknown(err))
		return err;
	if (err) {
		reason_key(&v->broken, "backend key", "handle", err);
		handle = v->devid;
	}
	err = store_read(s, text, sizeof(text), v->be_path, "mac");
	if (store_is_unknown(err))
		return err;
	if (err != -ENOENT && (err || !parse_mac(mac, text)))
		reason_key(&v->broken, "backend key", "mac", -EINVAL);
	else if (!err)
		snprintf(v->mac, sizeof(v->mac), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	if (snprintf(v->name, sizeof(v->name), "vif%u.%u", v->peer.raw, handle) >= (int)sizeof(v->name))
		v->broken = (struct reason){ .what = "backend key handle is too large for a device's name" };
	return vif_new_read_domain(v);
}

/* Reads at once what the functions below look at. */
static void vif_new_ahead(struct vif *v)
{
	char dir[32];
	const struct store_key keys[] = {
		{ v->be_path, "online" }, { v->be_path, "state" }, { v->be_path, "frontend" }, { v->be_path, "frontend-id" },
		{ v->be_path, "handle" }, { v->be_path, "mac" }, { dir, "name" }, { dir, "vm" },
	};

	snprintf(dir, sizeof(dir), "/local/domain/%u", v->peer.raw);
	store_ahead(v->daemon->store, keys, ARRAY_SIZE(keys));
}

/* Reads what never changes about a VIF. Returns 0; -ENOENT: there is nothing
 * to serve; other -errno: xenstored failed. */
static int vif_new_read_identity(struct vif *v)
{
	struct store *s = v->daemon->store;
	uint32_t online, id;
	int err;

	err = store_read_u32(s, &online, v->be_path, "online");
	if (store_is_unknown(err))
		return err;
	if (err)
		online = 0;
	err = xenbus_read_state(s, v->be_path, &v->state);
	if (err)
		return err;
	if (v->state == XenbusStateUnknown || (!online && v->state == XenbusStateClosed && !vif_hotplug_left(v->daemon, v->be_path)))
		return -ENOENT;
	err = store_read(s, v->fe_path, sizeof(v->fe_path), v->be_path, "frontend");
	if (!err)
		err = store_read_u32(s, &id, v->be_path, "frontend-id");
	if (err)
		return store_is_unknown(err) ? err : -ENOENT;
	if (v->fe_path[0] != '/' || id != v->peer.raw)
		return -ENOENT;
	return vif_new_read_config(v);
}

/* Sets the watches that a VIF has all its life. Returns 0, or -errno with none set. */
static int vif_new_watch_frontend(struct vif *v)
{
	char path[STORE_PATH_MAX + 8];
	int err;

	snprintf(path, sizeof(path), "%s/state", v->fe_path);
	err = store_watch(v->daemon->store, path, v->token);
	if (err)
		return err;
	err = vif_settings_watch(v);
	if (err)
		store_unwatch(v->daemon->store, path, v->token);
	return err;
}

struct vif *vif_new(struct backend *d, struct domid peer, uint32_t devid)
{
	struct vif *v;
	int err;

	if (d->closing)
		return NULL;
	v = calloc(1, sizeof(*v));
	if (!v)
		return NULL;
	v->daemon = d;
	v->peer = peer;
	v->devid = devid;
	v->tap_fd = -1;
	vif_vhost_init(&v->port.vhost);
	vif_macvtap_init(&v->port.macvtap);
	v->link = (struct taplink){ .what = "vif", .link_fd = d->link_fd };
	v->settings.limited = d->policy.limited;
	snprintf(v->be_path, sizeof(v->be_path), "backend/vif/%u/%u", peer.raw, devid);
	snprintf(v->token, sizeof(v->token), "%u/%u", peer.raw, devid);
	vif_new_ahead(v);
	err = vif_new_read_identity(v);
	store_ahead_end(d->store);
	if (err) {
		d->look_again = d->look_again || err != -ENOENT;
		free(v);
		return NULL;
	}
	err = vif_new_watch_frontend(v);
	if (err) {
		if (!store_lost(d->store))
			log_error("cannot watch the frontend vif=%s path=%s error=\"%s\"", v->name, v->fe_path, errtext(ERRTEXT_STORE, err));
		d->look_again = true;
		free(v);
		return NULL;
	}
	log_info("found vif=%s state=%s", v->name, hs_state_name(v->state));
	return v;
}

void vif_free(struct vif *v)
{
	char path[STORE_PATH_MAX + 8];

	vif_vhost_close(v);
	attach_free(&v->attach);
	vif_counters_free(&v->counters);
	vif_port_close(v);
	(void)!vif_macvtap_is_other(v);
	if (v->tap_fd >= 0)
		close(v->tap_fd);
	snprintf(path, sizeof(path), "%s/state", v->fe_path);
	store_unwatch(v->daemon->store, path, v->token);
	vif_settings_unwatch(v);
	vif_headroom_settle(v);
	free(v);
}
