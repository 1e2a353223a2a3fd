/* SPDX-License-Identifier: MIT */
/* headroom.c - xdp-headroom: read at connect, and whenever the frontend reconfigures itself
 *
 * By the rules of Linux's netif.h; the key is the frontend's to change while it
 * is in Reconfiguring. But Linux's netfront goes there first and writes the key
 * then, so reading it once would be a race: it is watched until the frontend
 * has gone on. Only so long, as a driver domain has few watches.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../common/errtext.h"
#include "../common/log.h"
#include "backend.h"

#define KEY "xdp-headroom"

uint16_t vif_live_headroom(const struct vif_live *live)
{
	return atomic_load_explicit(&live->headroom, memory_order_relaxed);
}

void vif_headroom_set(struct vif *v, uint32_t wanted)
{
	uint16_t given = (uint16_t)min_size(wanted, PKT_HEADROOM_MAX);

	if (atomic_exchange(&v->live.headroom, given) == given)
		return;
	/* As Linux lowers what is more than it has; each packet tells what it got. */
	if (given < wanted)
		log_warn_in(&v->live.log, "xdp headroom vif=%s bytes=%u wanted=%u", v->name, given, wanted);
	else
		log_info_in(&v->live.log, "xdp headroom vif=%s bytes=%u", v->name, given);
}

static void path_of(const struct vif *v, char *path, size_t len)
{
	snprintf(path, len, "%s/" KEY, v->fe_path);
}

int vif_headroom_read(struct vif *v)
{
	char path[STORE_PATH_MAX + 16];
	uint32_t wanted = 0;
	int err = 0;

	path_of(v, path, sizeof(path));
	if (!v->reconfiguring) {
		err = store_watch(v->daemon->store, path, v->token);
		v->reconfiguring = !err;
	}
	if (err)
		log_warn_in(&v->live.log, "cannot watch the frontend vif=%s path=%s error=\"%s\"", v->name, path, errtext(ERRTEXT_STORE, -err));
	err = store_read_u32_or(v->daemon->store, &wanted, v->fe_path, KEY, 0);
	if (!err)
		vif_headroom_set(v, wanted);
	return err;
}

void vif_headroom_settle(struct vif *v)
{
	char path[STORE_PATH_MAX + 16];

	if (!v->reconfiguring)
		return;
	path_of(v, path, sizeof(path));
	store_unwatch(v->daemon->store, path, v->token);
	v->reconfiguring = false;
}
