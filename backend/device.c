/* SPDX-License-Identifier: MIT */
/* device.c - a VIF's TAP: its birth, what the frontend makes of it, its end */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../common/errtext.h"
#include "../common/handshake.h"
#include "../common/log.h"
#include "../common/tap.h"
#include "backend.h"

/* Opens the device that an earlier daemon left, or makes one. A new life has a
 * new one: a TAP of that name which no state file tells of goes, too. -errno. */
static int open_device(struct vif *v, enum tap_kind kind, bool *fresh)
{
	int err = -EBUSY;

	for (int tries = 0; tries < 2; tries++) {
		err = tap_open_noted(&v->tap_fd, v->daemon->run_dir, v->name, v->name, kind, fresh);
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
	static const uint8_t mac[6] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };
	enum tap_kind kind = v->daemon->policy.max_queues > 1 ? TAP_MULTI : TAP_SINGLE;
	bool fresh;
	int err;

	if (v->tap_fd >= 0)
		return 0;
	err = open_device(v, kind, &fresh);
	if (err)
		return err;
	v->new_life = false;
	vif_life_save(v);
	v->carrier = hs_back_is_up(v->state);
	tap_set_carrier(v->tap_fd, v->carrier);
	/* Made anew it would drop out of its bridge; so it serves as it is. */
	if (tap_kind_of(v->tap_fd) != kind)
		log_info_in(&v->live.log, "device keeps the kind it was made as vif=%s kind=%s", v->name,
			 kind == TAP_MULTI ? "single-queue" : "multi-queue");
	/* As netback's: the guest's own address must not be the bridge's. */
	if (fresh && (err = tap_set_mac(v->tap_fd, mac)) != 0)
		log_warn_in(&v->live.log, "cannot set the address vif=%s error=\"%s\"", v->name, errtext(ERRTEXT_TAP, -err));
	return 0;
}

void vif_device_remove(struct vif *v)
{
	/* What is there of that name is another VIF's. */
	if (vif_rival(v))
		return;
	if (v->tap_fd >= 0) {
		tap_unpersist(v->tap_fd);
		close(v->tap_fd);
		v->tap_fd = -1;
	}
	/* Also one that an earlier daemon made and we never opened. */
	tap_remove_noted(v->daemon->run_dir, v->name);
	vif_link_forget(v->daemon->run_dir, v->name);
}

/* What is longer than a page would be lost at a frontend without feature-sg.
 * The next one, after a boot loader for instance, gets the script's MTU again. */
static void fit_mtu(struct vif *v, const struct vif_conf *conf)
{
	unsigned int was = 0;
	int err = 0;

	if (!conf->peer.sg)
		err = tap_limit_mtu(v->tap_fd, VNET_MTU_NO_SG, &was);
	else if (v->mtu_lowered)
		err = tap_set_mtu(v->tap_fd, v->mtu_lowered);
	if (err)
		log_warn_in(&v->live.log, "cannot set the device's mtu vif=%s error=\"%s\"", v->name, errtext(ERRTEXT_TAP, -err));
	if (was || conf->peer.sg)
		v->mtu_lowered = was;
}

int vif_device_fit(struct vif *v, const struct vif_conf *conf)
{
	int err = tap_set_offloads(v->tap_fd, vnet_tun_offloads(&conf->peer));

	if (!err)
		fit_mtu(v, conf);
	return err;
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
