/* SPDX-License-Identifier: MIT */
/* device.c - the TAP of a NIC */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../common/errtext.h"
#include "../common/log.h"
#include "../common/tap.h"
#include "frontend.h"

#define MTU_MIN 68u
#define MTU_MAX 65521u	/* what is left of a slot chain's 65535 bytes below Ethernet */

int nic_tap_make(struct nic *n)
{
	char text[STORE_VALUE_MAX], device[TAP_NAME_MAX];
	uint8_t mac[6];
	bool fresh;
	int err;

	if (n->tap_fd >= 0)
		return 0;
	err = tap_open_noted(&n->tap_fd, n->daemon->run_dir, n->name, n->daemon->ifname, TAP_SINGLE, &fresh);
	if (err)
		return err;
	n->carrier = false;
	tap_set_carrier(n->tap_fd, false);
	if (store_read(n->daemon->store, text, sizeof(text), n->fe_path, "mac") == 0 && parse_mac(mac, text))
		err = tap_set_mac(n->tap_fd, mac);
	else
		err = -EINVAL;
	if (err)
		log_warn_in(&n->log, "no usable mac, the device keeps its own nic=%s error=\"%s\"", n->name, errtext(ERRTEXT_TAP, -err));
	if (tap_name(n->tap_fd, device) == 0)
		log_info_in(&n->log, "device nic=%s ifname=%s", n->name, device);
	return 0;
}

void nic_tap_remove(struct nic *n)
{
	if (n->tap_fd >= 0) {
		tap_unpersist(n->tap_fd);
		close(n->tap_fd);
		n->tap_fd = -1;
	}
	tap_remove_noted(n->daemon->run_dir, n->name);
}

void nic_tap_carrier(struct nic *n)
{
	uint32_t key;
	/* netif.h: carrier is the backend's word for its link; absent: up. */
	bool up = n->attached && (store_read_u32(n->daemon->store, &key, n->be_path, "carrier") || key);

	if (up == n->carrier)
		return;
	n->carrier = up;
	tap_set_carrier(n->tap_fd, up);
	if (n->attached)
		log_info_in(&n->log, "link nic=%s carrier=%s", n->name, up ? "up" : "down");
}

/* The toolstack's mtu; absent: left alone. But no more than the backend takes. */
void nic_tap_apply_mtu(struct nic *n, const struct nic_conf *conf)
{
	uint32_t mtu = 0, was;
	int err = store_read_u32(n->daemon->store, &mtu, n->fe_path, "mtu");

	if (err != -ENOENT && (err || mtu < MTU_MIN || mtu > MTU_MAX)) {
		log_warn_in(&n->log, "mtu in xenstore is not acceptable, left alone nic=%s", n->name);
		mtu = 0;
	}
	if (!conf->peer.sg && mtu > VNET_MTU_NO_SG)
		mtu = VNET_MTU_NO_SG;
	err = mtu ? tap_set_mtu(n->tap_fd, mtu) : 0;
	if (!err && !mtu && !conf->peer.sg)
		err = tap_limit_mtu(n->tap_fd, VNET_MTU_NO_SG, &was);
	if (err)
		log_warn_in(&n->log, "cannot set mtu nic=%s mtu=%u error=\"%s\"", n->name, mtu, errtext(ERRTEXT_TAP, -err));
}
