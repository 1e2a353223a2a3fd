/* SPDX-License-Identifier: MIT */
/* ctl.c - netfrontd's NICs as documents of the control socket, for ctl.h */
#include "common/host/ctldoc.h"
#include "ctl.h"
#include "frontend.h"

static const char *ctl_channels(const struct nic_conf *conf)
{
	return conf->mask ? "mask" : conf->split ? "split" : "one";
}

static void *ctl_next(void *daemon, const void *nic)
{
	const struct frontend *d = daemon;
	struct nic *n = nic ? ((const struct nic *)nic)->next : d->nics;

	while (n && n->gone)
		n = n->next;
	return n;
}

static void ctl_describe(const void *nic, struct ctlcmd_vif *out)
{
	const struct nic *n = nic;

	*out = (struct ctlcmd_vif){
		.name = n->name, .domid = n->peer.raw, .devid = n->devid, .tap_fd = n->tap_fd, .ours = n->state, .theirs = n->seen,
		.connected = n->attached,
	};
	if (!n->conn)
		return;
	out->channels = ctl_channels(nic_conn_conf(n->conn));
	out->queues = nic_conn_conf(n->conn)->queues;
	out->peer = &nic_conn_conf(n->conn)->peer;
	nic_conn_stats(n->conn, &out->sum);
}

static void ctl_add_features(json_t *f, const void *nic)
{
	const struct nic_conf *conf = nic_conn_conf(((const struct nic *)nic)->conn);

	ctldoc_add_flag(f, "control_ring", conf->ctrl);
	ctldoc_add_flag(f, "static_grants", conf->static_grants);
	ctldoc_add_flag(f, "rss", conf->rss);
	ctldoc_add_flag(f, "event_mask", conf->mask);
	ctldoc_add_flag(f, "multicast_control", conf->mcast);
}

static bool ctl_positions(const void *nic, unsigned int i, struct positions *out)
{
	const struct nic *n = nic;

	return n->conn && nic_conn_positions(n->conn, i, out);
}

static bool ctl_queue_stats(const void *nic, unsigned int i, struct stats *out)
{
	const struct nic *n = nic;

	return n->conn && nic_conn_queue_stats(n->conn, i, out);
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

static unsigned int ctl_capture_workers(const void *nic)
{
	const struct nic *n = nic;

	return n->conn && n->attached;
}

static int ctl_capture_begin(void *nic, const struct capring_wish *wish, const struct capture_fds *fds)
{
	struct nic *n = nic;
	struct capture_fds mine;
	int err = capture_fds_dup(&mine, fds);

	if (!err)
		err = nic_conn_capture(n->conn, wish, &mine);
	return err;
}

static void ctl_capture_end(void *nic)
{
	const struct nic *n = nic;

	if (n->conn)
		nic_conn_capture_stop(n->conn);
}

static bool ctl_capture_is_on(const void *nic)
{
	const struct nic *n = nic;

	return n->conn && n->attached && nic_conn_is_captured(n->conn);
}

const struct ctlcmd_ops ctl_ops = {
	.program = "netfrontd",
	.next = ctl_next,
	.describe = ctl_describe,
	.add_features = ctl_add_features,
	.positions = ctl_positions,
	.queue_stats = ctl_queue_stats,
	.set_level = ctl_set_level,
	.drain = ctl_drain,
	.capture = { .workers = ctl_capture_workers, .begin = ctl_capture_begin, .end = ctl_capture_end, .is_on = ctl_capture_is_on },
};
