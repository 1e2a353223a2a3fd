/* SPDX-License-Identifier: MIT */
/* vif.c - the state machine of one VIF: xenbus states, TAP, connection
 *
 * Theory of operation. vif_run() is the one serial state machine of a VIF: it
 * reads both directories, asks the handshake table for a step, does it, and
 * asks again. Nothing else changes a VIF's state.
 *
 * A VIF outlives the daemon. Its TAP is persistent; its rings are in the guest's
 * memory and say where to go on (rsp_prod). So a daemon that finds both ends
 * Connected attaches again, and the frontend notices nothing. Which device the
 * TAP is after somebody renamed or moved it is in its state file (tapstate.h),
 * what the guest set is in saved.h's.
 */
#include <errno.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/tap.h"
#include "common/host/xenbus.h"
#include "common/wire/handshake.h"
#include "backend.h"
#include "life.h"
#include "look.h"
#include "refuse.h"
#include "takeover.h"
#include "vif_connect.h"
#include "vif_conf.h"
#include "vif_port.h"
#include "vif_settings.h"
#include "vif_state.h"
#include "vif_tap.h"

/* More steps in a row than any path of the table has. */
#define STEPS_MAX 8

/* Steps of one VIF between two ticks: bounds what a guest costs that changes its
 * state for ever. No driver comes near. */
#define MOVES_MAX 200u

/* Reads what a frontend may change while it is up. */
static void vif_reconfigure(struct vif *v)
{
	int err = vif_headroom_read(v);
	struct reason why;

	if (store_is_unknown(err)) {
		vif_look_again(v, err);
	} else if (err) {
		reason_key(&why, "frontend key", "xdp-headroom", err);
		vif_refuse(v, &why);
	}
}

/* --- steps --------------------------------------------------------------- */

static void vif_offer(struct vif *v)
{
	enum xenbus_state now;
	int err;

	if (v->broken.what) {
		vif_refuse(v, &v->broken);
		return;
	}
	if (!vif_claim_device(v))
		return;
	err = vif_error_settle(v);
	if (!err)
		err = vif_conf_publish(v->daemon->store, v->be_path, &v->daemon->policy, vif_tap_header(v));
	if (err == -ENOENT && !xenbus_read_state(v->daemon->store, v->be_path, &now) && now == XenbusStateUnknown)
		return;		/* removed meanwhile: the next look finds out */
	if (err == -ENOTCONN) {
		vif_look_again(v, err);
		return;
	}
	if (err) {
		vif_refuse(v, &(struct reason){ .what = "cannot publish features", .of = ERRTEXT_STORE, .err = err });
		return;
	}
	v->state = XenbusStateInitWait;
}

static void vif_remove(struct vif *v)
{
	enum xenbus_state now;

	if (!vif_disconnect(v))
		return;
	/* A toolstack that detaches a closed VIF has written Closing over the state
	 * and waits for our answer. */
	if (!xenbus_read_state(v->daemon->store, v->be_path, &now) && now == XenbusStateClosing)
		vif_set_state(v, XenbusStateClosed);
	if (vif_hotplug_offline(v))
		return;
	vif_tap_remove(v);
	vif_hotplug_clear(v);
	v->gone = true;
	log_info("removed vif=%s", v->name);
}

static void vif_take_step(struct vif *v, enum hs_back_step step)
{
	switch (step) {
	case HS_BACK_STAY:
		break;
	case HS_BACK_RESET:
		if (vif_disconnect(v))
			vif_offer(v);
		break;
	case HS_BACK_OFFER:
		vif_offer(v);
		break;
	case HS_BACK_CONNECT:
		vif_connect_frontend(v);
		break;
	case HS_BACK_RECONFIGURE:
		vif_reconfigure(v);
		/* What the frontend was promised is in force before it hears of it. */
		if (!v->refused && !v->look_again && attach_settings(&v->attach))
			vif_set_state(v, XenbusStateReconfigured);
		break;
	case HS_BACK_GO_ON:
		if (!attach_settings(&v->attach))
			break;
		vif_headroom_settle(v);
		vif_set_state(v, XenbusStateConnected);
		break;
	case HS_BACK_CLOSING:
		if (vif_disconnect(v))
			vif_set_state(v, XenbusStateClosing);
		break;
	case HS_BACK_CLOSED:
		if (vif_disconnect(v))
			vif_set_state(v, XenbusStateClosed);
		break;
	case HS_BACK_REMOVE:
		vif_remove(v);
		break;
	}
}

/* --- what happens besides ------------------------------------------------ */

/* Takes the VIF over from the kernel, which may have claimed it since the last look. */
static void vif_take_from_kernel(struct vif *v)
{
	enum xenbus_state left;

	v->taken = v->taken || (v->daemon->take_over && vif_take_over(v) > 0);
	if (!v->taken || !vif_disconnect(v))
		return;
	v->taken = false;
	/* One that leaves its state and rings as they are (Linux 5.6) is followed as a netbackd is. */
	if (!xenbus_read_state(v->daemon->store, v->be_path, &left) && left == XenbusStateConnected)
		v->state = left;
	else
		vif_set_state(v, XenbusStateInitialising);
}

static void vif_drop(struct vif *v, bool remade)
{
	if (!vif_disconnect(v))
		return;
	vif_hotplug_abandon(v);
	vif_tap_remove(v);
	v->gone = true;
	v->remade = remade;
	log_info("removed vif=%s reason=\"directory %s\"", v->name, remade ? "made anew" : "gone");
}

/* If somebody has deleted the device: the same rings go on with a new one. */
static void vif_replace_device(struct vif *v)
{
	/* That of another port is not ours: it is waited for. */
	if ((!vif_port_is_lost(v) && !vif_tap_is_lost(v)) || !vif_disconnect(v) || !vif_tap_is_lost(v))
		return;
	vif_tap_forget(v);
	/* While connected the connection opens it. */
	if (v->state == XenbusStateInitWait && vif_claim_device(v))
		vif_error_settle_or_log(v);
}

/* Returns true if xenstore cannot be read, or the VIF took too many steps. */
static bool vif_is_put_off(struct vif *v)
{
	if (store_lost(v->daemon->store))
		return true;		/* all are looked at once it is back */
	if (v->attach.state == ATTACH_STOPPING)
		return true;		/* it is looked at once its end is heard of */
	if (v->moves < MOVES_MAX)
		return false;
	v->dirty = true;		/* for the next tick */
	return true;
}

/* Returns true if the connection cannot go on, with the reason in why. A worker without
 * a device faults as well, so that it was deleted is looked for after the fault was seen. */
static bool vif_has_fault(struct vif *v, struct reason *why)
{
	bool fault = v->serving && attach_faulted(&v->attach, why);

	vif_replace_device(v);
	return v->serving && v->attach.state == ATTACH_UP && fault;
}

/* If the data process ended the rings go on with another one, and the frontend notices nothing. */
static void vif_note_loss(struct vif *v)
{
	if (attach_lost(&v->attach))
		v->serving = false;
}

void vif_run(struct vif *v)
{
	struct reason why;
	bool fault;

	if (vif_is_put_off(v))
		return;
	v->look_again = false;
	if (!vif_find_served(v))
		return;
	vif_note_loss(v);
	vif_take_from_kernel(v);
	if (vif_life_begin(v))
		vif_tap_remove(v);
	fault = vif_has_fault(v, &why);
	if (v->attach.state == ATTACH_STOPPING)
		return;
	if (v->serving) {
		vif_port_look(v);
		vif_settings_read(v);
		attach_settings(&v->attach);
	}
	if (fault && !v->refused)
		vif_refuse(v, &why);
	for (int i = 0; i < STEPS_MAX && !v->gone; i++) {
		struct hs_back_view view;
		enum hs_back_step step;
		int err = vif_look(v, &view);

		/* A xenstored that fails must not look like a toolstack that removes,
		 * nor one that has lost what it knew. */
		if (err == -ENOENT && v->unlisted && !v->daemon->closing)
			return;
		if (err == -ENOENT || err == -ESTALE)
			vif_drop(v, err == -ESTALE);
		else if (store_is_unknown(err))
			vif_look_again(v, err);
		if (err)
			return;
		v->unlisted = false;
		if (v->untold)
			vif_set_state(v, v->state);
		if (view.theirs != v->seen) {
			log_debug("state vif=%s theirs=%s", v->name, hs_state_name(view.theirs));
			v->seen = view.theirs;
			/* A fault outlasts every move of theirs but a new start. */
			v->refused = vif_has_fault(v, &why) && view.theirs != XenbusStateInitialising;
			attach_forget(&v->attach, view.theirs == XenbusStateInitialising);
		}
		/* After the look: what was written before its state is seen now. */
		if (v->state == XenbusStateReconfigured && v->serving)
			vif_reconfigure(v);
		view.refused = v->refused;
		view.unserved = !v->serving;
		step = hs_back_next(&view);
		if (vif_is_starting(v, step == HS_BACK_CONNECT))
			return;
		if (step == HS_BACK_STAY && !(vif_hotplug_is_due(v, &view) && vif_claim_device(v) && vif_hotplug_online(v)))
			return;
		v->moves++;
		vif_take_step(v, step);
		vif_replace_device(v);
		if (v->look_again || v->attach.state == ATTACH_STOPPING || !attach_settings(&v->attach) || (step == HS_BACK_REMOVE && !v->gone))
			return;
	}
}
