/* SPDX-License-Identifier: MIT */
/* look.c - what xenstore says of a VIF */
#include "common/host/store_ahead.h"
#include "common/host/xenbus.h"
#include "common/wire/handshake.h"
#include "backend.h"
#include "look.h"
#include "vif_hotplug.h"

static int look_read(struct vif *v, struct hs_back_view *view)
{
	struct store *s = v->daemon->store;
	enum xenbus_state theirs;
	char text[STORE_VALUE_MAX];
	uint32_t online, state;
	int err;

	err = store_read_u32(s, &state, v->be_path, "state");
	if (err)
		return err;
	/* Only a toolstack writes that over a state of ours, into a new directory. */
	if (state == XenbusStateInitialising && v->state != XenbusStateInitialising)
		return -ESTALE;
	err = store_read_u32(s, &online, v->be_path, "online");
	if (store_is_unknown(err))
		return err;
	if (err)
		online = 0;
	err = xenbus_read_state(s, v->fe_path, &theirs);
	if (err)
		return err;
	err = store_read(s, text, sizeof(text), v->be_path, "hotplug-status");
	if (store_is_unknown(err))
		return err;
	*view = (struct hs_back_view){
		.ours = v->state,
		.theirs = theirs,
		.online = online,
		.closing = v->daemon->closing,
		.tables_lost = v->tables_lost,
		.hotplug = vif_hotplug_allows(v, err, text),
	};
	return 0;
}

int vif_look(struct vif *v, struct hs_back_view *view)
{
	const struct store_key keys[] = {
		{ v->be_path, "state" }, { v->be_path, "online" }, { v->fe_path, "state" }, { v->be_path, "hotplug-status" },
	};
	int err;

	store_ahead(v->daemon->store, keys, ARRAY_SIZE(keys));
	err = look_read(v, view);
	store_ahead_end(v->daemon->store);
	return err;
}
