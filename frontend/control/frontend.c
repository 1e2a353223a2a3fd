/* SPDX-License-Identifier: MIT */
/* frontend.c - watch events to NICs
 *
 * One watch on device/vif and one on each backend's state. An event only marks
 * its NIC dirty; when no more are waiting each dirty NIC is looked at once.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/linkwatch.h"
#include "common/wire/handshake.h"
#include "common/wire/parse.h"
#include "filter.h"
#include "frontend.h"
#include "nic_tap.h"
#include "nic_watch.h"
#include "stale_taps.h"

/* #syscalls-control timerfd_settime */

#define ROOT "device/vif"
#define ROOT_TOKEN "device"

static struct nic *frontend_find(const struct frontend *d, uint32_t devid)
{
	for (struct nic *n = d->nics; n; n = n->next)
		if (n->devid == devid && !n->gone)
			return n;
	return NULL;
}

/* Returns whether a device is one that the command line lets us serve. */
static bool frontend_serves(const void *frontend, uint32_t devid)
{
	const struct frontend *d = frontend;

	for (unsigned int i = 0; i < d->nnamed; i++)
		if (d->named[i] == devid)
			return true;
	return d->nnamed == 0;
}

/* Inserts by device number, so that devices get their names in that order. */
static void frontend_insert(struct frontend *d, struct nic *n)
{
	struct nic **at = &d->nics;

	while (*at && (*at)->devid < n->devid)
		at = &(*at)->next;
	n->next = *at;
	*at = n;
}

static void frontend_mark(struct frontend *d, uint32_t devid)
{
	struct nic *n = frontend_find(d, devid);

	if (!n && frontend_serves(d, devid) && !d->shared.stopping) {
		n = nic_new(&d->shared, devid);
		if (n)
			frontend_insert(d, n);
	}
	if (n)
		n->dirty = true;
}

static void frontend_scan_device(void *arg, const char *name)
{
	uint32_t devid;

	if (parse_u32(&devid, name))
		frontend_mark(arg, devid);
}

/* Sets the timer to a time in microseconds, or leaves it if it fires earlier. */
static void frontend_retry_at(struct frontend *d, uint64_t when)
{
	struct itimerspec once = { .it_value = { (time_t)(when / 1000000u), (long)(when % 1000000u) * 1000 + 1 } };

	/* All NICs share the timer: the one that waits longest must not put it off. */
	if (d->retry_at && d->retry_at <= when)
		return;
	d->retry_at = when;
	if (timerfd_settime(d->retry_fd, TFD_TIMER_ABSTIME, &once, NULL) < 0)
		log_warn("cannot set the retry timer error=\"%s\"", errtext(ERRTEXT_FILE, -errno));
}

static void frontend_run_dirty(struct frontend *d)
{
	struct nic **at = &d->nics;

	while (*at) {
		struct nic *n = *at;

		if (n->dirty) {
			n->dirty = false;
			nic_run(n);
			if (n->retry_at)
				frontend_retry_at(d, n->retry_at);
			n->retry_at = 0;
		}
		if (n->gone) {
			*at = n->next;
			nic_free(n);
		} else {
			at = &n->next;
		}
	}
}

static void frontend_scan(struct frontend *d)
{
	int err = store_list(d->shared.store, ROOT, frontend_scan_device, d);

	/* Without any device there may be no directory either, and xenstored says so by -EACCES. */
	if (err && err != -EACCES && !store_lost(d->shared.store))
		log_warn("cannot list the VIFs dir=%s error=\"%s\"", ROOT, errtext(ERRTEXT_STORE, err));
}

void frontend_sweep(struct frontend *d)
{
	stale_taps_remove(&(struct stale_taps){ d->shared.store, d->shared.run_dir, frontend_serves, d });
}

int frontend_start(struct frontend *d)
{
	int err = store_watch(d->shared.store, ROOT, ROOT_TOKEN);

	if (err)
		return err;
	/* Before new TAPs are made, which need the same names. */
	frontend_sweep(d);
	frontend_scan(d);
	frontend_run_dirty(d);
	return 0;
}

void frontend_tick(struct frontend *d)
{
	for (struct nic *n = d->nics; n; n = n->next) {
		log_bucket_tell(&n->log, n->name);
		n->dirty = nic_watch(n) || n->dirty;
		if (n->conn)
			nic_conn_capture_reap(n->conn);
	}
	frontend_run_dirty(d);
}

void frontend_reconnected(struct frontend *d, int how)
{
	for (struct nic *n = d->nics; n; n = n->next)
		n->unlisted = n->unlisted || how == STORE_EMPTIED;
	frontend_scan(d);
	frontend_look(d);
}

void frontend_look(struct frontend *d)
{
	for (struct nic *n = d->nics; n; n = n->next)
		n->dirty = true;
	frontend_run_dirty(d);
}

void frontend_events(struct frontend *d)
{
	char path[STORE_PATH_MAX], token[32];
	bool rescan = false;

	while (store_next_event(d->shared.store, path, sizeof(path), token, sizeof(token))) {
		uint32_t devid;

		if (strcmp(token, ROOT_TOKEN) == 0)
			rescan = true;
		else if (parse_u32(&devid, token))
			frontend_mark(d, devid);
	}
	if (rescan) {
		/* Few devices: what came, went or changed is found by looking. */
		for (struct nic *n = d->nics; n; n = n->next)
			n->dirty = true;
		frontend_scan(d);
	}
	frontend_run_dirty(d);
}

static void frontend_link_event(void *arg, const struct link_event *ev)
{
	const struct frontend *d = arg;

	for (struct nic *n = d->nics; n; n = n->next)
		if (nic_tap_event(n, ev))
			n->dirty = true;
}

void frontend_links(struct frontend *d)
{
	linkwatch_take(d->shared.link_fd, frontend_link_event, d);
	frontend_run_dirty(d);
}

void frontend_close(struct frontend *d)
{
	d->shared.stopping = true;
	frontend_look(d);
}

bool frontend_closed(const struct frontend *d)
{
	for (const struct nic *n = d->nics; n; n = n->next)
		if (n->conn)
			return false;
	return true;
}

void frontend_stop(struct frontend *d)
{
	while (d->nics) {
		struct nic *n = d->nics;

		d->nics = n->next;
		nic_free(n);
	}
}

void frontend_retry(struct frontend *d)
{
	d->retry_at = 0;
	frontend_look(d);
}

void frontend_filters(struct frontend *d)
{
	for (struct nic *n = d->nics; n; n = n->next)
		nic_filter_look(n);
}

void frontend_log_stats(const struct frontend *d)
{
	struct stats s;

	for (const struct nic *n = d->nics; n; n = n->next) {
		if (n->conn)
			nic_conn_stats(n->conn, &s);
		stats_log("nic", n->name, hs_state_name(n->state), n->conn ? &s : NULL);
		for (unsigned int i = 0; n->conn && nic_conn_queue_stats(n->conn, i, &s); i++)
			stats_log_queue("nic", n->name, i, &s);
	}
}
