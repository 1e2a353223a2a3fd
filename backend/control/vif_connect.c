/* SPDX-License-Identifier: MIT */
/* vif_connect.c - a VIF is connected, and disconnected, for vif_connect.h
 *
 * A VIF outlives the daemon, and its data process. Its TAP is persistent; its rings are in the
 * guest's memory and say where to go on (rsp_prod). So where both ends are Connected and nobody
 * serves the rings, they are adopted, and the frontend notices nothing.
 */
#include <errno.h>
#include <time.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/store_ahead.h"
#include "common/base/probe.h"
#include "common/wire/handshake.h"
#include "attach_found.h"
#include "backend.h"
#include "life.h"
#include "past.h"
#include "refuse.h"
#include "vif_conf.h"
#include "vif_connect.h"
#include "vif_fds.h"
#include "vif_port.h"
#include "vif_settings.h"
#include "vif_state.h"
#include "vif_tap.h"

bool vif_claim_device(struct vif *v)
{
	const struct vif *rival = vif_rival(v);
	struct reason why = { .what = "the guest's VIF" };

	v->waits = rival != NULL;
	if (rival) {
		reason_about(&why, "%u has the same handle, and so the device %s: each VIF needs a handle of its own",
			     rival->devid, v->name);
		vif_refuse(v, &why);
		return false;
	}
	if (!reason_fail(&why, hs_back_is_up(v->state) ? "cannot open device" : "cannot create device", ERRTEXT_TAP, vif_tap_open(v)))
		return true;
	reason_about(&why, "%s", v->name);
	vif_refuse(v, &why);
	return false;
}

/* Returns how many queues the frontend may have. What an earlier daemon agreed
 * to stands, whatever --max-queues says now: it is what we published then. */
static uint32_t vif_queues_allowed(const struct vif *v)
{
	uint32_t max;

	if (!hs_back_is_up(v->state) || store_read_u32(v->daemon->store, &max, v->be_path, "multi-queue-max-queues"))
		return v->daemon->policy.max_queues;
	return max < VIF_QUEUES_MAX ? max : VIF_QUEUES_MAX;
}

/* Returns the mask of the offload header as it was published, for this connection or for the one that is adopted. */
static int vif_header_offered(struct vif *v, uint32_t *header)
{
	int err = store_read_u32_or(v->daemon->store, header, v->be_path, "feature-vnet-header", 0);

	if (!err || store_is_unknown(err))
		return err;
	*header = 0;
	return 0;
}

/* Refuses the VIF, unless its device was deleted at this moment: the next step
 * has another. */
static void vif_refuse_unless_lost(struct vif *v, const struct reason *why)
{
	if (!vif_tap_is_lost(v))
		vif_refuse(v, why);
}

/* Reads what the connection is made of. Returns 0, or -errno with the reason in why. */
static int vif_read_conf(struct vif *v, struct vif_conf *conf, struct reason *why)
{
	const struct store_key keys[] = {
		{ v->be_path, "multi-queue-max-queues" }, { v->be_path, "fill-checksums" }, { v->be_path, "mac" },
		{ v->be_path, "feature-vnet-header" },
	};
	struct store *s = v->daemon->store;
	struct vif_offered offered;
	int err;

	store_ahead(s, keys, ARRAY_SIZE(keys));
	offered.max_queues = vif_queues_allowed(v);
	err = vif_header_offered(v, &offered.header);
	if (!err)
		err = vif_conf_read(conf, s, v->fe_path, &offered, why);
	if (!err && conf->header)
		conf->device &= (uint16_t)vif_port_header(v);
	if (!err && vif_conf_fills(&v->daemon->policy, s, v->be_path))
		conf->peer.csum4 = conf->peer.csum6 = false;
	store_ahead_end(s);
	return err;
}

/* Prepares the device and the settings for a frontend, whose keys go to *conf. Returns false if
 * it cannot be connected now. */
static bool vif_prepare(struct vif *v, struct vif_conf *conf)
{
	bool adopt = hs_back_is_up(v->state), chosen;
	unsigned int old;
	struct reason why;
	int err;

	if (!vif_claim_device(v))
		return false;
	chosen = vif_port_choose(v);
	if (vif_port_was_other(v))
		(void)!attach_stop(&v->attach);
	if (!chosen)
		return false;
	err = vif_read_conf(v, conf, &why);
	if (store_is_unknown(err))
		vif_look_again(v, err);
	else if (err)
		vif_refuse(v, &why);
	if (err)
		return false;
	if (reason_fail(&why, "cannot set the device's offloads", ERRTEXT_TAP, vif_port_fit(v, conf))) {
		vif_refuse_unless_lost(v, &why);
		return false;
	}
	/* What is queued was for another frontend, or for an earlier life of this one. */
	if (!adopt && (old = vif_port_flush(v)) != 0)
		log_debug("dropped what was queued before vif=%s frames=%u", v->name, old);
	vif_settings_read(v);
	if (v->tables_lost && (conf->ctrl || atomic_load(&v->settings.filter))) {
		v->tables_lost = false;
		vif_refuse(v, &(struct reason){ .what = "what the frontend told an earlier backend is lost: it has to connect anew" });
		return false;
	}
	v->tables_lost = false;
	/* What was read last may be defaults, as nothing could be read. */
	if (store_lost(v->daemon->store)) {
		vif_look_again(v, -ENOTCONN);
		return false;
	}
	vif_headroom_set(v, conf->headroom);
	return true;
}

bool vif_find_served(struct vif *v)
{
	int fd;

	if (v->looked || !v->daemon->processes)
		return true;
	if (attach_find(&v->attach, v->daemon->processes, v->peer, v->name, &fd))
		return false;
	v->looked = true;
	if (fd >= 0)
		vif_port_offer(v, fd);
	return hs_back_is_up(v->state) || attach_stop(&v->attach);
}

/* Makes the counters of a new connection, which go on from those of the last one. Returns 0 or -errno. */
static int vif_begin_counters(struct vif *v, unsigned int queues, unsigned int workers)
{
	struct vif_counters fresh = { .fd = -1 };
	struct past past;

	vif_counters_new(&fresh, queues, workers);
	if (!fresh.set)
		return errno ? -errno : -ENOMEM;
	if (v->counters.set)
		past_take(&past, &v->counters);
	else
		past_load(&past, v->daemon->run_dir, v->name);
	vif_counters_free(&v->counters);
	v->counters = fresh;
	past_give(&past, &v->counters);
	vif_counters_sum(&v->counters, &v->counted_before);
	return 0;
}

static void vif_start(struct vif *v)
{
	struct vif_conn_params params = {
		.peer = v->peer, .name = v->name, .control_fd = v->daemon->control_fd,
		.adopt = hs_back_is_up(v->state), .hold_ms = v->daemon->policy.hold_ms,
		.stall_ms = v->daemon->policy.stall_ms, .quota = v->daemon->quota, .settings = &v->settings,
		.counters = &v->counters, .switch_fd = v->daemon->ports_fd,
	};
	struct vif_conf conf;
	struct vif_fds fds;
	struct reason why;
	int err;

	if (!vif_prepare(v, &conf))
		return;
	params.vhost = v->port.name.kind == PORT_VHOST_USER;
	params.workers = vif_port_workers(v, &conf);
	params.limit_bytes = vif_fds_limit_bytes(v);
	if (attach_adopt(&v->attach, &params, &conf, &v->counters)) {
		v->counted_before = (struct stats){ { 0 } };
		return;
	}
	if (v->attach.state != ATTACH_NONE)
		return;
	vif_fds_open(&fds, v, params.workers);
	err = reason_fail(&why, "cannot make the counters", ERRTEXT_FILE, vif_begin_counters(v, conf.queues, fds.workers));
	if (err)
		vif_fds_drop(&fds);
	else
		err = attach_start(&v->attach, v->daemon->processes, &params, &fds, &conf, &why);
	if (err && err != -EINPROGRESS)
		vif_refuse_unless_lost(v, &why);
}

/* Goes on once the connection is up: tells the frontend. */
static void vif_serve_frontend(struct vif *v)
{
	const struct vif_conf *conf = &v->attach.conf;
	bool adopt = hs_back_is_up(v->state);

	v->serving = true;
	v->serving_since = (uint64_t)time(NULL);
	probe_connect(v->name, conf->queues, (int)adopt);
	attach_settings(&v->attach);
	vif_port_carrier(v);
	if (!adopt)
		vif_set_state(v, XenbusStateConnected);
	vif_error_settle_or_log(v);
	log_info_in(&v->settings.log, "%s vif=%s domid=%u channels=%s control=%d sg=%d gso4=%d gso6=%d csum4=%d csum6=%d header=%#x uso=%d rx-notify=%d queues=%u workers=%u",
		 adopt ? "adopted" : "connected", v->name, v->peer.raw, vif_conf_channels(conf),
		 conf->ctrl, conf->peer.sg, conf->peer.gso4, conf->peer.gso6, conf->peer.csum4, conf->peer.csum6,
		 conf->header, conf->peer.uso, conf->rx_notify, conf->queues, v->counters.workers);
}

void vif_connect_frontend(struct vif *v)
{
	struct reason why;

	if (v->attach.state == ATTACH_NONE || v->attach.state == ATTACH_FOUND) {
		if (attach_failed(&v->attach, &why))
			vif_refuse_unless_lost(v, &why);
		else
			vif_start(v);
	}
	if (v->attach.state != ATTACH_STARTING)
		vif_counters_close_fd(&v->counters);
	if (v->attach.state == ATTACH_UP)
		vif_serve_frontend(v);
}

bool vif_disconnect(struct vif *v)
{
	struct stats sum;
	char text[STATS_TEXT_MAX];

	if (!attach_stop(&v->attach))
		return false;
	vif_port_close(v);
	if (!v->serving) {
		vif_port_carrier(v);
		return true;
	}
	v->serving = false;
	probe_disconnect(v->name);
	vif_counters_sum(&v->counters, &sum);
	stats_subtract(&sum, &v->counted_before);
	stats_print(&sum, text, sizeof(text));
	vif_port_carrier(v);
	log_info_in(&v->settings.log, "disconnected vif=%s %s", v->name, text);
	return true;
}

bool vif_is_starting(struct vif *v, bool wanted)
{
	if (v->serving || v->attach.state == ATTACH_NONE)
		return false;
	return wanted ? v->attach.state == ATTACH_STARTING : !vif_disconnect(v);
}
