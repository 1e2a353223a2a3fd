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
#include "vif_conf.h"
#include "vif_fds.h"
#include "vif_settings.h"
#include "vif_tap.h"

/* More steps in a row than any path of the table has. */
#define STEPS_MAX 8

/* Steps of one VIF between two ticks: bounds what a guest costs that changes its
 * state for ever. No driver comes near. */
#define MOVES_MAX 200u

static struct store *vif_store_of(const struct vif *v)
{
	return v->daemon->store;
}

static void vif_set_state(struct vif *v, enum xenbus_state state)
{
	int err = xenbus_write_state(vif_store_of(v), v->be_path, state);

	v->untold = err != 0;
	if (err && !store_lost(vif_store_of(v)))
		log_warn_in(&v->settings.log, "cannot write the key state vif=%s error=\"%s\"", v->name, errtext(ERRTEXT_STORE, err));
	v->state = state;
	log_debug("state vif=%s ours=%s", v->name, hs_state_name(state));
}

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

/* Opens the device, or refuses the VIF and returns false. */
static bool vif_claim_device(struct vif *v)
{
	const struct vif *rival = vif_rival(v);
	struct reason why = { .what = "the guest's VIF" };

	v->waits = rival != NULL;
	if (rival) {
		reason_about(&why, "%u has the same handle, and so the device %s: each VIF needs a handle of its own",
			     rival->devid, v->name);
		vif_refuse(v, &why);
		return false;
	}
	if (!reason_fail(&why, hs_back_is_up(v->state) ? "cannot open device" : "cannot create device", ERRTEXT_TAP, vif_tap_open(v)))
		return true;
	reason_about(&why, "%s", v->name);
	vif_refuse(v, &why);
	return false;
}

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
		err = vif_conf_publish(vif_store_of(v), v->be_path, &v->daemon->policy);
	if (err == -ENOENT && !xenbus_read_state(vif_store_of(v), v->be_path, &now) && now == XenbusStateUnknown)
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

/* Returns how many queues the frontend may have. What an earlier daemon agreed
 * to stands, whatever --max-queues says now: it is what we published then. */
static uint32_t vif_queues_allowed(const struct vif *v)
{
	uint32_t max;

	if (!hs_back_is_up(v->state) || store_read_u32(vif_store_of(v), &max, v->be_path, "multi-queue-max-queues"))
		return v->daemon->policy.max_queues;
	return max < VIF_QUEUES_MAX ? max : VIF_QUEUES_MAX;
}

/* Refuses the VIF, unless its device was deleted at this moment: the next step
 * has another. */
static void vif_refuse_unless_lost(struct vif *v, const struct reason *why)
{
	if (!vif_tap_is_lost(v))
		vif_refuse(v, why);
}

static void vif_connect_frontend(struct vif *v)
{
	bool adopt = hs_back_is_up(v->state);
	struct vif_conn_params params = { .peer = v->peer, .name = v->name,
				   .control_fd = v->daemon->control_fd, .adopt = adopt,
				   .hold_ms = v->daemon->policy.hold_ms, .stall_ms = v->daemon->policy.stall_ms,
				   .quota = v->daemon->quota, .settings = &v->settings, .counters = &v->counters };
	struct vif_conf conf;
	struct vif_fds fds;
	struct reason why;
	unsigned int old;
	int err;

	if (!vif_claim_device(v))
		return;
	err = vif_conf_read(&conf, vif_store_of(v), v->fe_path, vif_queues_allowed(v), &why);
	if (store_is_unknown(err))
		vif_look_again(v, err);
	else if (err)
		vif_refuse(v, &why);
	if (err)
		return;
	if (vif_conf_fills(&v->daemon->policy, vif_store_of(v), v->be_path))
		conf.peer.csum4 = conf.peer.csum6 = false;
	if (reason_fail(&why, "cannot set the device's offloads", ERRTEXT_TAP, vif_tap_fit(v, &conf))) {
		vif_refuse_unless_lost(v, &why);
		return;
	}
	/* What is queued was for another frontend, or for an earlier life of this one. */
	if (!adopt && (old = tap_flush(v->tap_fd)) != 0)
		log_debug("dropped what was queued before vif=%s frames=%u", v->name, old);
	vif_settings_read(v);
	if (v->tables_lost && (conf.ctrl || atomic_load(&v->settings.filter))) {
		v->tables_lost = false;
		vif_refuse(v, &(struct reason){ .what = "what the frontend told an earlier backend is lost: it has to connect anew" });
		return;
	}
	v->tables_lost = false;
	/* What was read last may be defaults, as nothing could be read. */
	if (store_lost(vif_store_of(v))) {
		vif_look_again(v, -ENOTCONN);
		return;
	}
	vif_headroom_set(v, conf.headroom);
	vif_fds_open(&fds, v, vif_tap_workers(v, &conf));
	vif_fds_put(&fds, &params);
	vif_counters_new(&v->counters, conf.queues, fds.workers);
	err = vif_conn_start(&v->conn, &params, &conf, &why);
	vif_fds_close(&fds);
	if (err) {
		vif_refuse_unless_lost(v, &why);
		return;
	}
	vif_tap_carrier(v);
	if (!adopt)
		vif_set_state(v, XenbusStateConnected);
	vif_error_settle_or_log(v);
	log_info_in(&v->settings.log, "%s vif=%s domid=%u channels=%s control=%d sg=%d gso4=%d gso6=%d csum4=%d csum6=%d rx-notify=%d queues=%u workers=%u",
		 adopt ? "adopted" : "connected", v->name, v->peer.raw, vif_conf_channels(&conf),
		 conf.ctrl, conf.peer.sg, conf.peer.gso4, conf.peer.gso6, conf.peer.csum4, conf.peer.csum6,
		 conf.rx_notify, conf.queues, fds.workers);
}

static void vif_disconnect(struct vif *v)
{
	struct stats sum;
	char text[STATS_TEXT_MAX];

	if (!v->conn) {
		vif_tap_carrier(v);
		return;
	}
	vif_conn_stop(v->conn, &sum);
	stats_print(&sum, text, sizeof(text));
	v->conn = NULL;
	vif_tap_carrier(v);
	log_info_in(&v->settings.log, "disconnected vif=%s %s", v->name, text);
}

static void vif_remove(struct vif *v)
{
	enum xenbus_state now;

	vif_disconnect(v);
	/* A toolstack that detaches a closed VIF has written Closing over the state
	 * and waits for our answer. */
	if (!xenbus_read_state(vif_store_of(v), v->be_path, &now) && now == XenbusStateClosing)
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
		vif_disconnect(v);
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
		if (!v->refused && !v->look_again)
			vif_set_state(v, XenbusStateReconfigured);
		break;
	case HS_BACK_GO_ON:
		vif_headroom_settle(v);
		vif_set_state(v, XenbusStateConnected);
		break;
	case HS_BACK_CLOSING:
		vif_disconnect(v);
		vif_set_state(v, XenbusStateClosing);
		break;
	case HS_BACK_CLOSED:
		vif_disconnect(v);
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

	if (!v->daemon->take_over || vif_take_over(v) <= 0)
		return;
	vif_disconnect(v);
	/* One that leaves its state and rings as they are (Linux 5.6) is followed as a netbackd is. */
	if (!xenbus_read_state(vif_store_of(v), v->be_path, &left) && left == XenbusStateConnected)
		v->state = left;
	else
		vif_set_state(v, XenbusStateInitialising);
}

static void vif_drop(struct vif *v, bool remade)
{
	vif_disconnect(v);
	vif_hotplug_abandon(v);
	vif_tap_remove(v);
	v->gone = true;
	v->remade = remade;
	log_info("removed vif=%s reason=\"directory %s\"", v->name, remade ? "made anew" : "gone");
}

/* If somebody has deleted the device: the same rings go on with a new one. */
static void vif_replace_device(struct vif *v)
{
	if (!vif_tap_is_lost(v))
		return;
	vif_disconnect(v);
	vif_tap_forget(v);
	/* While connected the connection opens it. */
	if (v->state == XenbusStateInitWait && vif_claim_device(v))
		vif_error_settle_or_log(v);
}

/* Returns true if xenstore cannot be read, or the VIF took too many steps. */
static bool vif_is_put_off(struct vif *v)
{
	if (store_lost(vif_store_of(v)))
		return true;		/* all are looked at once it is back */
	if (v->moves < MOVES_MAX)
		return false;
	v->dirty = true;		/* for the next tick */
	return true;
}

/* Returns true if the connection cannot go on, with the reason in why. A worker without
 * a device faults as well, so that it was deleted is looked for after the fault was seen. */
static bool vif_has_fault(struct vif *v, struct reason *why)
{
	bool fault = v->conn && vif_conn_faulted(v->conn, why);

	vif_replace_device(v);
	return v->conn && fault;
}

void vif_run(struct vif *v)
{
	struct reason why;
	bool fault;

	if (vif_is_put_off(v))
		return;
	v->look_again = false;
	vif_take_from_kernel(v);
	if (vif_life_begin(v))
		vif_tap_remove(v);
	fault = vif_has_fault(v, &why);
	if (v->conn) {
		vif_tap_look(v);
		vif_settings_read(v);
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
		}
		/* After the look: what was written before its state is seen now. */
		if (v->state == XenbusStateReconfigured && v->conn)
			vif_reconfigure(v);
		view.refused = v->refused;
		view.unserved = v->conn == NULL;
		step = hs_back_next(&view);
		if (step == HS_BACK_STAY && !(vif_hotplug_is_due(v, &view) && vif_claim_device(v) && vif_hotplug_online(v)))
			return;
		v->moves++;
		vif_take_step(v, step);
		vif_replace_device(v);
		if (v->look_again || (step == HS_BACK_REMOVE && !v->gone))
			return;
	}
}
