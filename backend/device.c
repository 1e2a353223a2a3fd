/* SPDX-License-Identifier: MIT */
/* device.c - a VIF's TAP: its birth, what the frontend makes of it, its end */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../common/errtext.h"
#include "../common/handshake.h"
#include "../common/log.h"
#include "../common/taplimit.h"
#include "../common/tapstate.h"
#include "backend.h"

static struct tapstate tapstate_of(struct vif *v)
{
	return (struct tapstate){ .run_dir = v->daemon->run_dir, .name = v->name, .log = &v->live.log };
}

/* Where bytes cannot be limited. What somebody makes of it later, stays. */
static void shorten_queue(struct vif *v)
{
	const struct vif_policy *policy = &v->daemon->policy;
	int frames = taplimit_by_frames(v->tap_fd, policy->queue_bytes, policy->max_queues);

	if (frames < 0)
		log_warn_in(&v->live.log, "cannot shorten the device's queue vif=%s error=\"%s\"", v->name,
			    errtext(ERRTEXT_TAP, frames));
	else
		log_debug("queue of the new device vif=%s frames=%d", v->name, frames);
}

/* Opens the device that an earlier daemon left, or makes one. A new life has a
 * new one: a TAP of that name which no state file tells of goes, too. -errno. */
static int open_device(struct vif *v, const struct tap_birth *birth, bool *fresh)
{
	const struct tapstate ts = tapstate_of(v);
	int err = -EBUSY;

	for (int tries = 0; tries < 2; tries++) {
		err = tapstate_open(&ts, &v->tap_fd, birth, fresh);
		if (err || *fresh || !v->new_life)
			break;
		log_info("removed a device that was left vif=%s", v->name);
		vif_device_remove(v);
		err = -EBUSY;
	}
	return err;
}

int vif_device_open(struct vif *v)
{
	/* As netback's: the guest's own address must not be the bridge's. */
	static const uint8_t mac[6] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };
	enum tap_kind kind = v->daemon->policy.max_queues > 1 ? TAP_MULTI : TAP_SINGLE;
	struct tap_birth birth = { .ifname = v->name, .kind = kind, .mac = mac, .mac_key = "" };
	bool fresh;
	int err;

	if (v->tap_fd >= 0)
		return 0;
	err = open_device(v, &birth, &fresh);
	if (err)
		return err;
	if (fresh && v->daemon->policy.queue_in_frames)
		shorten_queue(v);
	v->new_life = false;
	/* The script of this directory has run, for another device. */
	if (fresh && (hs_back_is_up(v->state) || v->state == XenbusStateInitWait))
		vif_device_tell_remade(v);
	vif_life_save(v);
	vif_links_watch(v);
	v->carrier = hs_back_is_up(v->state);
	tap_set_carrier(v->tap_fd, v->carrier);
	/* Made anew it would drop out of its bridge; so it serves as it is. */
	if (tap_kind_of(v->tap_fd) != kind)
		log_info_in(&v->live.log, "device keeps the kind it was made as vif=%s kind=%s", v->name,
			 kind == TAP_MULTI ? "single-queue" : "multi-queue");
	return 0;
}

void vif_device_moved(struct vif *v)
{
	const struct tapstate ts = tapstate_of(v);

	tapstate_moved(&ts, v->tap_fd);
}

void vif_device_remove(struct vif *v)
{
	const struct tapstate ts = tapstate_of(v);

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
	vif_link_forget(v->daemon->run_dir, v->name);
}

int vif_device_fit(struct vif *v, const struct vif_conf *conf)
{
	const struct tapstate ts = tapstate_of(v);
	int err = tapstate_offloads(&ts, v->tap_fd, vnet_tun_offloads(&conf->peer));

	if (err)
		return err;
	/* What is longer than a page would be lost at a frontend without feature-sg.
	 * The next one, after a boot loader for instance, has the script's MTU again. */
	err = tapstate_mtu(&ts, v->tap_fd, 0, conf->peer.sg ? 0 : VNET_MTU_NO_SG);
	if (err)
		log_warn_in(&v->live.log, "cannot set the device's mtu vif=%s error=\"%s\"", v->name, errtext(ERRTEXT_TAP, err));
	return 0;
}

unsigned int vif_device_workers(const struct vif *v, const struct vif_conf *conf)
{
	if (conf->ctrl || conf->mask || tap_kind_of(v->tap_fd) == TAP_SINGLE)
		return 1;
	return conf->queues < v->daemon->policy.workers ? conf->queues : v->daemon->policy.workers;
}

void vif_device_carrier(struct vif *v)
{
	bool stalled = v->link && vif_link_stalled(v->link), up = v->link && !stalled;

	if (up == v->carrier)
		return;
	v->carrier = up;
	tap_set_carrier(v->tap_fd, up);
	if (stalled)
		log_warn_in(&v->live.log, "stalled, carrier down vif=%s reason=\"the frontend posts too few receive buffers\"", v->name);
}

void vif_device_look(struct vif *v)
{
	bool was = v->carrier;

	vif_device_carrier(v);
	if (v->carrier && !was)
		log_info_in(&v->live.log, "recovered, carrier up vif=%s", v->name);
}
