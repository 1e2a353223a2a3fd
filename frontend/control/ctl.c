/* SPDX-License-Identifier: MIT */
/* ctl.c - netfrontd's NICs as documents of the control socket, for ctl.h */
#include <string.h>

#include "common/host/ctldoc.h"
#include "common/host/tap.h"
#include "common/wire/handshake.h"
#include "ctl.h"
#include "frontend.h"

static const char *ctl_channels(const struct nic_conf *conf)
{
	return conf->mask ? "mask" : conf->split ? "split" : "one";
}

/* Adds which NIC it is, and where its backend is. */
static void ctl_add_name(json_t *o, const struct nic *n)
{
	ctldoc_add(o, "name", n->name);
	ctldoc_add_number(o, "domid", n->peer.raw);
	ctldoc_add_number(o, "devid", n->devid);
}

static void ctl_add_state(json_t *o, const struct nic *n, const struct stats *s)
{
	char device[TAP_NAME_MAX];

	if (n->tap_fd >= 0 && tap_name(n->tap_fd, device) == 0)
		ctldoc_add(o, "device", device);
	ctldoc_add(o, "state", hs_state_name(n->state));
	ctldoc_add(o, "peer_state", hs_state_name(n->seen));
	ctldoc_add_flag(o, "connected", n->attached);
	if (n->conn) {
		ctldoc_add(o, "channels", ctl_channels(nic_conn_conf(n->conn)));
		ctldoc_add_number(o, "queues", nic_conn_conf(n->conn)->queues);
	}
	ctldoc_add_totals(o, s);
}

static void ctl_add_features(json_t *o, const struct nic_conf *conf)
{
	json_t *f = json_object();

	ctldoc_add_flag(f, "sg", conf->peer.sg);
	ctldoc_add_flag(f, "gso4", conf->peer.gso4);
	ctldoc_add_flag(f, "gso6", conf->peer.gso6);
	ctldoc_add_flag(f, "csum4", conf->peer.csum4);
	ctldoc_add_flag(f, "csum6", conf->peer.csum6);
	ctldoc_add_flag(f, "control_ring", conf->ctrl);
	ctldoc_add_flag(f, "static_grants", conf->static_grants);
	ctldoc_add_flag(f, "rss", conf->rss);
	ctldoc_add_flag(f, "event_mask", conf->mask);
	ctldoc_add_flag(f, "multicast_control", conf->mcast);
	(void)!json_object_set_new(o, "features", f);
}

static void ctl_add_rings(json_t *o, const struct nic *n)
{
	json_t *rings = json_array();
	struct positions at;

	for (unsigned int i = 0; n->conn && nic_conn_positions(n->conn, i, &at); i++)
		ctldoc_append_positions(rings, i, &at);
	(void)!json_object_set_new(o, "rings", rings);
}

static void ctl_add_stats(json_t *o, const struct nic *n, const struct stats *sum)
{
	json_t *queues;
	struct stats s;

	ctldoc_add_counters(o, "counters", sum);
	if (!n->conn || nic_conn_conf(n->conn)->queues < 2)
		return;
	queues = json_array();
	for (unsigned int i = 0; nic_conn_queue_stats(n->conn, i, &s); i++) {
		json_t *queue = json_object();

		ctldoc_add_number(queue, "queue", i);
		ctldoc_add_counters(queue, "counters", &s);
		(void)!json_array_append_new(queues, queue);
	}
	(void)!json_object_set_new(o, "per_queue", queues);
}

static json_t *ctl_nic(const struct nic *n, enum ctlcmd_part part)
{
	struct stats s = { { 0 } };
	json_t *o = json_object();

	if (n->conn)
		nic_conn_stats(n->conn, &s);
	ctl_add_name(o, n);
	switch (part) {
	case CTLCMD_LIST:
		ctl_add_state(o, n, &s);
		break;
	case CTLCMD_SHOW:
		ctl_add_state(o, n, &s);
		if (n->conn)
			ctl_add_features(o, nic_conn_conf(n->conn));
		ctl_add_rings(o, n);
		break;
	case CTLCMD_STATS:
		ctl_add_state(o, n, &s);
		ctl_add_rings(o, n);
		ctl_add_stats(o, n, &s);
		break;
	case CTLCMD_DROPS:
		ctldoc_add_drops(o, &s);
		break;
	}
	return o;
}

static unsigned int ctl_vifs(void *daemon, const char *name, enum ctlcmd_part part, json_t *vifs)
{
	const struct frontend *d = daemon;
	unsigned int count = 0;

	for (const struct nic *n = d->nics; n; n = n->next) {
		if (n->gone || (*name && strcmp(n->name, name) != 0))
			continue;
		(void)!json_array_append_new(vifs, ctl_nic(n, part));
		count++;
	}
	return count;
}

static void ctl_set_level(void *daemon, enum log_level level)
{
	(void)daemon;
	log_set_level(level);
}

static void ctl_drain(void *daemon)
{
	((struct frontend *)daemon)->drain = true;
}

const struct ctlcmd_ops ctl_ops = {
	.program = "netfrontd",
	.vifs = ctl_vifs,
	.set_level = ctl_set_level,
	.drain = ctl_drain,
};
