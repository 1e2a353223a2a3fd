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

#include "../common/errtext.h"
#include "../common/handshake.h"
#include "../common/linkwatch.h"
#include "../common/log.h"
#include "frontend.h"

#define ROOT "device/vif"
#define ROOT_TOKEN "device"

static struct nic *find(const struct frontend *d, uint32_t devid)
{
	for (struct nic *n = d->nics; n; n = n->next)
		if (n->devid == devid && !n->gone)
			return n;
	return NULL;
}

bool frontend_serves(const struct frontend *d, uint32_t devid)
{
	for (unsigned int i = 0; i < d->nnamed; i++)
		if (d->named[i] == devid)
			return true;
	return d->nnamed == 0;
}

/* By device number, so that devices get their names in that order. */
static void insert(struct frontend *d, struct nic *n)
{
	struct nic **at = &d->nics;

	while (*at && (*at)->devid < n->devid)
		at = &(*at)->next;
	n->next = *at;
	*at = n;
}

static void mark(struct frontend *d, uint32_t devid)
{
	struct nic *n = find(d, devid);

	if (!n && frontend_serves(d, devid) && !d->stopping) {
		n = nic_new(d, devid);
		if (n)
			insert(d, n);
	}
	if (n)
		n->dirty = true;
}

static void scan_device(void *arg, const char *name)
{
	uint32_t devid;

	if (parse_u32(&devid, name))
		mark(arg, devid);
}

static void run_dirty(struct frontend *d)
{
	struct nic **at = &d->nics;

	while (*at) {
		struct nic *n = *at;

		if (n->dirty) {
			n->dirty = false;
			nic_run(n);
		}
		if (n->gone) {
			*at = n->next;
			nic_free(n);
		} else {
			at = &n->next;
		}
	}
}

static void scan(struct frontend *d)
{
	int err = store_list(d->store, ROOT, scan_device, d);

	/* Without any device there may be no directory either, and xenstored says so by -EACCES. */
	if (err && err != -EACCES)
		log_warn("cannot list devices dir=%s error=\"%s\"", ROOT, errtext(ERRTEXT_STORE, -err));
}

int frontend_start(struct frontend *d)
{
	int err = store_watch(d->store, ROOT, ROOT_TOKEN);

	if (err)
		return err;
	/* Before new TAPs are made: the names are theirs. */
	frontend_sweep(d);
	scan(d);
	run_dirty(d);
	return 0;
}

void frontend_tick(struct frontend *d)
{
	for (struct nic *n = d->nics; n; n = n->next)
		log_bucket_tell(&n->log, n->name);
}

void frontend_reconnected(struct frontend *d, int how)
{
	for (struct nic *n = d->nics; n; n = n->next)
		n->unlisted = n->unlisted || how == STORE_EMPTIED;
	scan(d);
	frontend_look(d);
}

void frontend_look(struct frontend *d)
{
	for (struct nic *n = d->nics; n; n = n->next)
		n->dirty = true;
	run_dirty(d);
}

void frontend_events(struct frontend *d)
{
	char path[STORE_PATH_MAX], token[32];
	bool rescan = false;

	while (store_next_event(d->store, path, sizeof(path), token, sizeof(token))) {
		uint32_t devid;

		if (strcmp(token, ROOT_TOKEN) == 0)
			rescan = true;
		else if (parse_u32(&devid, token))
			mark(d, devid);
	}
	if (rescan) {
		/* Few devices: what came, went or changed is found by looking. */
		for (struct nic *n = d->nics; n; n = n->next)
			n->dirty = true;
		scan(d);
	}
	run_dirty(d);
}

void frontend_links(struct frontend *d)
{
	linkwatch_take(d->link_fd, nic_links_event, d);
	run_dirty(d);
}

void frontend_close(struct frontend *d)
{
	d->stopping = true;
	frontend_look(d);
}

bool frontend_closed(const struct frontend *d)
{
	for (const struct nic *n = d->nics; n; n = n->next)
		if (n->link)
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

void frontend_retry_at(struct frontend *d, uint64_t when)
{
	struct itimerspec once = { .it_value = { (time_t)(when / 1000000u), (long)(when % 1000000u) * 1000 + 1 } };

	/* All NICs share the timer: the one that waits longest must not put it off. */
	if (d->retry_at && d->retry_at <= when)
		return;
	d->retry_at = when;
	if (timerfd_settime(d->retry_fd, TFD_TIMER_ABSTIME, &once, NULL) < 0)
		log_warn("cannot set the retry timer error=\"%s\"", errtext(ERRTEXT_FILE, errno));
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
	struct stats sum;
	char text[900];

	for (const struct nic *n = d->nics; n; n = n->next) {
		text[0] = '\0';
		if (n->link) {
			nic_link_stats(n->link, &sum);
			stats_print(&sum, text, sizeof(text));
		}
		log_info("counters nic=%s state=%s %s", n->name, hs_state_name(n->state), text);
		for (unsigned int i = 0; n->link && n->link->conf.queues > 1 && i < n->link->conf.queues; i++) {
			stats_print(&n->link->queue[i].stats, text, sizeof(text));
			log_info("counters nic=%s queue=%u %s", n->name, i, text);
		}
	}
}
