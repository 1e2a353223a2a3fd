/* SPDX-License-Identifier: MIT */
/* nic_tap.c - the TAP of a NIC */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/devstate.h"
#include "common/host/fdstore.h"
#include "common/host/netaddr.h"
#include "common/host/netdev.h"
#include "common/host/tap.h"
#include "common/host/taplink.h"
#include "common/host/tapstate.h"
#include "common/wire/offload.h"
#include "common/wire/parse.h"
#include "nic.h"
#include "nic_tap.h"

/* #syscalls-control close */

#define MTU_MIN 68u
#define MTU_MAX 65521u	/* what is left of a slot chain's 65535 bytes below Ethernet */

static struct tapstate nic_tap_state_of(struct nic *n)
{
	return (struct tapstate){ .run_dir = n->daemon->run_dir, .name = n->name, .log = &n->log };
}

/* Reads the toolstack's address to mac, and its text, of STORE_VALUE_MAX bytes, to text. Returns 0 or -errno. */
static int nic_tap_mac_read(const struct nic *n, uint8_t *mac, char *text)
{
	int err = store_read(n->daemon->store, text, STORE_VALUE_MAX, n->fe_path, "mac");

	if (!err && !parse_mac(mac, text))
		err = -EINVAL;
	if (err)
		text[0] = '\0';
	return err;
}

static void nic_tap_mac_apply(struct nic *n, const uint8_t *mac, const char *text)
{
	const struct tapstate ts = nic_tap_state_of(n);
	int err = tapstate_mac(&ts, n->tap_fd, mac, text);

	if (err)
		log_warn_in(&n->log, "cannot set the address nic=%s mac=%s error=\"%s\"", n->name, text, errtext(ERRTEXT_TAP, err));
}

int nic_tap_make(struct nic *n)
{
	char text[STORE_VALUE_MAX], device[TAP_NAME_MAX];
	const struct tapstate ts = nic_tap_state_of(n);
	struct tap_params params = { .ifname = n->daemon->ifname, .kind = TAP_SINGLE, .mac_key = text };
	uint8_t mac[6];
	bool fresh;
	int err;

	if (n->tap_fd >= 0)
		return 0;
	err = nic_tap_mac_read(n, mac, text);
	if (!err)
		params.mac = mac;
	else if (!store_lost(n->daemon->store))
		log_warn_in(&n->log, "the key mac cannot be used, the device keeps its address nic=%s error=\"%s\"", n->name, errtext(ERRTEXT_STORE, err));
	err = tapstate_open(&ts, &n->tap_fd, &params, &fresh);
	if (err)
		return err;
	n->carrier = false;
	tap_set_carrier(n->tap_fd, false);
	if (!fresh && params.mac)
		nic_tap_mac_apply(n, mac, text);
	taplink_find(&n->link, n->tap_fd);
	if (tap_name(n->tap_fd, device) == 0)
		log_info_in(&n->log, "device nic=%s ifname=%s", n->name, device);
	return 0;
}

void nic_tap_replace(struct nic *n)
{
	int err;

	if (n->tap_fd < 0 || !tap_is_lost(n->tap_fd))
		return;
	log_warn("the device was deleted, a new one is made nic=%s", n->name);
	/* Before another one gets the number of the descriptor. */
	if (n->conn)
		nic_conn_stop(n->conn);
	n->replaced = n->conn != NULL;
	n->attempts = 0, n->not_before = 0;
	close(n->tap_fd);
	n->tap_fd = -1;
	n->carrier = false;
	devstate_remove(n->daemon->run_dir, n->name);
	fdstore_remove(n->name);
	err = nic_tap_make(n);
	if (err)
		log_error("cannot open the TAP nic=%s error=\"%s\"", n->name, errtext(ERRTEXT_TAP, err));
}

void nic_tap_remove(struct nic *n)
{
	const struct tapstate ts = nic_tap_state_of(n);

	if (n->tap_fd >= 0) {
		tap_unpersist(n->tap_fd);
		close(n->tap_fd);
		n->tap_fd = -1;
	}
	tapstate_remove(&ts);
}

bool nic_tap_event(struct nic *n, const struct link_event *ev)
{
	const struct tapstate ts = nic_tap_state_of(n);

	return taplink_event(&n->link, &ts, n->tap_fd, ev);
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

void nic_tap_fit(struct nic *n, const struct nic_conf *conf)
{
	const struct tapstate ts = nic_tap_state_of(n);
	char text[STORE_VALUE_MAX];
	uint32_t mtu = 0;
	uint8_t mac[6];
	int err;

	if (nic_tap_mac_read(n, mac, text) == 0)
		nic_tap_mac_apply(n, mac, text);
	err = store_read_u32(n->daemon->store, &mtu, n->fe_path, "mtu");

	if (err != -ENOENT && (err || mtu < MTU_MIN || mtu > MTU_MAX)) {
		if (!store_lost(n->daemon->store))
			log_warn_in(&n->log, "the key mtu cannot be used, the device keeps its mtu nic=%s", n->name);
		mtu = 0;
	}
	err = tapstate_mtu(&ts, n->tap_fd, mtu, conf->peer.sg ? 0 : VNET_MTU_NO_SG);
	if (err)
		log_warn_in(&n->log, "cannot set the device's mtu nic=%s mtu=%u error=\"%s\"", n->name, mtu, errtext(ERRTEXT_TAP, err));
}

int nic_tap_offloads(struct nic *n, const struct nic_conf *conf)
{
	const struct tapstate ts = nic_tap_state_of(n);

	return tapstate_offloads(&ts, n->tap_fd, vnet_tun_offloads(&conf->peer));
}

uint32_t nic_tap_takes(const struct nic *n)
{
	return tap_takes(n->tap_fd);
}

void nic_tap_announce(struct nic *n)
{
	struct announce what = { .count = 0 };
	struct netdev dev;
	int err = netdev_open(&dev, n->tap_fd);

	if (!err) {
		err = netaddr_list(&what, &dev);
		netdev_close(&dev);
	}
	if (err && err != -ENETDOWN)
		log_warn_in(&n->log, "cannot list the device's addresses, they are not announced nic=%s error=\"%s\"",
			    n->name, errtext(ERRTEXT_TAP, err));
	if (err)
		return;
	nic_conn_announce(n->conn, &what);
	log_debug("announcing nic=%s addresses=%u", n->name, what.count);
}
