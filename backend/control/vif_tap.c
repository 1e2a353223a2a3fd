/* SPDX-License-Identifier: MIT */
/* vif_tap.c - the TAP of a VIF: made or opened, fitted to the frontend, removed */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/devstate.h"
#include "common/host/fdstore.h"
#include "common/host/taplimit.h"
#include "common/host/taplink.h"
#include "common/host/tapstate.h"
#include "common/wire/handshake.h"
#include "backend.h"
#include "life.h"
#include "past.h"
#include "vif_fds.h"
#include "vif_tap.h"

static struct tapstate vif_tap_tapstate_of(struct vif *v)
{
	return (struct tapstate){ .run_dir = v->daemon->run_dir, .name = v->name, .log = &v->settings.log };
}

/* Where bytes cannot be limited. What somebody makes of it later, stays. */
static void vif_tap_shorten_queue(struct vif *v)
{
	const struct vif_policy *policy = &v->daemon->policy;
	int frames = taplimit_by_frames(v->tap_fd, policy->queue_bytes, policy->max_queues);

	if (frames < 0)
		log_warn_in(&v->settings.log, "cannot shorten the device's queue vif=%s error=\"%s\"", v->name,
			    errtext(ERRTEXT_TAP, frames));
	else
		log_debug("queue of the new device vif=%s frames=%d", v->name, frames);
}

/* Opens the device that an earlier daemon left, or makes one. A new life has a
 * new one: a TAP of that name which no state file tells of goes, too. -errno. */
static int vif_tap_open_device(struct vif *v, const struct tap_params *params, bool *fresh)
{
	const struct tapstate ts = vif_tap_tapstate_of(v);
	int err = -EBUSY;

	for (int tries = 0; tries < 2; tries++) {
		err = tapstate_open(&ts, &v->tap_fd, params, fresh);
		if (err || *fresh || !v->new_life)
			break;
		log_info("removed the device of an earlier VIF vif=%s", v->name);
		vif_tap_remove(v);
		err = -EBUSY;
	}
	return err;
}

/* Says that the device is not the one that the hotplug script knew. */
static void vif_tap_tell_remade(struct vif *v)
{
	if (v->daemon->hotplug)
		log_warn("the device was deleted, a new one is made and the hotplug script runs for it vif=%s", v->name);
	else
		log_error("the device was deleted, a new one is made vif=%s todo=\"detach and attach the VIF: that runs the hotplug script\"",
			  v->name);
	v->device_remade = true;
}

/* Gives a new device the guest's name as its alias. */
static void vif_tap_name_guest(struct vif *v)
{
	const struct tapstate ts = vif_tap_tapstate_of(v);

	if (*v->guest)
		tapstate_alias(&ts, v->tap_fd, v->guest);
}

int vif_tap_open(struct vif *v)
{
	/* As netback's: the guest's own address must not be the bridge's. */
	static const uint8_t mac[6] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };
	enum tap_kind kind = v->daemon->policy.max_queues > 1 ? TAP_MULTI : TAP_SINGLE;
	struct tap_params params = { .ifname = v->name, .kind = kind, .mac = mac, .mac_key = "" };
	bool fresh;
	int err;

	if (v->tap_fd >= 0)
		return 0;
	err = vif_tap_open_device(v, &params, &fresh);
	if (err)
		return err;
	if (fresh && v->daemon->policy.queue_in_frames)
		vif_tap_shorten_queue(v);
	v->new_life = false;
	if (fresh)
		vif_hotplug_device_is_new(v);
	if (fresh)
		vif_tap_name_guest(v);
	/* The script of this directory has run, for another device. That of the kernel was not deleted: the
	 * new one gets what it had. */
	if (fresh && !v->taken && (hs_back_is_up(v->state) || v->state == XenbusStateInitWait))
		vif_tap_tell_remade(v);
	vif_life_save(v);
	taplink_find(&v->link, v->tap_fd);
	v->carrier = hs_back_is_up(v->state);
	tap_set_carrier(v->tap_fd, v->carrier);
	/* Made anew it would drop out of its bridge; so it serves as it is. */
	if (tap_kind_of(v->tap_fd) != kind)
		log_info_in(&v->settings.log, "the device stays as it was made: attach the VIF again to change that vif=%s kind=%s", v->name,
			 kind == TAP_MULTI ? "single-queue" : "multi-queue");
	return 0;
}

void vif_tap_offer(struct vif *v, int fd)
{
	const struct tapstate ts = vif_tap_tapstate_of(v);

	tapstate_offer(&ts, fd);
}

bool vif_tap_event(struct vif *v, const struct link_event *ev)
{
	const struct tapstate ts = vif_tap_tapstate_of(v);

	return taplink_event(&v->link, &ts, v->tap_fd, ev);
}

bool vif_tap_is_lost(const struct vif *v)
{
	return v->tap_fd >= 0 && tap_is_lost(v->tap_fd);
}

void vif_tap_forget(struct vif *v)
{
	close(v->tap_fd);
	v->tap_fd = -1;
	v->carrier = false;
	devstate_remove(v->daemon->run_dir, v->name);
	fdstore_remove(v->name);
}

void vif_tap_remove(struct vif *v)
{
	const struct tapstate ts = vif_tap_tapstate_of(v);

	/* What is there of that name is another VIF's. */
	if (vif_rival(v))
		return;
	if (v->tap_fd >= 0) {
		tap_unpersist(v->tap_fd);
		close(v->tap_fd);
		v->tap_fd = -1;
	}
	/* Also one that an earlier daemon made and we never opened. */
	tapstate_remove(&ts);
	vif_fds_forget_tables(v->daemon->run_dir, v->name);
	past_forget(v->daemon->run_dir, v->name);
}

uint32_t vif_tap_header(const struct vif *v)
{
	return offers_header(v->daemon->policy.without, tap_takes(v->tap_fd));
}

int vif_tap_fit(struct vif *v, const struct vif_conf *conf)
{
	const struct tapstate ts = vif_tap_tapstate_of(v);
	int err = tapstate_offloads(&ts, v->tap_fd, vnet_tun_offloads(&conf->peer));

	if (err)
		return err;
	/* What is longer than a page would be lost at a frontend without feature-sg.
	 * The next one, after a boot loader for instance, has the script's MTU again. */
	err = tapstate_mtu(&ts, v->tap_fd, 0, conf->peer.sg ? 0 : VNET_MTU_NO_SG);
	if (err)
		log_warn_in(&v->settings.log, "cannot set the device's mtu vif=%s error=\"%s\"", v->name, errtext(ERRTEXT_TAP, err));
	return 0;
}
