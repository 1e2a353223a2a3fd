/* SPDX-License-Identifier: MIT */
/* conf.c - the keys of a NIC: what the backend offers, checked; what we write
 *
 * The backend is no more trusted than a frontend is by ours: a key that makes
 * no sense ends the attempt.
 */
#include <errno.h>
#include <stdio.h>

#include "frontend.h"

#define TRANSACTION_TRIES 32

int nic_conf_read(struct nic_conf *conf, struct store *s, const char *be_path, unsigned int queues,
		  char *why, size_t why_len)
{
	static const char *const names[] = {
		"feature-rx-copy", "feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6",
		"feature-no-csum-offload", "feature-ipv6-csum-offload", "feature-split-event-channels",
		"feature-ctrl-ring", "feature-event-mask",
		"feature-multicast-control", "feature-dynamic-multicast-control",
	};
	uint32_t v[ARRAY_SIZE(names)], max = 1;

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		int err = store_read_u32_or(s, &v[i], be_path, names[i], 0);

		if (err) {
			snprintf(why, why_len, "backend key %s is not acceptable", names[i]);
			return err;
		}
	}
	if (!v[0]) {
		snprintf(why, why_len, "the backend lacks feature-rx-copy");
		return -ENOTSUP;
	}
	/* Of no interest to who wants one. */
	if (queues > 1 && (store_read_u32_or(s, &max, be_path, "multi-queue-max-queues", 1) || max == 0)) {
		snprintf(why, why_len, "backend key multi-queue-max-queues is not acceptable");
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
	};
	return 0;
}

void nic_conf_restrict(struct nic_conf *conf, const struct frontend *d)
{
	conf->without = d->without;
	if (d->one_channel || d->no_event_mask)
		conf->mask = false;
	if (d->one_channel || conf->mask)
		conf->split = false;
	conf->statics = conf->ctrl && !d->no_static_grants;
	conf->rss = conf->ctrl && d->rss && conf->queues > 1;
	conf->ctrl = conf->statics || conf->rss;
}

/* One run of writes that stops at the first failure. */
struct writer {
	struct store *store;
	const char *dir;
	int err;
};

static void put(struct writer *w, const char *key, uint32_t value)
{
	if (!w->err)
		w->err = store_write_u32(w->store, w->dir, key, value);
}

static void drop(struct writer *w, const char *key)
{
	if (!w->err)
		w->err = store_remove(w->store, w->dir, key);
}

static void put_offer(struct writer *w, const struct nic_conf *conf, const char *key, uint32_t offer)
{
	put(w, key, !(conf->without & offer));
}

static const char *const queue_keys[] = {
	"tx-ring-ref", "rx-ring-ref", "event-channel", "event-channel-tx", "event-channel-rx",
};

/* An earlier driver may have left queues that we do not have. */
static void drop_queues(struct writer *w, const char *fe_path, unsigned int from)
{
	uint32_t probe;

	if (w->err || store_read_u32(w->store, &probe, fe_path, "multi-queue-num-queues") == -ENOENT)
		return;
	for (unsigned int i = from; i < NIC_QUEUES_MAX; i++) {
		char name[24];

		snprintf(name, sizeof(name), "queue-%u", i);
		drop(w, name);
	}
}

static void put_queue(struct writer *w, const struct nic_queue *q)
{
	unsigned int page = RINGS_QUEUES + 2 * q->index;

	put(w, "tx-ring-ref", q->link->rings.gref[page].raw);
	put(w, "rx-ring-ref", q->link->rings.gref[page + 1].raw);
	if (q->link->conf.mask) {
		drop(w, "event-channel");
		drop(w, "event-channel-tx");
		drop(w, "event-channel-rx");
	} else if (q->link->conf.split) {
		put(w, "event-channel-tx", q->gtx_bell.port.raw);
		put(w, "event-channel-rx", q->grx_bell.port.raw);
		drop(w, "event-channel");
	} else {
		put(w, "event-channel", q->gtx_bell.port.raw);
		drop(w, "event-channel-tx");
		drop(w, "event-channel-rx");
	}
}

/* netif.h: flat keys with one queue; with more only those under queue-N. */
static void put_queues(struct writer *w, const struct nic_link *l)
{
	const char *top = w->dir;
	char dir[96];

	drop_queues(w, top, l->conf.queues == 1 ? 0 : l->conf.queues);
	if (l->conf.queues == 1) {
		put_queue(w, l->queue);
		drop(w, "multi-queue-num-queues");
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(queue_keys); i++)
		drop(w, queue_keys[i]);
	put(w, "multi-queue-num-queues", l->conf.queues);
	for (unsigned int i = 0; i < l->conf.queues; i++) {
		snprintf(dir, sizeof(dir), "%s/queue-%u", top, i);
		w->dir = dir;
		put_queue(w, &l->queue[i]);
	}
	w->dir = top;
}

static void put_all(struct writer *w, const struct nic_link *l)
{
	put_queues(w, l);
	if (l->conf.mask) {
		put(w, "event-mask-ref", l->rings.gref[RINGS_QUEUES + 2 * l->conf.queues].raw);
		put(w, "event-channel", l->mask_bell.port.raw);
	} else {
		drop(w, "event-mask-ref");
	}
	if (l->conf.ctrl)
		put(w, "ctrl-ring-ref", l->rings.gref[RINGS_CTRL].raw);
	else
		drop(w, "ctrl-ring-ref");
	if (l->conf.ctrl && !l->conf.mask)
		put(w, "event-channel-ctrl", l->ctrl_bell.port.raw);
	else
		drop(w, "event-channel-ctrl");
	put(w, "request-rx-copy", 1);
	put_offer(w, &l->conf, "feature-rx-notify", OFFER_RX_NOTIFY);
	put_offer(w, &l->conf, "feature-sg", OFFER_SG);
	put_offer(w, &l->conf, "feature-gso-tcpv4", OFFER_GSO4);
	put_offer(w, &l->conf, "feature-gso-tcpv6", OFFER_GSO6);
	put(w, "feature-no-csum-offload", l->conf.without & OFFER_CSUM4 ? 1 : 0);
	put_offer(w, &l->conf, "feature-ipv6-csum-offload", OFFER_CSUM6);
	if (l->conf.mcast)
		put(w, "request-multicast-control", l->conf.mcast_on);
	else
		drop(w, "request-multicast-control");
	put(w, "state", XenbusStateConnected);
}

int nic_conf_publish(struct store *s, const char *fe_path, const struct nic_link *l)
{
	int err = -EAGAIN;

	for (int tries = 0; tries < TRANSACTION_TRIES && err == -EAGAIN; tries++) {
		struct writer w = { .store = s, .dir = fe_path };

		err = store_begin(s);
		if (err)
			return err;
		put_all(&w, l);
		err = w.err;
		if (err)
			store_abort(s);
		else
			err = store_commit(s);
	}
	return err;
}
