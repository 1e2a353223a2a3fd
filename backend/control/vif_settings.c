/* SPDX-License-Identifier: MIT */
/* vif_settings.c - keys that are watched while connected, and what workers see of them
 *
 * rate and request-multicast-control are read whenever the VIF is looked at.
 * xdp-headroom follows Xen's netif.h: the frontend changes it only while it is
 * in Reconfiguring. But Linux's netfront goes there first and writes the key
 * then, so one read would be a race: the key is watched until the frontend has
 * left that state. Not longer, as xenstored lets a driver domain have few watches.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/base/clock.h"
#include "common/host/store_ahead.h"
#include "backend.h"
#include "vif_settings.h"

#define KEY_MULTICAST "request-multicast-control"
#define KEY_HEADROOM "xdp-headroom"

/* Sets the rate if the key has changed. A value that is not "bytes,usecs" is no
 * limit, as with Linux netback; it is logged. */
static void vif_settings_read_rate(struct vif *v)
{
	char text[STORE_VALUE_MAX] = "";
	struct credit_rate rate = { 0, 0 };
	int err = store_read(v->daemon->store, text, sizeof(text), v->be_path, "rate");

	if (err == -ENOENT)
		text[0] = '\0';
	else if (err == -EINVAL)
		snprintf(text, sizeof(text), "no text");
	else if (err)
		return;		/* xenstored is lost, not the key */
	if (strcmp(text, v->rate) == 0)
		return;
	snprintf(v->rate, sizeof(v->rate), "%s", text);
	if (err != -ENOENT && credit_parse(&rate, text))
		log_error_in(&v->settings.log, "backend key rate is not bytes,usecs: no limit vif=%s rate=\"%s\"", v->name, text);
	else
		log_info_in(&v->settings.log, "rate vif=%s bytes=%llu usecs=%llu", v->name, (unsigned long long)rate.bytes,
			 (unsigned long long)rate.usecs);
	v->settings.rate = rate;
	credit_set(&v->settings.credit, &rate, now_us());
}

void vif_settings_read(struct vif *v)
{
	const struct store_key keys[] = { { v->be_path, "rate" }, { v->fe_path, KEY_MULTICAST } };
	uint32_t on;
	bool was;

	store_ahead(v->daemon->store, keys, ARRAY_SIZE(keys));
	vif_settings_read_rate(v);
	/* A value that is no number filters nothing: no frame is lost for it. */
	if (store_read_u32_or(v->daemon->store, &on, v->fe_path, KEY_MULTICAST, 0))
		on = 0;
	store_ahead_end(v->daemon->store);
	was = atomic_exchange(&v->settings.filter, on != 0);
	if (was != (on != 0))
		log_debug("multicast filter vif=%s on=%d", v->name, on != 0);
}

int vif_settings_watch(struct vif *v)
{
	char path[STORE_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/" KEY_MULTICAST, v->fe_path);
	return store_watch(v->daemon->store, path, v->token);
}

void vif_settings_unwatch(struct vif *v)
{
	char path[STORE_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/" KEY_MULTICAST, v->fe_path);
	store_unwatch(v->daemon->store, path, v->token);
}

void vif_headroom_set(struct vif *v, uint32_t wanted)
{
	uint16_t given = (uint16_t)min_size(wanted, PKT_HEADROOM_MAX);

	if (atomic_exchange(&v->settings.headroom, given) == given)
		return;
	/* As Linux lowers what is more than it has; each packet tells what it got. */
	if (given < wanted)
		log_warn_in(&v->settings.log, "xdp headroom is less than the frontend wants vif=%s bytes=%u wanted=%u", v->name, given, wanted);
	else
		log_info_in(&v->settings.log, "xdp headroom vif=%s bytes=%u", v->name, given);
}

static void vif_settings_headroom_path(const struct vif *v, char *path, size_t len)
{
	snprintf(path, len, "%s/" KEY_HEADROOM, v->fe_path);
}

int vif_headroom_read(struct vif *v)
{
	char path[STORE_PATH_MAX + 16];
	uint32_t wanted = 0;
	int err = 0;

	vif_settings_headroom_path(v, path, sizeof(path));
	if (!v->reconfiguring) {
		err = store_watch(v->daemon->store, path, v->token);
		v->reconfiguring = !err;
	}
	if (err && !store_lost(v->daemon->store))
		log_warn_in(&v->settings.log, "cannot watch the frontend vif=%s path=%s error=\"%s\"", v->name, path, errtext(ERRTEXT_STORE, err));
	err = store_read_u32_or(v->daemon->store, &wanted, v->fe_path, KEY_HEADROOM, 0);
	if (!err)
		vif_headroom_set(v, wanted);
	return err;
}

void vif_headroom_settle(struct vif *v)
{
	char path[STORE_PATH_MAX + 16];

	if (!v->reconfiguring)
		return;
	vif_settings_headroom_path(v, path, sizeof(path));
	store_unwatch(v->daemon->store, path, v->token);
	v->reconfiguring = false;
}
