/* SPDX-License-Identifier: MIT */
/* ctl.c - netbackd's VIFs as documents of the control socket, for ctl.h */
#include <errno.h>
#include <string.h>

#include "common/host/ctldoc.h"
#include "common/host/tap.h"
#include "common/wire/handshake.h"
#include "backend.h"
#include "ctl.h"
#include "processes.h"

/* Adds who the VIF is. */
static void ctl_add_name(json_t *o, const struct vif *v)
{
	ctldoc_add(o, "name", v->name);
	ctldoc_add_number(o, "domid", v->peer.raw);
	ctldoc_add_number(o, "devid", v->devid);
	ctldoc_add(o, "guest", v->guest);
	ctldoc_add(o, "uuid", v->domain);
}

/* Adds where it is and how it does. */
static void ctl_add_state(json_t *o, const struct vif *v)
{
	char device[TAP_NAME_MAX];
	struct stats s;

	if (v->tap_fd >= 0 && tap_name(v->tap_fd, device) == 0)
		ctldoc_add(o, "device", device);
	ctldoc_add(o, "mac", v->mac);
	ctldoc_add(o, "state", hs_state_name(v->state));
	ctldoc_add(o, "peer_state", hs_state_name(v->seen));
	ctldoc_add_flag(o, "connected", v->serving);
	ctldoc_add(o, "error", v->error);
	if (v->serving) {
		ctldoc_add(o, "channels", vif_conf_channels(&v->attach.conf));
		ctldoc_add_number(o, "queues", v->attach.conf.queues);
		ctldoc_add_number(o, "since", v->serving_since);
	}
	vif_counters_sum(&v->counters, &s);
	ctldoc_add_totals(o, &s);
}

static void ctl_add_features(json_t *o, const struct vif_conf *conf)
{
	json_t *f = json_object();

	ctldoc_add_flag(f, "sg", conf->peer.sg);
	ctldoc_add_flag(f, "gso4", conf->peer.gso4);
	ctldoc_add_flag(f, "gso6", conf->peer.gso6);
	ctldoc_add_flag(f, "csum4", conf->peer.csum4);
	ctldoc_add_flag(f, "csum6", conf->peer.csum6);
	ctldoc_add_flag(f, "rx_notify", conf->rx_notify);
	ctldoc_add_flag(f, "control_ring", conf->ctrl);
	ctldoc_add_flag(f, "event_mask", conf->mask);
	(void)!json_object_set_new(o, "features", f);
}

static void ctl_add_settings(json_t *o, const struct vif *v)
{
	const struct vif_policy *policy = &v->daemon->policy;
	json_t *s = json_object();

	ctldoc_add(s, "rate", v->rate);
	ctldoc_add_flag(s, "rate_from_guest", (v->settings.limited & RATE_GTX) != 0);
	ctldoc_add_flag(s, "rate_to_guest", (v->settings.limited & RATE_GRX) != 0);
	ctldoc_add_flag(s, "multicast_filter", atomic_load(&v->settings.filter));
	ctldoc_add_number(s, "headroom", atomic_load(&v->settings.headroom));
	ctldoc_add_number(s, "hold_ms", policy->hold_ms);
	ctldoc_add_number(s, "stall_ms", policy->stall_ms);
	ctldoc_add_number(s, "queue_bytes", policy->queue_bytes);
	(void)!json_object_set_new(o, "settings", s);
}

/* Adds the process that moves the guest's packets. */
static void ctl_add_process(json_t *o, const struct vif *v)
{
	const struct process *p = v->attach.process;
	json_t *process;

	if (!v->serving)
		return;
	process = json_object();
	ctldoc_add(process, "isolation", v->daemon->processes ? "process" : "none");
	if (p && p->pid > 0)
		ctldoc_add_number(process, "pid", (uint64_t)p->pid);
	ctldoc_add_number(process, "workers", v->counters.workers);
	(void)!json_object_set_new(o, "process", process);
}

static void ctl_add_rings(json_t *o, const struct vif *v)
{
	json_t *rings = json_array();
	struct positions at;

	for (unsigned int i = 0; v->serving && vif_counters_positions(&v->counters, i, &at); i++)
		ctldoc_append_positions(rings, i, &at);
	(void)!json_object_set_new(o, "rings", rings);
}

static void ctl_add_stats(json_t *o, const struct vif *v)
{
	json_t *queues;
	struct stats s;

	vif_counters_sum(&v->counters, &s);
	ctldoc_add_counters(o, "counters", &s);
	if (!v->counters.set || v->counters.queues < 2)
		return;
	queues = json_array();
	for (unsigned int i = 0; i < v->counters.queues; i++) {
		json_t *queue = json_object();

		s = (struct stats){ { 0 } };
		stats_sum(&s, vif_counters_queue(&v->counters, i));
		ctldoc_add_number(queue, "queue", i);
		ctldoc_add_counters(queue, "counters", &s);
		(void)!json_array_append_new(queues, queue);
	}
	(void)!json_object_set_new(o, "per_queue", queues);
}

static json_t *ctl_vif(const struct vif *v, enum ctlcmd_part part)
{
	json_t *o = json_object();
	struct stats s;

	ctl_add_name(o, v);
	switch (part) {
	case CTLCMD_LIST:
		ctl_add_state(o, v);
		break;
	case CTLCMD_SHOW:
		ctl_add_state(o, v);
		if (v->serving)
			ctl_add_features(o, &v->attach.conf);
		ctl_add_rings(o, v);
		ctl_add_settings(o, v);
		ctl_add_process(o, v);
		break;
	case CTLCMD_STATS:
		ctl_add_state(o, v);
		ctl_add_process(o, v);
		ctl_add_rings(o, v);
		ctl_add_stats(o, v);
		break;
	case CTLCMD_DROPS:
		vif_counters_sum(&v->counters, &s);
		ctldoc_add_drops(o, &s);
		break;
	}
	return o;
}

static unsigned int ctl_vifs(void *daemon, const char *name, enum ctlcmd_part part, json_t *vifs)
{
	const struct backend *d = daemon;
	unsigned int n = 0;

	for (const struct vif *v = d->vifs; v; v = v->next) {
		if (v->gone || (*name && strcmp(v->name, name) != 0))
			continue;
		(void)!json_array_append_new(vifs, ctl_vif(v, part));
		n++;
	}
	return n;
}

static int ctl_set_rate(void *daemon, const char *name, const char *text)
{
	const struct backend *d = daemon;
	struct credit_rate rate;

	if (*text && credit_parse(&rate, text))
		return -EINVAL;
	for (struct vif *v = d->vifs; v; v = v->next) {
		int err;

		if (v->gone || strcmp(v->name, name) != 0)
			continue;
		err = *text ? store_write(d->store, v->be_path, "rate", text) : store_remove(d->store, v->be_path, "rate");
		/* The event of our own watch follows; the answer is to have it already. */
		if (!err)
			vif_run(v);
		return err;
	}
	return -ENOENT;
}

static void ctl_set_level(void *daemon, enum log_level level)
{
	const struct backend *d = daemon;

	log_set_level(level);
	if (d->processes)
		processes_set_level(d->processes, level);
}

static void ctl_drain(void *daemon)
{
	((struct backend *)daemon)->drain = true;
}

const struct ctlcmd_ops ctl_ops = {
	.program = "netbackd",
	.vifs = ctl_vifs,
	.set_rate = ctl_set_rate,
	.set_level = ctl_set_level,
	.drain = ctl_drain,
};
