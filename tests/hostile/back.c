/* SPDX-License-Identifier: MIT */
/* back.c - sets the scripted backend up and down: xenstore, grants, channels, the guest's device */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "back.h"

static const struct key honest[] = {
	{ "feature-sg", "1" },
	{ "feature-gso-tcpv4", "1" },
	{ "feature-gso-tcpv6", "1" },
	{ "feature-ipv6-csum-offload", "1" },
	{ "feature-rx-copy", "1" },
	{ "feature-rx-flip", "0" },
	{ "feature-split-event-channels", "1" },
	{ "multi-queue-max-queues", "1" },
};

#define NHONEST (sizeof(honest) / sizeof(honest[0]))

bool back_open(struct back *b, uint32_t guest, uint32_t devid, const char *netns)
{
	char path[128], *text;
	unsigned int len;

	b->guest = guest;
	b->devid = devid;
	b->seed = 2463534242u;
	b->xs = xs_open(0);
	b->tab = xengnttab_open(NULL, 0);
	b->evt = xenevtchn_open(NULL, 0);
	b->packet_fd = socket_in(netns, AF_PACKET, SOCK_RAW);
	if (!b->xs || !b->tab || !b->evt || b->packet_fd < 0) {
		perror("hostile-back");
		return false;
	}
	text = xs_read(b->xs, XBT_NULL, "domid", &len);
	b->domid = text ? (uint32_t)strtoul(text, NULL, 10) : 0;
	free(text);
	snprintf(b->fe, sizeof(b->fe), "/local/domain/%u/device/vif/%u", guest, devid);
	snprintf(b->be, sizeof(b->be), "/local/domain/%u/backend/vif/%u/%u", b->domid, guest, devid);
	snprintf(b->nic, sizeof(b->nic), "nic=nic%u", devid);
	snprintf(path, sizeof(path), "%s/state", b->fe);
	return xs_watch(b->xs, path, "state");
}

void back_close(struct back *b)
{
	xenevtchn_close(b->evt);
	xengnttab_close(b->tab);
	xs_close(b->xs);
	close(b->packet_fd);
}

void back_state(struct back *b, const char *state)
{
	store_put(b->xs, XBT_NULL, b->be, "state", state);
}

int back_wait_front(struct back *b, unsigned int mask)
{
	return store_wait_state(b->xs, b->fe, mask, WAIT_MS);
}

void back_attach(struct back *b)
{
	char line[512];

	if (!hook("start", "vif"))
		trouble(&b->t, "the interface cannot be attached");
	else if (!log_wait(&b->log, "found ", b->nic, line, sizeof(line), WAIT_MS))
		trouble(&b->t, "the daemon does not find the interface");
}

void back_detach(struct back *b)
{
	char line[512];

	if (!hook("stop", "vif"))
		trouble(&b->t, "the interface cannot be detached");
	else if (!log_wait(&b->log, "removed ", b->nic, line, sizeof(line), WAIT_MS))
		trouble(&b->t, "the daemon does not let the interface go");
}

void back_offer(struct back *b)
{
	for (unsigned int i = 0; i < NHONEST; i++)
		store_put(b->xs, XBT_NULL, b->be, honest[i].name, honest[i].value);
	store_put(b->xs, XBT_NULL, b->be, "feature-vnet-header", b->c->header ? "103" : "0");
	for (const struct key *k = b->c->keys; k && k->name; k++) {
		if (k->value)
			store_put(b->xs, XBT_NULL, b->be, k->name, k->value);
		else
			store_rm(b->xs, XBT_NULL, b->be, k->name);
	}
	back_state(b, "2");
}

static uint32_t number(struct back *b, const char *key)
{
	char *text = store_get(b->xs, b->fe, key);
	uint32_t v = text ? (uint32_t)strtoul(text, NULL, 10) : UINT32_MAX;

	free(text);
	return v;
}

static evtchn_port_t bind_port(struct back *b, const char *key)
{
	xenevtchn_port_or_error_t port = xenevtchn_bind_interdomain(b->evt, b->guest, number(b, key));

	if (port < 0)
		trouble(&b->t, "cannot bind %s: %s", key, strerror(errno));
	return port < 0 ? 0 : (evtchn_port_t)port;
}

/* Maps the receive pages, which the frontend posts all at once. */
static bool map_bufs(struct back *b)
{
	uint64_t end = now_us() + WAIT_MS * 1000ull;
	uint32_t refs[SLOTS];

	while ((b->nbufs = __atomic_load_n(&b->grx->req_prod, __ATOMIC_ACQUIRE)) == 0 && now_us() < end)
		pass_time(1);
	if (b->nbufs == 0 || b->nbufs > SLOTS || (b->nbufs & (b->nbufs - 1))) {
		trouble(&b->t, "%u buffers were posted, which is no power of two", b->nbufs);
		return false;
	}
	for (unsigned int i = 0; i < b->nbufs; i++)
		refs[i] = grx_ref(b, i);
	b->bufs = xengnttab_map_domain_grant_refs(b->tab, b->nbufs, b->guest, refs, PROT_READ | PROT_WRITE);
	if (!b->bufs)
		trouble(&b->t, "cannot map the receive pages: %s", strerror(errno));
	return b->bufs;
}

static void *map_page(struct back *b, const char *sub, const char *key)
{
	char name[64];
	void *page;

	snprintf(name, sizeof(name), "%s%s", sub, key);
	page = xengnttab_map_grant_ref(b->tab, b->guest, number(b, name), PROT_READ | PROT_WRITE);
	if (!page)
		trouble(&b->t, "cannot map %s: %s", name, strerror(errno));
	return page;
}

/* Binds the channels of one queue, or maps the mask and binds its channel. */
static void bind_ports(struct back *b, bool several)
{
	if (number(b, "event-mask-ref") != UINT32_MAX) {
		b->mask = map_page(b, "", "event-mask-ref");
		b->gtx_port = b->grx_port = bind_port(b, "event-channel");
	} else if (several) {
		b->gtx_port = bind_port(b, "queue-0/event-channel-tx");
		b->grx_port = bind_port(b, "queue-0/event-channel-rx");
		b->port1 = bind_port(b, "queue-1/event-channel-tx");
	} else if (number(b, "event-channel-tx") != UINT32_MAX) {
		b->gtx_port = bind_port(b, "event-channel-tx");
		b->grx_port = bind_port(b, "event-channel-rx");
	} else {
		b->gtx_port = b->grx_port = bind_port(b, "event-channel");
	}
}

bool back_map(struct back *b)
{
	/* The daemon under test asks for two queues. */
	bool several = number(b, "multi-queue-num-queues") == 2;

	b->gtx = map_page(b, several ? "queue-0/" : "", "tx-ring-ref");
	b->grx = map_page(b, several ? "queue-0/" : "", "rx-ring-ref");
	if (several) {
		b->gtx1 = map_page(b, "queue-1/", "tx-ring-ref");
		b->grx1 = map_page(b, "queue-1/", "rx-ring-ref");
	}
	bind_ports(b, several);
	if (b->c->header && !(number(b, "vnet-header") & 1))
		trouble(&b->t, "the frontend does not take the offload header");
	b->gtx_rsp = b->grx_rsp = b->ctrl_rsp = 0;
	b->sent = 0;
	if (number(b, "ctrl-ring-ref") != UINT32_MAX) {
		b->ctrl = map_page(b, "", "ctrl-ring-ref");
		b->ctrl_port = b->mask ? 0 : bind_port(b, "event-channel-ctrl");
	}
	return !*b->t.text;
}

static void unmap_page(struct back *b, void *page)
{
	if (page)
		xengnttab_unmap(b->tab, page, 1);
}

static void unbind(struct back *b, evtchn_port_t *port)
{
	if (*port)
		xenevtchn_unbind(b->evt, *port);
	*port = 0;
}

void back_unmap(struct back *b)
{
	if (b->grx_port == b->gtx_port)
		b->grx_port = 0;
	unbind(b, &b->gtx_port);
	unbind(b, &b->grx_port);
	unbind(b, &b->ctrl_port);
	unbind(b, &b->port1);
	if (b->bufs)
		xengnttab_unmap(b->tab, b->bufs, b->nbufs);
	unmap_page(b, b->gtx);
	unmap_page(b, b->grx);
	unmap_page(b, b->gtx1);
	unmap_page(b, b->grx1);
	unmap_page(b, b->ctrl);
	unmap_page(b, b->mask);
	b->bufs = NULL;
	b->gtx = b->gtx1 = NULL;
	b->grx = b->grx1 = NULL;
	b->ctrl = NULL;
	b->mask = NULL;
}

/* Frames can pass only if the guest's device is up. */
static void device_up(struct back *b)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(0x88b5) };
	struct ifreq ifr = { .ifr_flags = IFF_UP };
	char line[512], *name;
	int error;
	socklen_t len = sizeof(error);

	if (!log_wait(&b->log, "device ", b->nic, line, sizeof(line), WAIT_MS)) {
		trouble(&b->t, "the daemon makes no device");
		return;
	}
	name = strstr(line, "ifname=");
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%.15s", name ? name + 7 : "");
	if (ioctl(b->packet_fd, SIOCSIFFLAGS, &ifr) < 0 || ioctl(b->packet_fd, SIOCGIFINDEX, &ifr) < 0)
		trouble(&b->t, "cannot set %s up: %s", ifr.ifr_name, strerror(errno));
	b->ifindex = to.sll_ifindex = ifr.ifr_ifindex;
	if (bind(b->packet_fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		trouble(&b->t, "cannot send through %s: %s", ifr.ifr_name, strerror(errno));
	/* The socket still reports the removal of the previous device. */
	getsockopt(b->packet_fd, SOL_SOCKET, SO_ERROR, &error, &len);
}

bool back_connect(struct back *b)
{
	char line[512];

	b->connected = false;
	if (back_wait_front(b, IS(Connected)) < 0) {
		trouble(&b->t, "the frontend does not connect");
		return false;
	}
	if (!back_map(b))
		return false;
	back_state(b, "4");
	if (!log_wait(&b->log, ": connected ", b->nic, line, sizeof(line), WAIT_MS)) {
		trouble(&b->t, "the daemon does not say that it is connected");
		return false;
	}
	if (!map_bufs(b))
		return false;
	device_up(b);
	b->connected = !*b->t.text;
	return b->connected;
}

void back_disconnect(struct back *b)
{
	back_state(b, "5");
	if (back_wait_front(b, IS(Closed)) < 0)
		trouble(&b->t, "the frontend does not close");
	back_unmap(b);
	back_state(b, "6");
	b->connected = false;
}
