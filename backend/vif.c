/* SPDX-License-Identifier: MIT */
/* vif.c - the life of one interface: xenbus states, TAP, connection
 *
 * Theory of operation. vif_run() is the one serial state machine of a VIF: it
 * reads both directories, asks the handshake table for a step, does it, and
 * asks again. Nothing else changes a VIF's state.
 *
 * A VIF outlives the daemon. Its TAP is persistent, its rings are the guest's
 * memory and say themselves where to go on (rsp_prod): so a daemon that finds
 * both ends Connected attaches again without a word to the frontend. The one
 * thing only we know, which device the TAP is after somebody renamed or moved
 * it, is in its state file (tapstate.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/errtext.h"
#include "../common/handshake.h"
#include "../common/log.h"
#include "../common/tap.h"
#include "backend.h"
#include "takeover.h"

/* More steps in a row than any path of the table has. */
#define STEPS_MAX 8

/* Steps of one VIF between two ticks: a guest that moves its state for ever
 * moves us no faster. No driver comes near. */
#define MOVES_MAX 200u

static struct store *store_of(const struct vif *v)
{
	return v->daemon->store;
}

static void set_state(struct vif *v, enum xenbus_state state)
{
	const char text[] = { (char)('0' + state), '\0' };
	int err = store_write_live(store_of(v), v->be_path, "state", text);

	v->untold = err && err != -ENOENT;	/* gone: the next look finds out */
	if (v->untold && !store_lost(store_of(v)))
		log_warn_in(&v->live.log, "cannot write state vif=%s error=\"%s\"", v->name, errtext(ERRTEXT_STORE, -err));
	v->state = state;
	log_debug("state vif=%s ours=%s", v->name, hs_state_name(state));
}

/* What a frontend may change while it is up. */
static void reconfigure(struct vif *v)
{
	int err = vif_headroom_read(v);

	if (err == -EINVAL)
		vif_refuse(v, "frontend key xdp-headroom is not acceptable");
	else if (store_is_unknown(err))
		vif_look_again(v, err);
}

/* --- steps --------------------------------------------------------------- */

/* Opens the device, or refuses the VIF and returns false. */
static bool take_device(struct vif *v)
{
	const struct vif *rival = vif_rival(v);
	int err;

	v->waits = rival != NULL;
	if (rival) {
		vif_refuse(v, "the guest's VIF %u has the same handle, and so the device %s: each VIF needs a handle of its own",
		       rival->devid, v->name);
		return false;
	}
	err = vif_device_open(v);
	if (err)
		vif_refuse(v, "cannot %s device %s: %s", hs_back_is_up(v->state) ? "open" : "create", v->name,
		       errtext(ERRTEXT_TAP, err));
	return !err;
}

static void offer(struct vif *v)
{
	enum xenbus_state now;
	int err;

	if (v->broken) {
		vif_refuse(v, "%s", v->broken);
		return;
	}
	if (!take_device(v))
		return;
	err = vif_error_settle(v);
	if (!err)
		err = vif_conf_publish(store_of(v), v->be_path, &v->daemon->policy);
	if (err == -ENOENT && !vif_state_in(store_of(v), v->be_path, &now) && now == XenbusStateUnknown)
		return;		/* removed meanwhile: the next look finds out */
	if (err == -ENOTCONN) {
		vif_look_again(v, err);
		return;
	}
	if (err) {
		vif_refuse(v, "cannot publish features: %s", errtext(ERRTEXT_STORE, -err));
		return;
	}
	v->state = XenbusStateInitWait;
}

/* Returns how many queues the frontend may have. What an earlier daemon agreed
 * to stands, whatever --max-queues says now: it is what we published then. */
static uint32_t queues_allowed(const struct vif *v)
{
	uint32_t max;

	if (!hs_back_is_up(v->state) || store_read_u32(store_of(v), &max, v->be_path, "multi-queue-max-queues"))
		return v->daemon->policy.max_queues;
	return max < VIF_QUEUES_MAX ? max : VIF_QUEUES_MAX;
}

/* A device that was deleted at this moment is no reason: the next step has another. */
static void refuse_unless_lost(struct vif *v, const char *what, enum errtext_of of, int err)
{
	if (!vif_device_is_lost(v))
		vif_refuse(v, "%s: %s", what, errtext(of, err));
}

static void connect_frontend(struct vif *v)
{
	bool adopt = hs_back_is_up(v->state);
	struct vif_place place = { .peer = v->peer, .name = v->name, .run_dir = v->daemon->run_dir,
				   .wake_fd = v->daemon->wake_fd, .resume = adopt,
				   .hold_ms = v->daemon->policy.hold_ms, .stall_ms = v->daemon->policy.stall_ms,
				   .quota = v->daemon->quota, .live = &v->live };
	struct vif_conf conf;
	const char *reason;
	unsigned int old;
	char why[128];
	int err;

	if (!take_device(v))
		return;
	err = vif_conf_read(&conf, store_of(v), v->fe_path, queues_allowed(v), why, sizeof(why));
	if (store_is_unknown(err))
		vif_look_again(v, err);
	else if (err)
		vif_refuse(v, "%s", why);
	if (err)
		return;
	if (vif_conf_fills(&v->daemon->policy, store_of(v), v->be_path))
		conf.peer.csum4 = conf.peer.csum6 = false;
	err = vif_device_fit(v, &conf);
	if (err) {
		refuse_unless_lost(v, "cannot set the device's offloads", ERRTEXT_TAP, err);
		return;
	}
	/* Another frontend's, or an earlier life's of this one, is not for this one. */
	if (!adopt && (old = tap_drain(v->tap_fd)) != 0)
		log_debug("dropped what was queued before vif=%s frames=%u", v->name, old);
	place.tap_fd = v->tap_fd;
	place.queue_bytes = v->daemon->policy.queue_in_frames ? 0 : v->daemon->policy.queue_bytes;
	place.workers = vif_device_workers(v, &conf);
	vif_live_read(v);
	if (v->strange && (conf.ctrl || atomic_load(&v->live.filter))) {
		v->strange = false;
		vif_refuse(v, "what the frontend told an earlier backend is not known: it has to connect anew");
		return;
	}
	v->strange = false;
	/* What was read last may be what is there if nothing can be read. */
	if (store_lost(store_of(v))) {
		vif_look_again(v, -ENOTCONN);
		return;
	}
	vif_headroom_set(v, conf.headroom);
	err = vif_link_start(&v->link, &place, &conf, &reason);
	if (err) {
		refuse_unless_lost(v, reason, ERRTEXT_XEN, err);
		return;
	}
	vif_device_carrier(v);
	if (!adopt)
		set_state(v, XenbusStateConnected);
	err = vif_error_settle(v);
	if (err && err != -ENOENT && !store_lost(store_of(v)))
		log_warn_in(&v->live.log, "cannot write or remove the key error vif=%s error=\"%s\"", v->name, errtext(ERRTEXT_STORE, err));
	log_info_in(&v->live.log, "%s vif=%s domid=%u channels=%s control=%d sg=%d gso4=%d gso6=%d csum4=%d csum6=%d rx-notify=%d queues=%u workers=%u",
		 adopt ? "resumed" : "connected", v->name, v->peer.raw, vif_conf_channels(&conf),
		 conf.ctrl, conf.peer.sg, conf.peer.gso4, conf.peer.gso6, conf.peer.csum4, conf.peer.csum6,
		 conf.rx_notify, conf.queues, vif_link_workers(v->link));
}

static void disconnect(struct vif *v)
{
	struct stats sum;
	char text[900];

	if (!v->link) {
		vif_device_carrier(v);
		return;
	}
	vif_link_stop(v->link, &sum);
	stats_print(&sum, text, sizeof(text));
	v->link = NULL;
	vif_device_carrier(v);
	log_info_in(&v->live.log, "disconnected vif=%s %s", v->name, text);
}

static void remove_vif(struct vif *v)
{
	enum xenbus_state now;

	disconnect(v);
	/* Who detaches a VIF that is closed already has written Closing over it
	 * and waits for our answer. */
	if (!vif_state_in(store_of(v), v->be_path, &now) && now == XenbusStateClosing)
		set_state(v, XenbusStateClosed);
	vif_device_remove(v);
	v->gone = true;
	log_info("removed vif=%s", v->name);
}

static void take_step(struct vif *v, enum hs_back_step step)
{
	switch (step) {
	case HS_BACK_STAY:
		break;
	case HS_BACK_RESET:
		disconnect(v);
		offer(v);
		break;
	case HS_BACK_OFFER:
		offer(v);
		break;
	case HS_BACK_CONNECT:
		connect_frontend(v);
		break;
	case HS_BACK_RECONFIGURE:
		reconfigure(v);
		if (!v->refused && !v->look_again)
			set_state(v, XenbusStateReconfigured);
		break;
	case HS_BACK_GO_ON:
		vif_headroom_settle(v);
		set_state(v, XenbusStateConnected);
		break;
	case HS_BACK_CLOSING:
		disconnect(v);
		set_state(v, XenbusStateClosing);
		break;
	case HS_BACK_CLOSED:
		disconnect(v);
		set_state(v, XenbusStateClosed);
		break;
	case HS_BACK_REMOVE:
		remove_vif(v);
		break;
	}
}

/* --- what happens besides ------------------------------------------------ */

/* The kernel may have claimed the device since we last looked. */
static void take_from_kernel(struct vif *v)
{
	enum xenbus_state left;

	if (!v->daemon->take_over || vif_take_over(v) <= 0)
		return;
	disconnect(v);
	/* One that leaves its state and rings as they are (Linux 5.6) is followed as a netbackd is. */
	if (!vif_state_in(store_of(v), v->be_path, &left) && left == XenbusStateConnected)
		v->state = left;
	else
		set_state(v, XenbusStateInitialising);
}

static void vanish(struct vif *v, bool remade)
{
	disconnect(v);
	vif_device_remove(v);
	v->gone = true;
	v->remade = remade;
	log_info("removed vif=%s reason=\"directory %s\"", v->name, remade ? "made anew" : "gone");
}

/* If somebody has deleted the device: the same rings go on with a new one. */
static void replace_device(struct vif *v)
{
	int err;

	if (!vif_device_is_lost(v))
		return;
	disconnect(v);
	vif_device_forget(v);
	/* While connected the connection opens it. */
	if (v->state != XenbusStateInitWait || !take_device(v))
		return;
	err = vif_error_settle(v);
	if (err && err != -ENOENT)
		log_warn("cannot write the key error vif=%s error=\"%s\"", v->name, errtext(ERRTEXT_STORE, err));
}

/* Whether nothing can be told of it, or it was moved too often. */
static bool is_put_off(struct vif *v)
{
	if (store_lost(store_of(v)))
		return true;		/* all are looked at once it is back */
	if (v->moves < MOVES_MAX)
		return false;
	v->dirty = true;		/* for the next tick */
	return true;
}

/* Returns why the connection cannot go on, or NULL. A worker without a device
 * faults as well, so that it was deleted is looked for after the fault was seen. */
static const char *fault_of(struct vif *v)
{
	const char *why = v->link ? vif_link_faulted(v->link) : NULL;

	replace_device(v);
	return v->link ? why : NULL;
}

/* Returns what to do with a connection that is up and that nobody serves: an
 * earlier daemon left it, or its device was deleted. */
static enum hs_back_step take_up(const struct vif *v, const struct hs_back_view *view)
{
	/* A frontend that is on its way out takes its pages back at any moment. */
	if (!view->online && !v->daemon->draining)
		return HS_BACK_CLOSING;
	if (v->refused)		/* not again: each time a key is written, which is an event of ours */
		return HS_BACK_CLOSING;
	return v->strange ? HS_BACK_RESET : HS_BACK_CONNECT;
}

void vif_run(struct vif *v)
{
	const char *fault;

	if (is_put_off(v))
		return;
	v->look_again = false;
	take_from_kernel(v);
	vif_life_begin(v);
	fault = fault_of(v);
	if (v->link) {
		vif_device_look(v);
		vif_live_read(v);
	}
	if (fault && !v->refused)
		vif_refuse(v, "%s", fault);
	for (int i = 0; i < STEPS_MAX && !v->gone; i++) {
		struct hs_back_view view;
		enum hs_back_step step;
		int err = vif_look(v, &view);

		/* A xenstored that fails must not look like a toolstack that removes,
		 * nor one that has lost what it knew. */
		if (err == -ENOENT && v->unlisted && !v->daemon->draining)
			return;
		if (err == -ENOENT || err == -ESTALE)
			vanish(v, err == -ESTALE);
		else if (store_is_unknown(err))
			vif_look_again(v, err);
		if (err)
			return;
		v->unlisted = false;
		if (v->untold)
			set_state(v, v->state);
		if (view.theirs != v->seen) {
			log_debug("state vif=%s theirs=%s", v->name, hs_state_name(view.theirs));
			v->seen = view.theirs;
			/* A fault outlasts every move of theirs but a new start. */
			v->refused = fault_of(v) && view.theirs != XenbusStateInitialising;
		}
		/* After the look: what was written before its state is seen now. */
		if (v->state == XenbusStateReconfigured && v->link)
			reconfigure(v);
		view.refused = v->refused;
		step = hs_back_next(&view);
		if (hs_back_is_up(v->state) && !v->link && step == HS_BACK_STAY)
			step = take_up(v, &view);
		if (v->daemon->draining && (view.theirs == XenbusStateConnected ||
					    view.theirs == XenbusStateReconfiguring)) {
			/* The frontend is told, and waited for. */
			if (v->state == XenbusStateClosing)
				return;
			step = HS_BACK_CLOSING;
		}
		if (step == HS_BACK_STAY)
			return;
		v->moves++;
		take_step(v, step);
		replace_device(v);
		if (v->look_again)
			return;
	}
}
