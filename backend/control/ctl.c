/* SPDX-License-Identifier: MIT */
/* ctl.c - netbackd's VIFs as documents of the control socket, for ctl.h */
#include <errno.h>

#include "common/host/ctldoc.h"
#include "attach_capture.h"
#include "backend.h"
#include "ctl.h"
#include "processes.h"

static void *ctl_next(void *daemon, const void *vif)
{
	const struct backend *d = daemon;
	struct vif *v = vif ? ((const struct vif *)vif)->next : d->vifs;

	while (v && v->gone)
		v = v->next;
	return v;
}

static void ctl_describe(const void *vif, struct ctlcmd_vif *out)
{
	const struct vif *v = vif;

	*out = (struct ctlcmd_vif){
		.name = v->name, .domid = v->peer.raw, .devid = v->devid, .tap_fd = v->tap_fd, .ours = v->state, .theirs = v->seen,
		.connected = v->serving,
	};
	if (v->serving) {
		out->channels = vif_conf_channels(&v->attach.conf);
		out->queues = v->attach.conf.queues;
		out->peer = &v->attach.conf.peer;
	}
	vif_counters_sum(&v->counters, &out->sum);
}

static void ctl_add_guest(json_t *o, const void *vif)
{
	const struct vif *v = vif;

	ctldoc_add(o, "guest", v->guest);
	ctldoc_add(o, "uuid", v->domain);
}

static void ctl_add_state(json_t *o, const void *vif)
{
	const struct vif *v = vif;

	ctldoc_add(o, "mac", v->mac);
	ctldoc_add(o, "port", v->port.text);
	if (v->port.name.kind == PORT_VHOST_USER)
		ctldoc_add_flag(o, "switch", v->port.vhost.switch_fd >= 0);
	ctldoc_add(o, "error", v->error);
	if (v->serving)
		ctldoc_add_number(o, "since", v->serving_since);
}

static void ctl_add_features(json_t *f, const void *vif)
{
	const struct vif_conf *conf = &((const struct vif *)vif)->attach.conf;

	ctldoc_add_flag(f, "rx_notify", conf->rx_notify);
	ctldoc_add_flag(f, "control_ring", conf->ctrl);
	ctldoc_add_flag(f, "event_mask", conf->mask);
}

static void ctl_add_settings(json_t *o, const void *vif)
{
	const struct vif *v = vif;
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

static void ctl_add_process(json_t *o, const void *vif)
{
	const struct vif *v = vif;
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

static bool ctl_positions(const void *vif, unsigned int i, struct positions *out)
{
	const struct vif *v = vif;

	return v->serving && vif_counters_positions(&v->counters, i, out);
}

static bool ctl_queue_stats(const void *vif, unsigned int i, struct stats *out)
{
	return vif_counters_queue_stats(&((const struct vif *)vif)->counters, i, out);
}

static int ctl_set_rate(void *vif, const char *text)
{
	struct vif *v = vif;
	struct credit_rate rate;
	int err;

	if (*text && credit_parse(&rate, text))
		return -EINVAL;
	err = *text ? store_write(v->daemon->store, v->be_path, "rate", text) : store_remove(v->daemon->store, v->be_path, "rate");
	/* The event of our own watch follows; the answer is to have it already. */
	if (!err)
		vif_run(v);
	return err;
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

static unsigned int ctl_capture_workers(const void *vif)
{
	const struct vif *v = vif;

	return v->serving ? v->counters.workers : 0;
}

static int ctl_capture_begin(void *vif, const struct capring_wish *wish, const struct capture_fds *fds)
{
	return attach_capture(&((struct vif *)vif)->attach, wish, fds);
}

static void ctl_capture_end(void *vif)
{
	attach_capture_stop(&((struct vif *)vif)->attach);
}

static bool ctl_capture_is_on(const void *vif)
{
	return attach_is_captured(&((const struct vif *)vif)->attach);
}

const struct ctlcmd_ops ctl_ops = {
	.program = "netbackd",
	.next = ctl_next,
	.describe = ctl_describe,
	.add_guest = ctl_add_guest,
	.add_state = ctl_add_state,
	.add_features = ctl_add_features,
	.add_settings = ctl_add_settings,
	.add_process = ctl_add_process,
	.positions = ctl_positions,
	.queue_stats = ctl_queue_stats,
	.set_rate = ctl_set_rate,
	.set_level = ctl_set_level,
	.drain = ctl_drain,
	.capture = { .workers = ctl_capture_workers, .begin = ctl_capture_begin, .end = ctl_capture_end, .is_on = ctl_capture_is_on },
};
