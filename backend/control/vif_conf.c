/* SPDX-License-Identifier: MIT */
/* vif_conf.c - the keys of a VIF: what the frontend wrote, checked; what we offer
 *
 * Each key is read once, when the frontend says Connected, and one that makes
 * no sense refuses the VIF: a frontend that cannot write a number is not one
 * to map pages from. xen/io/netif.h says what they mean.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "common/host/store_ahead.h"
#include "common/host/transaction.h"
#include "common/wire/parse.h"
#include "common/wire/vnethdr.h"
#include "vif_conf.h"

/* Every ref and port that was read: none may be there twice. */
struct seen {
	uint32_t value[2 * VIF_QUEUES_MAX + 3];
	unsigned int count;
};

struct reader {
	struct store *store;
	const char *dir;
	const char *sub;	/* what of dir goes into messages: "", "queue-1/" */
	struct reason *why;	/* of the first key that is missing or broken */
	int err;
	struct seen refs, ports;
};

static void vif_conf_fail(struct reader *r, int err, const char *name)
{
	char key[STORE_VALUE_MAX];

	if (r->err)
		return;
	r->err = err;
	snprintf(key, sizeof(key), "%s%s", r->sub, name);
	reason_key(r->why, "frontend key", key, err);
}

static uint32_t vif_conf_key(struct reader *r, const char *name)
{
	uint32_t v = 0;
	int err = r->err ? 0 : store_read_u32(r->store, &v, r->dir, name);

	if (err)
		vif_conf_fail(r, err, name);
	return v;
}

static uint32_t vif_conf_key_or(struct reader *r, const char *name, uint32_t def)
{
	uint32_t v = def;
	int err = r->err ? 0 : store_read_u32_or(r->store, &v, r->dir, name, def);

	if (err)
		vif_conf_fail(r, err, name);
	return v;
}

/* Turns a value that is a number, but the wrong one, into the error. */
static void vif_conf_demand(struct reader *r, bool ok, const char *name)
{
	if (!ok)
		vif_conf_fail(r, -EINVAL, name);
}

static bool vif_conf_has(struct reader *r, const char *name)
{
	uint32_t probe;
	int err = store_read_u32(r->store, &probe, r->dir, name);

	if (store_is_unknown(err))
		vif_conf_fail(r, err, name);
	return err != -ENOENT;
}

/* Notes a value. Returns false if it was there already. */
static bool vif_conf_note(struct seen *s, uint32_t value)
{
	for (unsigned int i = 0; i < s->count; i++)
		if (s->value[i] == value)
			return false;
	if (s->count < ARRAY_SIZE(s->value))
		s->value[s->count++] = value;
	return true;
}

static void vif_conf_demand_none(struct reader *r, const char *name)
{
	if (!r->err)
		vif_conf_demand(r, !vif_conf_has(r, name), name);
}

static struct gref vif_conf_key_ref(struct reader *r, const char *name)
{
	uint32_t ref = vif_conf_key(r, name);

	if (!r->err)
		vif_conf_demand(r, vif_conf_note(&r->refs, ref), name);
	return gref_of(ref);
}

static struct evport vif_conf_key_port(struct reader *r, const char *name)
{
	uint32_t port = vif_conf_key(r, name);

	if (!r->err)
		vif_conf_demand(r, port != 0 && vif_conf_note(&r->ports, port), name);
	return evport_of(port);
}

static void vif_conf_read_queue(struct reader *r, struct vif_conf *conf, unsigned int i)
{
	conf->queue[i].gtx_ref = vif_conf_key_ref(r, "tx-ring-ref");
	conf->queue[i].grx_ref = vif_conf_key_ref(r, "rx-ring-ref");
	if (r->err || conf->mask)
		return;
	/* Split if the frontend names either half; both must be there then. */
	if (vif_conf_has(r, "event-channel-tx") || vif_conf_has(r, "event-channel-rx")) {
		conf->queue[i].gtx_port = vif_conf_key_port(r, "event-channel-tx");
		conf->queue[i].grx_port = vif_conf_key_port(r, "event-channel-rx");
	} else {
		conf->queue[i].gtx_port = conf->queue[i].grx_port = vif_conf_key_port(r, "event-channel");
	}
}

/* docs/event-mask.md: one channel, which is at the top, and no other. */
static void vif_conf_read_mask(struct reader *r, struct vif_conf *conf)
{
	conf->mask = vif_conf_has(r, "event-mask-ref");
	if (!conf->mask)
		return;
	conf->mask_ref = vif_conf_key_ref(r, "event-mask-ref");
	conf->mask_port = vif_conf_key_port(r, "event-channel");
	vif_conf_demand_none(r, "event-channel-tx");
	vif_conf_demand_none(r, "event-channel-rx");
	vif_conf_demand_none(r, "event-channel-ctrl");
}

/* Reads the keys of a frontend with one queue at once, and those of a queue of several. */
static void vif_conf_ahead(const struct reader *r)
{
	static const char *const names[] = {
		"tx-ring-ref", "rx-ring-ref", "event-channel", "event-channel-tx", "event-channel-rx",
		/* of the whole frontend */
		"multi-queue-num-queues", "request-rx-copy", "event-mask-ref", "event-channel-ctrl", "ctrl-ring-ref",
		"feature-rx-notify", "feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-no-csum-offload",
		"feature-ipv6-csum-offload", "xdp-headroom", "vnet-header",
	};
	struct store_key keys[ARRAY_SIZE(names)];
	unsigned int n = *r->sub ? 5 : ARRAY_SIZE(names);

	for (unsigned int i = 0; i < n; i++)
		keys[i] = (struct store_key){ r->dir, names[i] };
	store_ahead(r->store, keys, n);
}

/* netif.h: flat keys with one queue; with more only those under queue-N. */
static void vif_conf_read_queues(struct reader *r, struct vif_conf *conf)
{
	static const char *const flat[] = {
		"tx-ring-ref", "rx-ring-ref", "event-channel-tx", "event-channel-rx", "event-channel",
	};
	char dir[STORE_PATH_MAX + 24], sub[24];
	const char *top = r->dir;

	if (conf->queues == 1) {
		vif_conf_read_queue(r, conf, 0);
		return;
	}
	/* The last is the mask's, if there is one. */
	for (unsigned int i = 0; i < ARRAY_SIZE(flat) - conf->mask; i++)
		vif_conf_demand_none(r, flat[i]);
	for (unsigned int i = 0; i < conf->queues && !r->err; i++) {
		snprintf(sub, sizeof(sub), "queue-%u/", i);
		snprintf(dir, sizeof(dir), "%s/queue-%u", top, i);
		r->dir = dir;
		r->sub = sub;
		vif_conf_ahead(r);
		vif_conf_read_queue(r, conf, i);
		if (conf->mask) {
			vif_conf_demand_none(r, "event-channel");
			vif_conf_demand_none(r, "event-channel-tx");
			vif_conf_demand_none(r, "event-channel-rx");
		}
	}
	r->dir = top;
	r->sub = "";
}

/* The control ring is the frontend's choice; half of one is not. */
static void vif_conf_read_control(struct reader *r, struct vif_conf *conf)
{
	conf->ctrl = vif_conf_has(r, "ctrl-ring-ref") || (!conf->mask && vif_conf_has(r, "event-channel-ctrl"));
	if (!conf->ctrl)
		return;
	conf->ctrl_ref = vif_conf_key_ref(r, "ctrl-ring-ref");
	if (!conf->mask)
		conf->ctrl_port = vif_conf_key_port(r, "event-channel-ctrl");
}

/* docs/vnet-header.md: agreed if both ends have said so. A frontend that does not know the header, but follows one that
 * died, is told by a key that it writes. */
static void vif_conf_read_header(struct reader *r, struct vif_conf *conf, uint32_t offered)
{
	uint32_t mask;

	offered = vnethdr_usable(offered);
	mask = offered ? vnethdr_usable(vif_conf_key_or(r, "vnet-header", 0)) : 0;
	if (!mask || r->err || vif_conf_has(r, "feature-gso-tcpv4"))
		return;
	conf->header = conf->device = (uint16_t)offered;
	vnet_peer_from_mask(&conf->peer, mask);
}

int vif_conf_read(struct vif_conf *conf, struct store *s, const char *fe_path, const struct vif_offered *offered, struct reason *why)
{
	struct reader r = { .store = s, .dir = fe_path, .sub = "", .why = why };

	vif_conf_ahead(&r);
	*conf = (struct vif_conf){ .queues = 1 };
	conf->queues = vif_conf_key_or(&r, "multi-queue-num-queues", 1);
	vif_conf_demand(&r, conf->queues >= 1 && conf->queues <= offered->max_queues, "multi-queue-num-queues");
	vif_conf_demand(&r, vif_conf_key_or(&r, "request-rx-copy", 0) != 0, "request-rx-copy");
	if (!r.err)
		vif_conf_read_mask(&r, conf);
	if (!r.err)
		vif_conf_read_queues(&r, conf);
	if (!r.err)
		vif_conf_read_control(&r, conf);
	conf->rx_notify = vif_conf_key_or(&r, "feature-rx-notify", 0);
	conf->peer.sg = vif_conf_key_or(&r, "feature-sg", 0);
	conf->peer.gso4 = vif_conf_key_or(&r, "feature-gso-tcpv4", 0);
	conf->peer.gso6 = vif_conf_key_or(&r, "feature-gso-tcpv6", 0);
	conf->peer.csum4 = !vif_conf_key_or(&r, "feature-no-csum-offload", 0);
	conf->peer.csum6 = vif_conf_key_or(&r, "feature-ipv6-csum-offload", 0);
	conf->headroom = vif_conf_key_or(&r, "xdp-headroom", 0);
	vif_conf_read_header(&r, conf, offered->header);
	return r.err;
}

static const struct {
	const char *name;
	uint32_t value;
	uint32_t offer;		/* without this: lacking */
	uint32_t lacking;
} offered[] = {
	{ "feature-sg", 1, OFFER_SG, 0 },
	{ "feature-gso-tcpv4", 1, OFFER_GSO4, 0 },
	{ "feature-gso-tcpv6", 1, OFFER_GSO6, 0 },
	{ "feature-no-csum-offload", 0, OFFER_CSUM4, 1 },
	{ "feature-ipv6-csum-offload", 1, OFFER_CSUM6, 0 },
	{ "feature-rx-copy", 1, 0, 0 },
	{ "feature-rx-flip", 0, 0, 0 },
	{ "feature-split-event-channels", 1, OFFER_SPLIT, 0 },
	{ "feature-ctrl-ring", 1, OFFER_CTRL, 0 },
	{ "feature-event-mask", 1, OFFER_MASK, 0 },
	{ "feature-multicast-control", 1, 0, 0 },
	{ "feature-dynamic-multicast-control", 1, 0, 0 },
	{ "feature-xdp-headroom", 1, OFFER_XDP, 0 },
	{ "state", XenbusStateInitWait, 0, 0 },
};

struct vif_conf_offer {
	const char *be_path;
	const struct vif_policy *policy;
	uint32_t header;
};

static int vif_conf_put_offer(struct store *s, const void *arg)
{
	const struct vif_conf_offer *o = arg;
	uint32_t state;
	/* As store_write_live(). */
	int err = store_read_u32(s, &state, o->be_path, "state");

	if (!err)
		err = store_write_u32(s, o->be_path, "multi-queue-max-queues", o->policy->max_queues);
	if (!err)
		err = store_write_u32(s, o->be_path, "feature-vnet-header", o->header);
	for (unsigned int i = 0; i < ARRAY_SIZE(offered) && !err; i++)
		err = store_write_u32(s, o->be_path, offered[i].name,
				      offered[i].offer & o->policy->without ? offered[i].lacking : offered[i].value);
	return err;
}

int vif_conf_publish(struct store *s, const char *be_path, const struct vif_policy *policy, uint32_t header)
{
	const struct vif_conf_offer o = { be_path, policy, header };

	return store_transact(s, vif_conf_put_offer, &o);
}

/* Copies the list's next word. Returns false if none is left. */
static bool vif_conf_next_word(const char **list, char *word, size_t len)
{
	size_t n = strcspn(*list, ",");

	if (!**list)
		return false;
	snprintf(word, len, "%.*s", (int)n, *list);
	*list += n + ((*list)[n] == ',');
	return true;
}

bool vif_conf_is_fill(const char *text)
{
	char word[24];
	uint8_t mac[6];

	if (strcmp(text, "all") == 0)
		return true;
	while (vif_conf_next_word(&text, word, sizeof(word)))
		if (!parse_mac(mac, word))
			return false;
	return true;
}

bool vif_conf_fills(const struct vif_policy *policy, struct store *s, const char *be_path)
{
	const char *list = policy->fill ? policy->fill : "";
	char word[24], text[STORE_VALUE_MAX];
	uint8_t mac[6], other[6];
	uint32_t on;
	int err = store_read_u32(s, &on, be_path, "fill-checksums");

	if (err != -ENOENT)
		/* Every frontend takes filled checksums. */
		return err || on;
	if (strcmp(list, "all") == 0)
		return true;
	if (!*list)
		return false;
	if (store_read(s, text, sizeof(text), be_path, "mac") || !parse_mac(mac, text))
		return false;
	while (vif_conf_next_word(&list, word, sizeof(word)))
		if (parse_mac(other, word) && memcmp(mac, other, sizeof(mac)) == 0)
			return true;
	return false;
}
