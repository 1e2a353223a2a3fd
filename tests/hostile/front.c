/* SPDX-License-Identifier: MIT */
/* front.c - sets the scripted frontend up and down: xenstore, grants, channels */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "front.h"

static const struct key honest[] = {
	{ "request-rx-copy", "1" },
	{ "feature-rx-notify", "1" },
	{ "feature-sg", "1" },
	{ "feature-gso-tcpv4", "1" },
	{ "feature-gso-tcpv6", "1" },
	{ "feature-no-csum-offload", "0" },
	{ "feature-ipv6-csum-offload", "1" },
	{ NULL, NULL },
};

/* The keys for one queue or two, then the channels of each; with a mask there is one channel. */
static const struct key flat[] = { { "tx-ring-ref", "@gtx" }, { "rx-ring-ref", "@grx" }, { NULL, NULL } };
static const struct key two[] = {
	{ "multi-queue-num-queues", "2" }, { "queue-0/tx-ring-ref", "@gtx" }, { "queue-0/rx-ring-ref", "@grx" },
	{ "queue-1/tx-ring-ref", "@gtx1" }, { "queue-1/rx-ring-ref", "@grx1" }, { NULL, NULL },
};
static const struct key channel[] = { { "event-channel", "@port" }, { NULL, NULL } };
static const struct key channels[] = {
	{ "queue-0/event-channel", "@port" }, { "queue-1/event-channel", "@port1" }, { NULL, NULL },
};
static const struct key mask[] = { { "event-channel", "@port" }, { "event-mask-ref", "@mask" }, { NULL, NULL } };
static const struct key header[] = { { "vnet-header", "103" }, { "feature-gso-tcpv4", NULL }, { NULL, NULL } };
static const struct key ctrl[] = { { "ctrl-ring-ref", "@ctrl" }, { NULL, NULL } };
static const struct key ctrl_channel[] = { { "event-channel-ctrl", "@ctrlport" }, { NULL, NULL } };

static bool find_self(struct front *f)
{
	unsigned int len;
	char *text = xs_read(f->xs, XBT_NULL, "domid", &len);
	char *be;

	f->domid = text ? (uint32_t)strtoul(text, NULL, 10) : 0;
	free(text);
	snprintf(f->fe, sizeof(f->fe), "/local/domain/%u/device/vif/%u", f->domid, f->devid);
	snprintf(f->name, sizeof(f->name), "vif%u.%u ", f->domid, f->devid);
	be = store_get(f->xs, f->fe, "backend");
	text = store_get(f->xs, f->fe, "backend-id");
	if (!be || !text) {
		fprintf(stderr, "no vif %u in domain %u\n", f->devid, f->domid);
		return false;
	}
	snprintf(f->be, sizeof(f->be), "%s", be);
	f->back = (uint32_t)strtoul(text, NULL, 10);
	free(be);
	free(text);
	return true;
}

static bool share_pages(struct front *f)
{
	void *gone = xengntshr_share_pages(f->shr, f->back, 1, &f->ended_ref, 1);

	f->gtx = xengntshr_share_pages(f->shr, f->back, 1, &f->gtx_ref, 1);
	f->grx = xengntshr_share_pages(f->shr, f->back, 1, &f->grx_ref, 1);
	f->other.gtx = xengntshr_share_pages(f->shr, f->back, 1, &f->other.gtx_ref, 1);
	f->other.grx = xengntshr_share_pages(f->shr, f->back, 1, &f->other.grx_ref, 1);
	f->other.nth = 1;
	f->mask = xengntshr_share_pages(f->shr, f->back, 1, &f->mask_ref, 1);
	f->ctrl = xengntshr_share_pages(f->shr, f->back, 1, &f->ctrl_ref, 1);
	f->list = xengntshr_share_pages(f->shr, f->back, 1, &f->list_ref, 1);
	f->data = xengntshr_share_pages(f->shr, f->back, NDATA, f->data_ref, 0);
	f->buf = xengntshr_share_pages(f->shr, f->back, NBUF, f->buf_ref, 1);
	f->guard = calloc(NDATA, PAGE);
	/* Granted to a domain other than the backend's, which need not exist. */
	if (!gone || !xengntshr_share_pages(f->shr, f->back + 1, 1, &f->foreign_ref, 1))
		return false;
	return xengntshr_unshare(f->shr, gone, 1) == 0 && f->gtx && f->grx && f->other.gtx && f->other.grx && f->mask &&
	       f->ctrl && f->list && f->data && f->buf && f->guard;
}

void front_swap(struct front *f)
{
	static struct fqueue now;

	now = f->now;
	f->now = f->other;
	f->other = now;
}

bool front_new_gtx_page(struct front *f)
{
	bool ok = xengntshr_unshare(f->shr, f->gtx, 1) == 0;

	f->gtx = xengntshr_share_pages(f->shr, f->back, 1, &f->gtx_ref, 1);
	return ok && f->gtx;
}

bool front_open(struct front *f, uint32_t devid)
{
	xenevtchn_port_or_error_t port;
	char path[300];

	f->devid = devid;
	f->seed = 2463534242u;
	f->xs = xs_open(0);
	if (!f->xs) {
		perror("xenstore");
		return false;
	}
	if (!find_self(f))
		return false;
	f->shr = xengntshr_open(NULL, 0);
	f->evt = xenevtchn_open(NULL, 0);
	if (!f->shr || !f->evt || !share_pages(f)) {
		perror("grants and event channels");
		return false;
	}
	f->host_fd = getenv("HOSTILE_NETNS") ? socket_in(getenv("HOSTILE_NETNS"), AF_INET, SOCK_DGRAM) : -1;
	port = xenevtchn_bind_unbound_port(f->evt, f->back + 1);
	f->other_port = port < 0 ? 0 : (evtchn_port_t)port;
	snprintf(path, sizeof(path), "%s/state", f->be);
	return xs_watch(f->xs, path, "state");
}

void front_close(struct front *f)
{
	if (f->evt)
		xenevtchn_close(f->evt);
	if (f->shr)
		xengntshr_close(f->shr);
	if (f->xs)
		xs_close(f->xs);
	if (f->host_fd >= 0)
		close(f->host_fd);
	free(f->guard);
}

void front_wait_host(struct front *f)
{
	uint64_t end = now_us() + WAIT_MS * 1000ull;
	const char *vif = getenv("HOSTILE_VIF");
	struct ifreq ifr = { .ifr_flags = 0 };

	if (f->host_fd < 0 || !vif)
		return;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%.15s", vif);
	while (ioctl(f->host_fd, SIOCGIFFLAGS, &ifr) == 0 && !(ifr.ifr_flags & IFF_RUNNING)) {
		if (now_us() > end) {
			trouble(&f->t, "%s does not come up on the host", vif);
			return;
		}
		pass_time(1);
	}
}

uint32_t front_value(struct front *f, const char *name, bool *known)
{
	const struct { const char *name; uint32_t value; } values[] = {
		{ "@gtx", f->gtx_ref }, { "@grx", f->grx_ref }, { "@port", f->port },
		{ "@ctrl", f->ctrl_ref }, { "@ctrlport", f->ctrl_port }, { "@otherport", f->other_port },
		{ "@readonly", f->data_ref[0] }, { "@foreign", f->foreign_ref }, { "@ended", f->ended_ref },
		{ "@buf", f->buf_ref[0] }, { "@mask", f->mask_ref }, { "@gtx1", f->other.gtx_ref },
		{ "@grx1", f->other.grx_ref }, { "@port1", f->other.port },
	};

	*known = true;
	for (unsigned int i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (strcmp(name, values[i].name) == 0)
			return values[i].value;
	*known = false;
	return 0;
}

static void put_key(struct front *f, xs_transaction_t tx, const struct key *k)
{
	bool known;
	uint32_t value;

	if (!k->value) {
		store_rm(f->xs, tx, f->fe, k->name);
		return;
	}
	value = front_value(f, k->value, &known);
	if (known)
		store_put_u32(f->xs, tx, f->fe, k->name, value);
	else
		store_put(f->xs, tx, f->fe, k->name, k->value);
}

static void put_keys(struct front *f, xs_transaction_t tx, const struct key *k)
{
	for (; k && k->name; k++)
		put_key(f, tx, k);
}

static void rm_keys(struct front *f, xs_transaction_t tx, const struct key *k)
{
	for (; k && k->name; k++)
		store_rm(f->xs, tx, f->fe, k->name);
}

static void put_all(struct front *f, xs_transaction_t tx)
{
	const struct fcase *c = f->c;

	put_keys(f, tx, honest);
	put_keys(f, tx, c->two ? two : flat);
	put_keys(f, tx, c->mask ? mask : c->two ? channels : channel);
	if (c->header)
		put_keys(f, tx, header);
	if (c->ctrl)
		put_keys(f, tx, ctrl);
	if (c->ctrl && !c->mask)
		put_keys(f, tx, ctrl_channel);
	put_keys(f, tx, c->keys);
}

/* Writes all keys and Connected at once, as Linux does. */
static void publish(struct front *f)
{
	xs_transaction_t tx;

	do {
		tx = xs_transaction_start(f->xs);
		put_all(f, tx);
		store_put(f->xs, tx, f->fe, "state", "4");
	} while (!xs_transaction_end(f->xs, tx, false) && errno == EAGAIN);
}

/* Removes what a case wrote, so the next one does not see it. */
static void unpublish(struct front *f)
{
	rm_keys(f, XBT_NULL, flat);
	rm_keys(f, XBT_NULL, mask);
	rm_keys(f, XBT_NULL, ctrl);
	rm_keys(f, XBT_NULL, ctrl_channel);
	rm_keys(f, XBT_NULL, header);
	rm_keys(f, XBT_NULL, f->c->keys);
	if (!f->c->two)
		return;
	rm_keys(f, XBT_NULL, two);
	store_rm(f->xs, XBT_NULL, f->fe, "queue-0");
	store_rm(f->xs, XBT_NULL, f->fe, "queue-1");
}

static bool open_port(struct front *f, evtchn_port_t *out)
{
	xenevtchn_port_or_error_t port = xenevtchn_bind_unbound_port(f->evt, f->back);

	if (port < 0) {
		trouble(&f->t, "no event channel: %s", strerror(errno));
		return false;
	}
	*out = (evtchn_port_t)port;
	return true;
}

static void close_port(struct front *f, evtchn_port_t *port)
{
	if (*port)
		xenevtchn_unbind(f->evt, *port);
	*port = 0;
}

bool front_connect(struct front *f)
{
	int state;

	f->connected = false;
	if (f->nth)
		front_swap(f);
	store_put(f->xs, XBT_NULL, f->fe, "state", "1");
	if (store_wait_state(f->xs, f->be, IS(InitWait), WAIT_MS) < 0) {
		trouble(&f->t, "the backend does not go to InitWait (state %u)", store_state(f->xs, f->be));
		return false;
	}
	rings_format(f);
	if (!open_port(f, &f->port) || !open_port(f, &f->other.port) || !open_port(f, &f->ctrl_port))
		return false;
	if (f->c->before)
		f->c->before(f);
	publish(f);
	if (f->c->verdict == V_REFUSE)
		return true;
	state = store_wait_state(f->xs, f->be, IS(Connected) | IS(Closing) | IS(Closed), WAIT_MS);
	f->connected = state == XenbusStateConnected;
	if (!f->connected && f->c->verdict != V_ANY)
		trouble(&f->t, "the backend does not connect (state %d)", state);
	return f->connected;
}

void front_wait_refused(struct front *f)
{
	int state = store_wait_state(f->xs, f->be, IS(Closing) | IS(Closed), WAIT_MS);
	char *error = store_get(f->xs, f->be, "error");

	if (state < 0)
		trouble(&f->t, "the backend does not close (state %u)", store_state(f->xs, f->be));
	else if (!error || strncmp(error, f->c->want, strlen(f->c->want)) != 0)
		trouble(&f->t, "the error node says \"%s\"", error ? error : "");
	free(error);
}

void front_disconnect(struct front *f, bool politely)
{
	if (politely) {
		store_put(f->xs, XBT_NULL, f->fe, "state", "5");
		if (store_wait_state(f->xs, f->be, IS(Closing) | IS(Closed), WAIT_MS) < 0)
			trouble(&f->t, "the backend does not close");
		store_put(f->xs, XBT_NULL, f->fe, "state", "6");
		if (store_wait_state(f->xs, f->be, IS(Closed), WAIT_MS) < 0)
			trouble(&f->t, "the backend does not go to Closed");
	} else {
		/* Does as a kernel after kexec: goes to the first state at once. */
		store_put(f->xs, XBT_NULL, f->fe, "state", "1");
		if (store_wait_state(f->xs, f->be, IS(InitWait), WAIT_MS) < 0)
			trouble(&f->t, "the backend does not start anew");
	}
	unpublish(f);
	close_port(f, &f->port);
	close_port(f, &f->other.port);
	close_port(f, &f->ctrl_port);
	f->connected = false;
}

void map_all(struct front *f)
{
	for (unsigned int i = 0; i < NDATA; i++)
		f->list[i] = (struct xen_netif_gref){ f->data_ref[i], XEN_NETIF_CTRLF_GREF_readonly, 0 };
	for (unsigned int i = 0; i < NPOST; i++)
		f->list[NDATA + i] = (struct xen_netif_gref){ f->buf_ref[i], 0, 0 };
	msg_want(f, "ADD of all", XEN_NETIF_CTRL_STATUS_SUCCESS, XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, 0, f->list_ref,
		 NDATA + NPOST);
}

void gtx_put_rewritten(struct front *f, void (*rewrite)(void *), void (*put)(struct front *))
{
	struct again *a;
	uint64_t end;

	map_all(f);
	a = again_start(rewrite, f);
	end = now_us() + 60000;
	while (now_us() < end) {
		for (int i = 0; i < 64 && f->g.req - f->gtx->rsp_prod < SLOTS - 1; i++)
			put(f);
		gtx_push(f);
	}
	again_stop(a);
	if (!gtx_settle(f, WAIT_MS))
		trouble(&f->t, "not all slots are answered");
}
