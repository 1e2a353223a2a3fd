/* SPDX-License-Identifier: MIT */
/* nic_conf.c - the keys of a NIC: what the backend offers, checked; what we write
 *
 * The backend is not trusted, as a frontend is not by ours: a key that makes no
 * sense ends the attempt.
 */
#include <errno.h>
#include <stdio.h>

#include "common/base/reason.h"
#include "common/host/store.h"
#include "common/host/transaction.h"
#include "common/wire/vnethdr.h"
#include "nic.h"
#include "nic_conf.h"

int nic_conf_read(struct nic_conf *conf, struct store *s, const char *be_path, unsigned int queues, struct reason *why)
{
	static const char *const names[] = {
		"feature-rx-copy", "feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6",
		"feature-no-csum-offload", "feature-ipv6-csum-offload", "feature-split-event-channels",
		"feature-ctrl-ring", "feature-event-mask",
		"feature-multicast-control", "feature-dynamic-multicast-control", "feature-vnet-header",
	};
	uint32_t v[ARRAY_SIZE(names)] = { 0 }, max = 1;
	const char *key = NULL;
	int err = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(names) && !err; i++) {
		key = names[i];
		err = store_read_u32_or(s, &v[i], be_path, key, 0);
	}
	/* Where one is wanted the key does not matter. */
	if (!err && queues > 1) {
		key = "multi-queue-max-queues";
		err = store_read_u32_or(s, &max, be_path, key, 1);
		if (!err && max == 0)
			err = -EINVAL;
	}
	/* The directory is no longer for us to read, which says nothing of the key. */
	if (err == -EACCES) {
		*why = (struct reason){ .what = "cannot read backend key", .of = ERRTEXT_STORE, .err = err };
		reason_about(why, "%s", key);
	} else if (err) {
		reason_key(why, "backend key", key, err);
	}
	if (err)
		return err;
	if (!v[0]) {
		*why = (struct reason){ .what = "the backend lacks feature-rx-copy" };
		return -EINVAL;
	}
	*conf = (struct nic_conf){
		.queues = max < queues ? max : queues,
		.peer = { .sg = v[1], .gso4 = v[2], .gso6 = v[3], .csum4 = !v[4], .csum6 = v[5] },
		.split = v[6],
		.ctrl = v[7],
		.mask = v[8],
		.mcast = v[9],
		.mcast_dynamic = v[10],
		.header_offer = vnethdr_usable(v[11]),
	};
	return 0;
}

void nic_conf_restrict(struct nic_conf *conf, const struct nic_daemon *d, uint32_t device)
{
	conf->without = d->without;
	conf->header = conf->header_offer ? offers_header(d->without, device) : 0;
	if (conf->header)
		vnet_peer_from_mask(&conf->peer, conf->header_offer);
	if (d->one_channel || d->no_event_mask)
		conf->mask = false;
	if (d->one_channel || conf->mask)
		conf->split = false;
	conf->static_grants = conf->ctrl && !d->no_static_grants;
	conf->rss = conf->ctrl && d->rss && conf->queues > 1;
	conf->ctrl = conf->static_grants || conf->rss;
}

/* One run of writes, which stops at the first failure, and what is written. */
struct nic_conf_writer {
	struct store *store;
	const char *dir;
	const struct nic_conf *conf;
	const struct nic_refs *refs;
	int err;
};

static void nic_conf_put(struct nic_conf_writer *w, const char *key, uint32_t value)
{
	if (!w->err)
		w->err = store_write_u32(w->store, w->dir, key, value);
}

static void nic_conf_drop(struct nic_conf_writer *w, const char *key)
{
	if (!w->err)
		w->err = store_remove(w->store, w->dir, key);
}

static void nic_conf_put_offer(struct nic_conf_writer *w, const char *key, uint32_t offer)
{
	nic_conf_put(w, key, !(w->conf->without & offer));
}

static const char *const queue_keys[] = {
	"tx-ring-ref", "rx-ring-ref", "event-channel", "event-channel-tx", "event-channel-rx",
};

/* An earlier driver may have left queues that we do not have. */
static void nic_conf_drop_queues(struct nic_conf_writer *w, const char *fe_path, unsigned int from)
{
	uint32_t probe;

	if (w->err || store_read_u32(w->store, &probe, fe_path, "multi-queue-num-queues") == -ENOENT)
		return;
	for (unsigned int i = from; i < NIC_QUEUES_MAX; i++) {
		char name[24];

		snprintf(name, sizeof(name), "queue-%u", i);
		nic_conf_drop(w, name);
	}
}

static void nic_conf_put_queue(struct nic_conf_writer *w, unsigned int i)
{
	const struct nic_conf *conf = w->conf;
	const struct nic_refs *refs = w->refs;

	nic_conf_put(w, "tx-ring-ref", refs->queue[i].gtx_ref.raw);
	nic_conf_put(w, "rx-ring-ref", refs->queue[i].grx_ref.raw);
	if (conf->mask) {
		nic_conf_drop(w, "event-channel");
		nic_conf_drop(w, "event-channel-tx");
		nic_conf_drop(w, "event-channel-rx");
	} else if (conf->split) {
		nic_conf_put(w, "event-channel-tx", refs->queue[i].gtx_port.raw);
		nic_conf_put(w, "event-channel-rx", refs->queue[i].grx_port.raw);
		nic_conf_drop(w, "event-channel");
	} else {
		nic_conf_put(w, "event-channel", refs->queue[i].gtx_port.raw);
		nic_conf_drop(w, "event-channel-tx");
		nic_conf_drop(w, "event-channel-rx");
	}
}

/* netif.h: flat keys with one queue; with more only those under queue-N. */
static void nic_conf_put_queues(struct nic_conf_writer *w)
{
	unsigned int queues = w->conf->queues;
	const char *top = w->dir;
	char dir[96];

	nic_conf_drop_queues(w, top, queues == 1 ? 0 : queues);
	if (queues == 1) {
		nic_conf_put_queue(w, 0);
		nic_conf_drop(w, "multi-queue-num-queues");
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(queue_keys); i++)
		nic_conf_drop(w, queue_keys[i]);
	nic_conf_put(w, "multi-queue-num-queues", queues);
	for (unsigned int i = 0; i < queues; i++) {
		snprintf(dir, sizeof(dir), "%s/queue-%u", top, i);
		w->dir = dir;
		nic_conf_put_queue(w, i);
	}
	w->dir = top;
}

/* docs/vnet-header.md: a key that every frontend writes is not there beside the header's. */
static void nic_conf_put_header(struct nic_conf_writer *w)
{
	if (w->conf->header) {
		nic_conf_put(w, "vnet-header", w->conf->header);
		nic_conf_drop(w, "feature-gso-tcpv4");
	} else {
		nic_conf_drop(w, "vnet-header");
		nic_conf_put_offer(w, "feature-gso-tcpv4", OFFER_GSO4);
	}
}

static void nic_conf_put_all(struct nic_conf_writer *w)
{
	const struct nic_conf *conf = w->conf;
	const struct nic_refs *refs = w->refs;

	nic_conf_put_queues(w);
	if (conf->mask) {
		nic_conf_put(w, "event-mask-ref", refs->mask_ref.raw);
		nic_conf_put(w, "event-channel", refs->mask_port.raw);
	} else {
		nic_conf_drop(w, "event-mask-ref");
	}
	if (conf->ctrl)
		nic_conf_put(w, "ctrl-ring-ref", refs->ctrl_ref.raw);
	else
		nic_conf_drop(w, "ctrl-ring-ref");
	if (conf->ctrl && !conf->mask)
		nic_conf_put(w, "event-channel-ctrl", refs->ctrl_port.raw);
	else
		nic_conf_drop(w, "event-channel-ctrl");
	nic_conf_put(w, "request-rx-copy", 1);
	nic_conf_put_offer(w, "feature-rx-notify", OFFER_RX_NOTIFY);
	nic_conf_put_offer(w, "feature-sg", OFFER_SG);
	nic_conf_put_header(w);
	nic_conf_put_offer(w, "feature-gso-tcpv6", OFFER_GSO6);
	nic_conf_put(w, "feature-no-csum-offload", conf->without & OFFER_CSUM4 ? 1 : 0);
	nic_conf_put_offer(w, "feature-ipv6-csum-offload", OFFER_CSUM6);
	if (conf->mcast)
		nic_conf_put(w, "request-multicast-control", conf->mcast_on);
	else
		nic_conf_drop(w, "request-multicast-control");
	nic_conf_put(w, "state", XenbusStateConnected);
}

/* What a transaction writes; a writer of its own for each attempt. */
static int nic_conf_put_attempt(struct store *s, const void *arg)
{
	struct nic_conf_writer w = *(const struct nic_conf_writer *)arg;

	w.store = s;
	nic_conf_put_all(&w);
	return w.err;
}

int nic_conf_publish(struct store *s, const char *fe_path, const struct nic_conf *conf, const struct nic_refs *refs)
{
	const struct nic_conf_writer w = { .dir = fe_path, .conf = conf, .refs = refs };

	return store_transact(s, nic_conf_put_attempt, &w);
}

void nic_conf_withdraw(struct store *s, const char *fe_path)
{
	/* A backend takes it for absent then anyway, beside the keys of a driver without it. */
	(void)!store_remove(s, fe_path, "vnet-header");
}
