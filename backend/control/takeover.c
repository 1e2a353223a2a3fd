/* SPDX-License-Identifier: MIT */
/* takeover.c - the kernel's netback is unbound, and the TAP put where its device was
 *
 * No hotplug script runs again for a VIF that has one behind it. So what the
 * script did to the kernel's device is read before that goes, and done to the
 * TAP: without it the guest would be connected to nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/errtext.h"
#include "common/host/kernel.h"
#include "common/base/log.h"
#include "common/host/tap.h"
#include "common/host/transaction.h"
#include "backend.h"
#include "takeover.h"
#include "vif_tap.h"

static void takeover_put_in_place(struct vif *v, const struct kernel_netdev *was)
{
	char name[TAP_NAME_MAX];
	int err = vif_tap_open(v);

	if (!err)
		err = tap_name(v->tap_fd, name);
	if (!err)
		err = kernel_netdev_apply(name, was);
	if (err)
		log_warn_in(&v->settings.log, "the new device is not in the bridge of the kernel's: run the hotplug script, or attach it by hand vif=%s "
			 "name=%s bridge=%s error=\"%s\"", v->name, was->name, was->bridge, errtext(ERRTEXT_TAP, err));
	else if (!*was->bridge)
		log_warn_in(&v->settings.log, "the kernel's device was in no bridge: do again what else the hotplug script did "
			 "vif=%s", v->name);
}

/* The kernel's driver removes the key when it is unbound, and a driver that
 * comes after us waits for it. The script's work is done, so it is as it was. */
static void takeover_put_status_back(struct vif *v, const char *status)
{
	int err = store_write_live(v->daemon->store, v->be_path, "hotplug-status", status);

	if (err && err != -ENOENT && !store_lost(v->daemon->store))
		log_warn_in(&v->settings.log, "cannot write the key hotplug-status vif=%s error=\"%s\"", v->name,
			    errtext(ERRTEXT_STORE, err));
}

int vif_take_over(struct vif *v)
{
	char device[32], status[STORE_VALUE_MAX];
	struct kernel_netdev was;
	int got, err;

	snprintf(device, sizeof(device), "vif-%u-%u", v->peer.raw, v->devid);
	kernel_netdev_read(&was, KERNEL_BACKEND, device);
	err = store_read(v->daemon->store, status, sizeof(status), v->be_path, "hotplug-status");
	got = kernel_take_over(KERNEL_BACKEND, device, &v->settings.log);
	if (got <= 0)
		return got;
	log_info_in(&v->settings.log, "the kernel's device is replaced vif=%s device=%s bridge=%s", v->name, was.name, was.bridge);
	if (!err)
		takeover_put_status_back(v, status);
	v->taken = true;
	if (*was.name && !v->broken.what)
		takeover_put_in_place(v, &was);
	return 1;
}
