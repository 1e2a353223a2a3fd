/* SPDX-License-Identifier: MIT */
/* backend.c - watch events to VIFs
 *
 * Theory of operation. One watch on backend/vif and one on each frontend's
 * state. An event only marks its VIF dirty; when no more are waiting each
 * dirty VIF is looked at once, and what counts is what is read then. So a
 * flood of events costs a guest's own VIF one look, not one each (XSA-349).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/base/errtext.h"
#include "common/host/linkwatch.h"
#include "common/base/log.h"
#include "common/wire/parse.h"
#include "attach_capture.h"
#include "attach_stuck.h"
#include "attach_switch.h"
#include "backend.h"
#include "hotplug.h"
#include "past.h"
#include "processes.h"
#include "refuse.h"
#include "stale_taps.h"
#include "vif_new.h"
#include "vif_tap.h"
#include "vif_watch.h"

#define ROOT "backend/vif"
#define ROOT_TOKEN "backend"

static struct vif *backend_find(const struct backend *d, uint32_t domid, uint32_t devid)
{
	for (struct vif *v = d->vifs; v; v = v->next)
		if (v->peer.raw == domid && v->devid == devid && !v->gone)
			return v;
	return NULL;
}

static void backend_mark(struct backend *d, uint32_t domid, uint32_t devid)
{
	struct vif *v = backend_find(d, domid, devid);

	if (!v) {
		v = vif_new(d, domid_of((uint16_t)domid), devid);
		if (!v) {
			d->stale_taps = true;
			return;
		}
		v->next = d->vifs;
		d->vifs = v;
	}
	v->dirty = true;
}

/* Reads D and devid from the path of a VIF below the root. Returns false if it is not one. */
static bool backend_parse_ids(const char *rest, uint32_t *domid, uint32_t *devid)
{
	char d[12], h[12];

	if (sscanf(rest, "%11[^/]/%11[^/]", d, h) != 2)
		return false;
	return parse_u32(domid, d) && parse_u32(devid, h) && *domid < DOMID_FIRST_RESERVED;
}

struct scan {
	struct backend *daemon;
	const char *domain;
};

static void backend_scan_device(void *arg, const char *name)
{
	struct scan *scan = arg;
	uint32_t domid, devid;

	if (parse_u32(&domid, scan->domain) && parse_u32(&devid, name) && domid < DOMID_FIRST_RESERVED)
		backend_mark(scan->daemon, domid, devid);
}

static void backend_scan_domain(void *arg, const char *name)
{
	struct scan scan = { arg, name };
	char dir[64];
	int err;

	snprintf(dir, sizeof(dir), ROOT "/%s", name);
	err = store_list(scan.daemon->store, dir, backend_scan_device, &scan);
	if (err) {
		if (!store_lost(scan.daemon->store))
			log_warn("cannot list the VIFs of a guest dir=%s error=\"%s\"", dir, errtext(ERRTEXT_STORE, err));
		scan.daemon->look_again = true;
	}
}

/* Frees a VIF that is gone. Returns true if VIFs are dirty because of it. */
static bool backend_free_gone(struct backend *d, struct vif **at)
{
	struct vif *v = *at;
	uint32_t domid = v->peer.raw, devid = v->devid;
	bool remade = v->remade, freed = false;

	*at = v->next;
	/* One that waited for the device's name may have it now. */
	for (struct vif *w = d->vifs; w; w = w->next) {
		if (!w->waits || strcmp(w->name, v->name) != 0)
			continue;
		w->waits = w->refused = false;
		w->dirty = freed = true;
	}
	vif_free(v);
	if (remade)
		backend_mark(d, domid, devid);
	return remade || freed;
}

static bool backend_run_each_dirty(struct backend *d)
{
	struct vif **at = &d->vifs;
	bool again = false;

	while (*at) {
		struct vif *v = *at;

		if (v->dirty) {
			v->dirty = false;
			vif_run(v);
			vif_vhost_settle(v);
		}
		if (!v->gone)
			at = &v->next;
		else if (backend_free_gone(d, at))
			again = true;
	}
	return again;
}

/* Not until nothing is left to do: a store that takes no state of ours would
 * have every directory look new for ever. */
static void backend_run_dirty(struct backend *d)
{
	if (backend_run_each_dirty(d))
		(void)!backend_run_each_dirty(d);
}

static void backend_scan_all(struct backend *d)
{
	int err = store_list(d->store, ROOT, backend_scan_domain, d);

	if (err) {
		if (!store_lost(d->store))
			log_warn("cannot list the guests dir=%s error=\"%s\"", ROOT, errtext(ERRTEXT_STORE, err));
		d->look_again = true;
	}
}

/* Removes the devices of VIFs that are gone, once no data process that ends has them open. */
static void backend_sweep_taps(struct backend *d)
{
	if (!d->stale_taps || (d->processes && !processes_settled(d->processes)))
		return;
	stale_taps_sweep(d);
	d->stale_taps = false;
}

/* Returns true if a VIF of that guest was connected when the daemon started. */
static bool backend_was_connected(void *arg, struct domid guest)
{
	for (const struct vif *v = ((const struct backend *)arg)->vifs; v; v = v->next)
		if (v->peer.raw == guest.raw && hs_back_is_up(v->state))
			return true;
	return false;
}

int backend_start(struct backend *d)
{
	int err = store_watch(d->store, ROOT, ROOT_TOKEN);

	if (err)
		return err;
	backend_scan_all(d);
	if (d->processes)
		processes_sweep(d->processes, backend_was_connected, d);
	backend_run_dirty(d);
	d->stale_taps = true;
	backend_sweep_taps(d);
	return 0;
}

/* The path of a root event is relative, as the watch was. */
static void backend_root_event(struct backend *d, const char *path)
{
	uint32_t domid, devid;
	size_t root = strlen(ROOT);

	if (strncmp(path, ROOT, root) == 0 && path[root] == '/' &&
	    backend_parse_ids(path + root + 1, &domid, &devid)) {
		backend_mark(d, domid, devid);
		return;
	}
	/* Something above the devices: a whole domain went, or all of it. */
	for (struct vif *v = d->vifs; v; v = v->next)
		v->dirty = true;
}

void backend_events(struct backend *d)
{
	char path[STORE_PATH_MAX], token[32];

	while (store_next_event(d->store, path, sizeof(path), token, sizeof(token))) {
		uint32_t domid, devid;
		struct vif *v;

		if (strcmp(token, ROOT_TOKEN) == 0) {
			backend_root_event(d, path);
		} else if (backend_parse_ids(token, &domid, &devid)) {
			v = backend_find(d, domid, devid);
			if (v)
				v->dirty = true;
		}
	}
	backend_run_dirty(d);
	/* A directory that was never served and goes now may leave a device. */
	backend_sweep_taps(d);
}

static void backend_look_again(struct backend *d)
{
	if (!d->look_again)
		return;
	d->look_again = false;
	for (struct vif *v = d->vifs; v; v = v->next)
		v->dirty = v->dirty || v->look_again;
	/* A directory that could not be read has no VIF yet. */
	backend_scan_all(d);
}

/* Marks the VIFs whose connection has news. */
static void backend_mark_changed(struct backend *d)
{
	for (struct vif *v = d->vifs; v; v = v->next) {
		v->dirty = v->dirty || v->attach.changed;
		v->attach.changed = false;
	}
}

void backend_processes(struct backend *d)
{
	processes_events(d->processes);
	backend_mark_changed(d);
	backend_run_dirty(d);
	processes_drop_unclaimed(d->processes);
	backend_sweep_taps(d);
}

static void backend_script_ended(void *arg, const struct hotplug_result *result)
{
	struct backend *d = arg;
	struct vif *v = backend_find(d, result->domid, result->devid);

	if (v)
		vif_hotplug_ended(v, result);
	for (v = d->vifs; v; v = v->next)
		v->dirty = v->dirty || v->hotplug.waits;
}

void backend_scripts(struct backend *d)
{
	hotplug_events(d->hotplug, backend_script_ended, d);
	backend_run_dirty(d);
}

void backend_tick(struct backend *d)
{
	if (d->hotplug)
		hotplug_tick(d->hotplug, backend_script_ended, d);
	for (struct vif *v = d->vifs; v; v = v->next)
		vif_tick(v);
	backend_look_again(d);
	if (d->processes)
		processes_tick(d->processes);
	for (struct vif *v = d->vifs; v; v = v->next) {
		vif_watch(v);
		vif_vhost_tick(v);
		attach_run_switch(&v->attach);
		attach_tick(&v->attach);
		attach_reset_tick(&v->attach);
		attach_capture_tick(&v->attach);
	}
	backend_mark_changed(d);
	backend_run_dirty(d);
}

void backend_reconnected(struct backend *d, int how)
{
	for (struct vif *v = d->vifs; v; v = v->next) {
		v->dirty = true;
		v->unlisted = v->unlisted || how == STORE_EMPTIED;
	}
	backend_scan_all(d);
	backend_run_dirty(d);
}

static void backend_link_event(void *arg, const struct link_event *ev)
{
	const struct backend *d = arg;

	for (struct vif *v = d->vifs; v; v = v->next)
		if (vif_port_event(v, ev))
			v->dirty = true;
}

int backend_ports_fd(struct backend *d)
{
	d->ports_fd = epoll_create1(EPOLL_CLOEXEC);
	return d->ports_fd < 0 ? -errno : d->ports_fd;
}

static void backend_ports(struct backend *d)
{
	struct epoll_event ev[16];
	int n = epoll_wait(d->ports_fd, ev, ARRAY_SIZE(ev), 0);

	/* A connection that is served here has its switch's socket here, too, whose events are of no VIF. */
	for (struct vif *v = d->vifs; v; v = v->next) {
		attach_run_switch(&v->attach);
		for (int i = 0; i < n; i++)
			if (ev[i].data.ptr == v)
				vif_vhost_events(v);
	}
}

void backend_links(struct backend *d)
{
	linkwatch_take(d->link_fd, backend_link_event, d);
	backend_run_dirty(d);
}

void backend_faults(struct backend *d)
{
	struct reason why;

	backend_ports(d);
	for (struct vif *v = d->vifs; v; v = v->next)
		if (v->serving && (attach_faulted(&v->attach, &why) || attach_stalled(&v->attach) == v->carrier))
			v->dirty = true;
	backend_run_dirty(d);
}

void backend_close(struct backend *d)
{
	d->closing = true;
	for (struct vif *v = d->vifs; v; v = v->next)
		v->dirty = true;
	backend_run_dirty(d);
}

bool backend_empty(const struct backend *d)
{
	return d->vifs == NULL;
}

void backend_stop(struct backend *d)
{
	if (d->processes)
		processes_stop(d->processes);
	while (d->vifs) {
		struct vif *v = d->vifs;

		d->vifs = v->next;
		past_save(&v->counters, d->run_dir, v->name);
		vif_free(v);
	}
}

void backend_log_stats(const struct backend *d)
{
	struct stats s;

	for (const struct vif *v = d->vifs; v; v = v->next) {
		if (v->serving)
			vif_counters_sum(&v->counters, &s);
		stats_log("vif", v->name, hs_state_name(v->state), v->serving ? &s : NULL);
		for (unsigned int i = 0; v->serving && vif_counters_queue_stats(&v->counters, i, &s); i++)
			stats_log_queue("vif", v->name, i, &s);
	}
}
