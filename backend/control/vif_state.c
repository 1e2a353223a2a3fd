/* SPDX-License-Identifier: MIT */
/* vif_state.c - writes the key state of vif_state.h */
#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/xenbus.h"
#include "common/wire/handshake.h"
#include "backend.h"
#include "vif_state.h"

void vif_set_state(struct vif *v, enum xenbus_state state)
{
	int err = xenbus_write_state(v->daemon->store, v->be_path, state);

	v->untold = err != 0;
	if (err && !store_lost(v->daemon->store))
		log_warn_in(&v->settings.log, "cannot write the key state vif=%s error=\"%s\"", v->name, errtext(ERRTEXT_STORE, err));
	v->state = state;
	log_debug("state vif=%s ours=%s", v->name, hs_state_name(state));
}
