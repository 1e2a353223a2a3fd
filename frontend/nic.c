/* SPDX-License-Identifier: MIT */
/* nic.c - the life of one interface: xenbus states, TAP, connection
 *
 * Theory of operation. nic_run() is the one serial state machine of a NIC: it
 * reads both directories, asks the handshake table for a step, does it, and
 * asks again.
 *
 * Our own state is read from xenstore as well, since others write it: after a
 * restore the toolstack has made a new directory that says Initialising, and
 * everything we had granted is void. Attempts that come to nothing are spaced
 * out, so that a backend that always refuses costs nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/errtext.h"
#include "../common/handshake.h"
#include "../common/kernel.h"
#include "../common/log.h"
#include "../common/tap.h"
#include "frontend.h"

#define STEPS_MAX 8	/* more in a row than any path of the table has */
#define BACKOFF_MAX 5u	/* an attempt after n failed ones waits 2^(n-1) seconds, up to this power */
#define LOOK_AGAIN_US 1000000u	/* after xenstored failed */

static struct store *store_of(const struct nic *n)
{
	return n->daemon->store;
}

static void set_state(struct nic *n, enum xenbus_state state)
{
	const char text[] = { (char)('0' + state), '\0' };
	int err = store_write_live(store_of(n), n->fe_path, "state", text);

	if (err && err != -ENOENT)	/* gone: the next look finds out */
		log_warn_in(&n->log, "cannot write state nic=%s error=\"%s\"", n->name, errtext(ERRTEXT_STORE, -err));
	n->state = state;
	log_debug("state nic=%s ours=%s", n->name, hs_state_name(state));
}

/* Gives rings and channels back. */
static void release(struct nic *n)
{
	struct stats sum;
	char text[900];

	if (!n->link)
		return;
	nic_link_stop(n->link);
	nic_link_stats(n->link, &sum);
	stats_print(&sum, text, sizeof(text));
	if (n->restored)
		nic_link_free_restored(n->link, n->daemon->run_dir);
	else
		nic_link_free(n->link);
	n->restored = n->replaced = false;
	n->link = NULL;
	if (n->attached)
		log_info_in(&n->log, "disconnected nic=%s %s", n->name, text);
	n->attached = false;
	nic_tap_carrier(n);
}

/* One more attempt that came to nothing: the next one waits. */
static void fail(struct nic *n, const char *why, enum errtext_of of, int err)
{
	/* A directory that goes or is no longer ours means a detach, not a failure. */
	log_bucket_line(&n->log, err == -EACCES || err == -ENOENT ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
		 "cannot connect nic=%s reason=\"%s\" error=\"%s\"", n->name, why, errtext(of, err));
	release(n);
}

static int share_rings(struct nic *n, const struct nic_conf *conf)
{
	const char *reason;
	int err = nic_tap_offloads(n, conf);

	if (err) {
		fail(n, "cannot set the device's offloads", ERRTEXT_TAP, err);
		return err;
	}
	err = nic_link_new(&n->link, n->peer, conf, n->name, n->tap_fd, n->daemon->wake_fd, &reason);
	if (err) {
		fail(n, reason, ERRTEXT_XEN, err);
		return err;
	}
	n->link->log = &n->log;
	err = nic_conf_publish(store_of(n), n->fe_path, n->link);
	if (err)
		fail(n, "cannot write the rings to xenstore", ERRTEXT_STORE, err);
	return err;
}

static void connect_rings(struct nic *n)
{
	unsigned int shift = n->attempts < BACKOFF_MAX ? n->attempts : BACKOFF_MAX;
	struct nic_conf conf;
	char why[128];
	int err;

	n->not_before = now_us() + (1000000ull << shift);
	n->attempts++;
	err = nic_tap_make(n);
	if (err) {
		fail(n, "cannot open the TAP", ERRTEXT_TAP, err);
		return;
	}
	err = nic_conf_read(&conf, store_of(n), n->be_path, n->daemon->queues, why, sizeof(why));
	if (err) {
		fail(n, why, ERRTEXT_STORE, err);
		return;
	}
	nic_conf_restrict(&conf, n->daemon);
	if (n->daemon->rss && !conf.rss)
		log_info_in(&n->log, "the backend does not hash nic=%s reason=\"%s\"", n->name,
			 conf.queues > 1 ? "no control ring" : "one queue");
	nic_filter_prepare(n, &conf);
	nic_tap_fit(n, &conf);
	if (share_rings(n, &conf) < 0)
		return;
	n->state = XenbusStateConnected;
	log_info_in(&n->log, "shared nic=%s backend=%u channels=%s sg=%d gso4=%d gso6=%d csum4=%d csum6=%d queues=%u", n->name,
		 n->peer.raw, conf.mask ? "mask" : conf.split ? "split" : "one", conf.peer.sg, conf.peer.gso4, conf.peer.gso6,
		 conf.peer.csum4, conf.peer.csum6, conf.queues);
}

static void attach(struct nic *n)
{
	int err;

	nic_announce_prepare(n);
	err = nic_link_start(n->link);
	n->attached = true;
	if (err) {
		log_error_in(&n->log, "cannot start the worker nic=%s error=\"%s\"", n->name, errtext(ERRTEXT_FILE, -err));
		return;
	}
	n->attempts = 0;
	/* The hotplug script may have written it only now. */
	nic_tap_fit(n, &n->link->conf);
	nic_tap_carrier(n);
	log_info_in(&n->log, "connected nic=%s backend=%u", n->name, n->peer.raw);
}

static void take_step(struct nic *n, enum hs_front_step step)
{
	switch (step) {
	case HS_FRONT_STAY:
		break;
	case HS_FRONT_INITIALISE:
		release(n);
		set_state(n, XenbusStateInitialising);
		break;
	case HS_FRONT_CONNECT:
		connect_rings(n);
		break;
	case HS_FRONT_ATTACHED:
		attach(n);
		break;
	case HS_FRONT_CLOSING:
		if (n->link)
			nic_link_stop(n->link);
		set_state(n, XenbusStateClosing);
		break;
	case HS_FRONT_CLOSED:
		release(n);
		set_state(n, XenbusStateClosed);
		break;
	}
}

/* --- what is read -------------------------------------------------------- */

/* Reads the state in a directory, "" for none; Unknown: it is gone, forbidden
 * or nonsense. Returns 0, or -errno if xenstored failed. */
static int read_state(const struct nic *n, const char *dir, enum xenbus_state *state)
{
	uint32_t number;
	int err = *dir ? store_read_u32(store_of(n), &number, dir, "state") : -ENOENT;

	*state = err || number >= HS_STATES ? XenbusStateUnknown : (enum xenbus_state)number;
	return store_is_unknown(err) ? err : 0;
}

/* What is looked at again when it changes, of the backend's. */
static const char *const watched[] = { "state", "carrier" };

static void unwatch_backend(struct nic *n)
{
	char path[STORE_PATH_MAX + 16];

	for (unsigned int i = 0; i < ARRAY_SIZE(watched) && *n->be_path; i++) {
		snprintf(path, sizeof(path), "%s/%s", n->be_path, watched[i]);
		store_unwatch(store_of(n), path, n->token);
	}
}

/* Returns 0, or -errno with none set: the next look finds the backend anew. */
static int watch_backend(struct nic *n)
{
	char path[STORE_PATH_MAX + 16];
	int err = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(watched) && !err; i++) {
		snprintf(path, sizeof(path), "%s/%s", n->be_path, watched[i]);
		err = store_watch(store_of(n), path, n->token);
	}
	if (err) {
		log_error_in(&n->log, "cannot watch the backend nic=%s path=%s error=\"%s\"", n->name, path, errtext(ERRTEXT_STORE, -err));
		unwatch_backend(n);
		n->be_path[0] = '\0';
	}
	return err;
}

/* Follows the backend key, which changes when we are restored elsewhere.
 * Returns 0, or -errno if xenstored failed. */
static int find_backend(struct nic *n)
{
	char path[STORE_PATH_MAX];
	uint32_t id;
	int err = store_read(store_of(n), path, sizeof(path), n->fe_path, "backend");

	if (!err)
		err = store_read_u32(store_of(n), &id, n->fe_path, "backend-id");
	if (store_is_unknown(err))
		return err;
	if (err || path[0] != '/' || id >= DOMID_FIRST_RESERVED)
		path[0] = '\0', id = 0;
	if (strcmp(path, n->be_path) == 0 && id == n->peer.raw)
		return 0;
	unwatch_backend(n);
	snprintf(n->be_path, sizeof(n->be_path), "%s", path);
	n->peer = domid_of((uint16_t)id);
	err = *path ? watch_backend(n) : 0;
	return store_is_unknown(err) ? err : 0;
}

static void take_from_kernel(struct nic *n)
{
	char device[32];
	int got;

	if (!n->daemon->take_over)
		return;
	snprintf(device, sizeof(device), "vif-%u", n->devid);
	got = kernel_unbind(KERNEL_FRONTEND, device);
	if (got < 0)
		log_error_in(&n->log, "cannot unbind the kernel's netfront device=%s error=\"%s\"", device, errtext(ERRTEXT_FILE, -got));
	else if (got)
		log_info_in(&n->log, "taken over from the kernel's netfront device=%s", device);
}

/* -ENOENT, -EACCES: our directory is gone, and so is the interface; other
 * -errno: nothing can be told. */
static int look(struct nic *n, struct hs_front_view *view)
{
	enum xenbus_state found, theirs;
	uint32_t online, state;
	int err = store_read_u32(store_of(n), &state, n->fe_path, "state");

	if (!err)
		err = find_backend(n);
	if (!err)
		err = read_state(n, n->be_path, &theirs);
	if (err)
		return err;
	found = state < HS_STATES ? (enum xenbus_state)state : XenbusStateUnknown;
	if (found != n->state)
		log_debug("state nic=%s ours=%s reason=\"written by others\"", n->name, hs_state_name(found));
	/* Nobody but the toolstack of a restored guest writes that. */
	if (n->link && found != n->state && found == XenbusStateInitialising && !n->restored) {
		n->restored = true;
		log_info_in(&n->log, "restored nic=%s", n->name);
	}
	/* A device made anew owes nothing to the attempts of the one before. */
	if (found != n->state && found == XenbusStateInitialising)
		n->attempts = 0, n->not_before = 0;
	n->state = found;
	if (!*n->be_path || store_read_u32_or(store_of(n), &online, n->be_path, "online", 1))
		online = 1;
	*view = (struct hs_front_view){
		.ours = n->state,
		.theirs = theirs,
		.shared = n->link != NULL,
		.attached = n->attached,
		.wanted = online && !n->daemon->stopping,
	};
	/* The worker may have seen since that the device was deleted. */
	if (n->link && worker_faulted(&n->link->w))
		nic_tap_replace(n);
	if (n->link && !n->replaced && worker_faulted(&n->link->w))
		log_error_in(&n->log, "closing nic=%s reason=\"%s\"", n->name, worker_faulted(&n->link->w));
	/* As if it had said so. */
	if (n->link && (n->replaced || worker_faulted(&n->link->w)))
		view->theirs = XenbusStateClosing;
	return 0;
}

/* Whether an attempt must still wait. */
static bool too_early(struct nic *n, enum hs_front_step step)
{
	if ((step != HS_FRONT_CONNECT && step != HS_FRONT_INITIALISE) || n->link || now_us() >= n->not_before)
		return false;
	frontend_retry_at(n->daemon, n->not_before);
	return true;
}

void nic_run(struct nic *n)
{
	if (store_lost(store_of(n)))
		return;		/* all are looked at once it is back */
	take_from_kernel(n);
	nic_tap_replace(n);
	/* As a kernel's device, the TAP is there before any backend is. */
	if (n->tap_fd < 0 && n->seen == XenbusStateUnknown) {
		int err = nic_tap_make(n);

		if (err)
			log_error_in(&n->log, "cannot open the TAP nic=%s error=\"%s\"", n->name, errtext(ERRTEXT_TAP, -err));
	}
	for (int i = 0; i < STEPS_MAX; i++) {
		struct hs_front_view view;
		enum hs_front_step step;
		int err = look(n, &view);

		/* A xenstored that fails must not look like a toolstack that removes. */
		if (store_lost(store_of(n)) || ((err == -ENOENT || err == -EACCES) && n->unlisted))
			return;
		if (store_is_unknown(err)) {
			log_warn_in(&n->log, "cannot read xenstore, looking again nic=%s error=\"%s\"", n->name, errtext(ERRTEXT_STORE, -err));
			frontend_retry_at(n->daemon, now_us() + LOOK_AGAIN_US);
		}
		if (err && err != -ENOENT && err != -EACCES)
			return;
		if (err) {
			release(n);
			nic_tap_remove(n);
			n->gone = true;
			log_info("removed nic=%s", n->name);
			return;
		}
		n->unlisted = false;
		if (view.theirs != n->seen) {
			log_debug("state nic=%s theirs=%s", n->name, hs_state_name(view.theirs));
			n->seen = view.theirs;
		}
		step = hs_front_next(&view);
		if (step == HS_FRONT_STAY && n->attached) {
			nic_tap_carrier(n);
			nic_filter_look(n);
		}
		if (step == HS_FRONT_STAY || too_early(n, step))
			return;
		take_step(n, step);
	}
}

struct nic *nic_new(struct frontend *d, uint32_t devid)
{
	struct nic *n = calloc(1, sizeof(*n));
	enum xenbus_state state;
	int err;

	if (!n)
		return NULL;
	n->daemon = d;
	n->devid = devid;
	n->tap_fd = -1;
	snprintf(n->name, sizeof(n->name), "nic%u", devid);
	snprintf(n->token, sizeof(n->token), "%u", devid);
	snprintf(n->fe_path, sizeof(n->fe_path), "device/vif/%u", devid);
	err = read_state(n, n->fe_path, &state);
	if (!err && state == XenbusStateUnknown) {
		free(n);	/* an event for what is gone already */
		return NULL;
	}
	log_info("found nic=%s", n->name);
	return n;
}

void nic_free(struct nic *n)
{
	release(n);
	if (n->tap_fd >= 0)
		close(n->tap_fd);
	unwatch_backend(n);
	free(n);
}
