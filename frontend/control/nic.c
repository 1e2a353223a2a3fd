/* SPDX-License-Identifier: MIT */
/* nic.c - the life of one interface: xenbus states, TAP, connection
 *
 * Theory of operation. nic_run() is the one serial state machine of a NIC: it reads both
 * directories, asks the handshake table for a step, does it, and asks again.
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

#include "common/base/clock.h"
#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/base/probe.h"
#include "common/base/reason.h"
#include "common/host/kernel.h"
#include "common/host/xenbus.h"
#include "common/wire/handshake.h"
#include "evtchn_keeper.h"
#include "filter.h"
#include "nic.h"
#include "nic_backend.h"
#include "nic_conf.h"
#include "nic_tap.h"
#include "nic_watch.h"

/* #syscalls-control close */

#define STEPS_MAX 8	/* more in a row than any path of the table has */
#define BACKOFF_MAX 5u	/* an attempt after n failed ones waits 2^(n-1) seconds, up to this power */
#define LOOK_AGAIN_US 1000000u	/* after xenstored failed */

static struct store *nic_store_of(const struct nic *n)
{
	return n->daemon->store;
}

static void nic_set_state(struct nic *n, enum xenbus_state state)
{
	int err = xenbus_write_state(nic_store_of(n), n->fe_path, state);

	if (err && !store_lost(nic_store_of(n)))
		log_warn_in(&n->log, "cannot write the key state nic=%s error=\"%s\"", n->name, errtext(ERRTEXT_STORE, err));
	n->state = state;
	log_debug("state nic=%s ours=%s", n->name, hs_state_name(state));
}

/* Gives rings back and the channels, which are of before a restore, to the keeper. */
static void nic_release_restored(struct nic *n)
{
	int fd = nic_conn_free_restored(n->conn), err = fd < 0 ? fd : evtchn_keeper_give(n->daemon->run_dir, fd);

	if (!err) {
		close(fd);
		return;
	}
	/* Better a descriptor lost than the process: it stays open. */
	log_error("cannot keep the event channels open that the guest had before its restore nic=%s error=\"%s\"", n->name, errtext(ERRTEXT_FILE, err));
}

/* Gives rings and channels back. */
static void nic_release(struct nic *n)
{
	struct stats sum;
	char text[STATS_TEXT_MAX];

	if (!n->conn)
		return;
	nic_conn_stop(n->conn);
	nic_conn_stats(n->conn, &sum);
	stats_print(&sum, text, sizeof(text));
	if (n->restored)
		nic_release_restored(n);
	else
		nic_conn_free(n->conn);
	n->restored = n->replaced = false;
	n->conn = NULL;
	if (n->attached)
		log_info_in(&n->log, "disconnected nic=%s %s", n->name, text);
	probe_disconnect(n->name);
	n->attached = false;
	nic_tap_carrier(n);
}

/* Logs that an attempt came to nothing, and undoes it; the next one waits. */
static void nic_fail(struct nic *n, const struct reason *why)
{
	/* A directory that goes or is no longer ours means a detach, not a failure. */
	bool detach = why->err == -EACCES || why->err == -ENOENT;
	char text[REASON_TEXT_MAX];

	reason_print(text, sizeof(text), why);
	/* A lost xenstored is logged once for all (loop.c). */
	if (!store_lost(nic_store_of(n)))
		log_bucket_line(&n->log, detach ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "cannot connect nic=%s reason=\"%s\"",
				n->name, text);
	nic_release(n);
}

/* Has the NIC looked at again in a second, as xenstored failed. */
static void nic_look_again(struct nic *n, int err)
{
	if (!store_lost(nic_store_of(n)))
		log_warn_in(&n->log, "cannot read xenstore, trying again in a second nic=%s error=\"%s\"", n->name, errtext(ERRTEXT_STORE, err));
	n->retry_at = now_us() + LOOK_AGAIN_US;
}

/* Grants the pages and writes them to xenstore. Returns 0, or -errno with the reason in why. */
static int nic_share_rings(struct nic *n, const struct nic_conf *conf, struct reason *why)
{
	const struct nic_place place = { .peer = n->peer, .name = n->name, .log = &n->log, .tap_fd = n->tap_fd,
					 .control_fd = n->daemon->control_fd };
	struct nic_refs refs;
	int err = reason_fail(why, "cannot set the device's offloads", ERRTEXT_TAP, nic_tap_offloads(n, conf));

	if (!err)
		err = nic_conn_new(&n->conn, &place, conf, why);
	if (err)
		return err;
	nic_conn_refs(n->conn, &refs);
	err = nic_conf_publish(nic_store_of(n), n->fe_path, conf, &refs);
	return reason_fail(why, "cannot write the rings to xenstore", ERRTEXT_STORE, err);
}

static void nic_connect_rings(struct nic *n)
{
	unsigned int shift = n->attempts < BACKOFF_MAX ? n->attempts : BACKOFF_MAX;
	struct nic_conf conf;
	struct reason why;
	int err;

	err = reason_fail(&why, "cannot open the TAP", ERRTEXT_TAP, nic_tap_make(n));
	if (!err) {
		err = nic_conf_read(&conf, nic_store_of(n), n->be_path, n->daemon->queues, &why);
		if (store_is_unknown(err)) {
			nic_look_again(n, err);
			n->not_before = n->retry_at;
			return;
		}
	}
	n->not_before = now_us() + (1000000ull << shift);
	n->attempts++;
	if (err) {
		nic_fail(n, &why);
		return;
	}
	nic_conf_restrict(&conf, n->daemon, nic_tap_takes(n));
	if (n->daemon->rss && !conf.rss)
		log_info_in(&n->log, "the backend does not hash nic=%s reason=\"%s\"", n->name,
			 conf.queues > 1 ? "no control ring" : "one queue");
	nic_filter_prepare(n, &conf);
	nic_tap_fit(n, &conf);
	if (nic_share_rings(n, &conf, &why) < 0) {
		nic_fail(n, &why);
		return;
	}
	n->state = XenbusStateConnected;
	log_info_in(&n->log, "pages granted, waiting for the backend nic=%s backend=%u channels=%s sg=%d gso4=%d gso6=%d csum4=%d csum6=%d header=%#x uso=%d queues=%u", n->name,
		 n->peer.raw, conf.mask ? "mask" : conf.split ? "split" : "one", conf.peer.sg, conf.peer.gso4, conf.peer.gso6,
		 conf.peer.csum4, conf.peer.csum6, conf.header, conf.peer.uso, conf.queues);
}

static void nic_attach(struct nic *n)
{
	int err;

	nic_tap_announce(n);
	err = nic_conn_start(n->conn);
	n->attached = true;
	if (err) {
		log_error_in(&n->log, "cannot start the worker nic=%s error=\"%s\"", n->name, errtext(ERRTEXT_FILE, err));
		return;
	}
	n->attempts = 0;
	/* The hotplug script may have written it only now. */
	nic_tap_fit(n, nic_conn_conf(n->conn));
	nic_tap_carrier(n);
	log_info_in(&n->log, "connected nic=%s backend=%u", n->name, n->peer.raw);
	probe_connect(n->name, nic_conn_conf(n->conn)->queues, 0);
}

static void nic_do_step(struct nic *n, enum hs_front_step step)
{
	switch (step) {
	case HS_FRONT_STAY:
		break;
	case HS_FRONT_INITIALISE:
		nic_release(n);
		nic_set_state(n, XenbusStateInitialising);
		break;
	case HS_FRONT_CONNECT:
		nic_connect_rings(n);
		break;
	case HS_FRONT_ATTACHED:
		nic_attach(n);
		break;
	case HS_FRONT_CLOSING:
		if (n->conn)
			nic_conn_stop(n->conn);
		nic_set_state(n, XenbusStateClosing);
		break;
	case HS_FRONT_CLOSED:
		nic_release(n);
		nic_conf_withdraw(nic_store_of(n), n->fe_path);
		nic_set_state(n, XenbusStateClosed);
		break;
	}
}

/* --- what is read -------------------------------------------------------- */

/* Takes the NIC over from the kernel, which may have claimed it since the last look. */
static void nic_take_from_kernel(struct nic *n)
{
	char device[32];

	if (!n->daemon->take_over)
		return;
	snprintf(device, sizeof(device), "vif-%u", n->devid);
	kernel_take_over(KERNEL_FRONTEND, device, &n->log);
}

/* Follows our state as it was found, which others may have written. */
static void nic_follow_state(struct nic *n, enum xenbus_state found)
{
	if (found == n->state)
		return;
	log_debug("state nic=%s ours=%s reason=\"written by others\"", n->name, hs_state_name(found));
	if (found == XenbusStateInitialising) {
		/* Only the toolstack of a restored guest writes that while we are connected. */
		if (n->conn && !n->restored) {
			n->restored = true;
			log_info_in(&n->log, "restored nic=%s", n->name);
		}
		/* The attempts of the device before do not count for one that is made anew. */
		n->attempts = 0, n->not_before = 0;
	}
	n->state = found;
}

/* Returns whether the connection cannot go on: its worker or its device is lost. */
static bool nic_has_lost_conn(struct nic *n)
{
	struct reason why = { .what = NULL };
	char text[REASON_TEXT_MAX];
	bool fault = n->conn && nic_conn_faulted(n->conn, &why);

	if (!n->conn)
		return false;
	/* The worker may have seen since that the device was deleted. */
	if (fault)
		nic_tap_replace(n);
	if (n->replaced || !fault)
		return n->replaced;
	reason_print(text, sizeof(text), &why);
	log_error_in(&n->log, "closing nic=%s reason=\"%s\"", n->name, text);
	return true;
}

/* Reads both directories and sees what has changed. Returns 0 with the view that
 * the handshake needs; -ENOENT or -EACCES: our directory is gone, and so is the
 * interface; other -errno: xenstored failed. */
static int nic_read(struct nic *n, struct hs_front_view *view)
{
	enum xenbus_state theirs;
	uint32_t online, state;
	int err = store_read_u32(nic_store_of(n), &state, n->fe_path, "state");

	if (!err)
		err = nic_backend_find(n);
	if (!err)
		err = xenbus_read_state(nic_store_of(n), n->be_path, &theirs);
	if (err)
		return err;
	if (!*n->be_path || store_read_u32_or(nic_store_of(n), &online, n->be_path, "online", 1))
		online = 1;
	/* Once more: the guest may be saved and restored between two reads. What was
	 * read of a backend that is gone since is then known to be of before. */
	err = store_read_u32(nic_store_of(n), &state, n->fe_path, "state");
	if (err)
		return err;
	nic_follow_state(n, state < HS_STATES ? (enum xenbus_state)state : XenbusStateUnknown);
	*view = (struct hs_front_view){
		.ours = n->state,
		.theirs = theirs,
		.shared = n->conn != NULL,
		.attached = n->attached,
		.wanted = online && !n->daemon->stopping,
		.lost = nic_has_lost_conn(n),
	};
	return 0;
}

/* Returns whether an attempt must still wait; sets the time of the next look then. */
static bool nic_too_early(struct nic *n, enum hs_front_step step)
{
	if ((step != HS_FRONT_CONNECT && step != HS_FRONT_INITIALISE) || n->conn || now_us() >= n->not_before)
		return false;
	n->retry_at = n->not_before;
	return true;
}

/* Decides what it means that nic_read() failed: the interface is gone, or xenstored
 * fails and is asked again. */
static void nic_read_failed(struct nic *n, int err)
{
	bool gone = err == -ENOENT || err == -EACCES;

	/* A xenstored that fails must not look like a toolstack that removes. */
	if (store_lost(nic_store_of(n)) || (gone && n->unlisted))
		return;
	if (store_is_unknown(err))
		nic_look_again(n, err);
	if (!gone)
		return;
	nic_release(n);
	nic_tap_remove(n);
	n->gone = true;
	log_info("removed nic=%s", n->name);
}

void nic_run(struct nic *n)
{
	if (store_lost(nic_store_of(n)))
		return;		/* all are looked at once it is back */
	if (nic_watch_holds(n))
		return;
	nic_take_from_kernel(n);
	nic_tap_replace(n);
	/* As a kernel's device, the TAP is there before any backend is. */
	if (n->tap_fd < 0 && n->seen == XenbusStateUnknown) {
		int err = nic_tap_make(n);

		if (err)
			log_error_in(&n->log, "cannot open the TAP nic=%s error=\"%s\"", n->name, errtext(ERRTEXT_TAP, err));
	}
	for (int i = 0; i < STEPS_MAX; i++) {
		struct hs_front_view view;
		enum hs_front_step step;
		int err = nic_read(n, &view);

		if (err)
			nic_read_failed(n, err);
		if (err || store_lost(nic_store_of(n)))
			return;
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
		if (step == HS_FRONT_STAY || nic_too_early(n, step))
			return;
		nic_do_step(n, step);
	}
}

struct nic *nic_new(const struct nic_daemon *d, uint32_t devid)
{
	struct nic *n = calloc(1, sizeof(*n));
	enum xenbus_state state;
	int err;

	if (!n)
		return NULL;
	n->daemon = d;
	n->devid = devid;
	n->tap_fd = -1;
	n->link = (struct taplink){ .what = "nic", .link_fd = d->link_fd };
	snprintf(n->name, sizeof(n->name), "nic%u", devid);
	snprintf(n->token, sizeof(n->token), "%u", devid);
	snprintf(n->fe_path, sizeof(n->fe_path), "device/vif/%u", devid);
	err = xenbus_read_state(d->store, n->fe_path, &state);
	if (!err && state == XenbusStateUnknown) {
		free(n);	/* the event is of a device that is gone already */
		return NULL;
	}
	log_info("found nic=%s", n->name);
	return n;
}

void nic_free(struct nic *n)
{
	nic_release(n);
	if (n->tap_fd >= 0)
		close(n->tap_fd);
	nic_backend_unwatch(n);
	free(n);
}
