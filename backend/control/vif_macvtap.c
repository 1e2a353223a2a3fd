/* SPDX-License-Identifier: MIT */
/* vif_macvtap.c - the functions of a macvtap port, for vif_macvtap.h */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/linkwatch.h"
#include "common/host/macvtap.h"
#include "common/host/tap.h"
#include "common/wire/handshake.h"
#include "backend.h"
#include "refuse.h"
#include "vif_macvtap.h"
#include "vif_tap.h"

/* The guest's, if no key says another one. */
#define MACVTAP_MTU 1500u

/* --- the descriptor ------------------------------------------------------------------------ */

void vif_macvtap_init(struct vif_macvtap *p)
{
	*p = (struct vif_macvtap){ .fd = -1, .served_fd = -1 };
}

static void vif_macvtap_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void vif_macvtap_close(struct vif *v)
{
	vif_macvtap_close_fd(&v->port.macvtap.fd);
	v->port.odd[0] = '\0';
}

bool vif_macvtap_offer(struct vif *v, int fd)
{
	struct vif_macvtap *p = &v->port.macvtap;

	if (!macvtap_is_queue(fd))
		return false;
	vif_macvtap_close_fd(&p->served_fd);
	p->served_fd = fd;
	return true;
}

bool vif_macvtap_is_other(struct vif *v)
{
	struct vif_macvtap *p = &v->port.macvtap;
	bool other = p->served_fd >= 0;

	vif_macvtap_close_fd(&p->served_fd);
	return other;
}

bool vif_macvtap_is_lost(const struct vif *v)
{
	return v->port.macvtap.fd >= 0 && macvtap_is_lost(v->port.macvtap.fd);
}

/* --- what is wrong with a device ----------------------------------------------------------- */

/* Returns the longest packet that the guest sends. A value that is no number is none, as it is for the frontend. */
static uint32_t vif_macvtap_wanted_mtu(struct vif *v)
{
	uint32_t mtu;

	return store_read_u32_or(v->daemon->store, &mtu, v->fe_path, "mtu", MACVTAP_MTU) ? MACVTAP_MTU : mtu;
}

/* Returns whether a new connection cannot use the device, with the reason in why. */
static bool vif_macvtap_is_unfit(struct vif *v, const struct macvtap *m, struct reason *why)
{
	uint32_t mtu = vif_macvtap_wanted_mtu(v);

	*why = (struct reason){ .what = "the macvtap" };
	if (!m->up)
		reason_about(why, "%s is down: ip link set %s up", m->ifname, m->ifname);
	else if (!m->carrier)
		reason_about(why, "%s has no carrier, as the device below it has none", m->ifname);
	else if (m->mtu < mtu)
		reason_about(why, "%s has the MTU %u, and the guest's is %u: raise that of the device below it, then its own", m->ifname,
			     m->mtu, mtu);
	else
		return false;
	return true;
}

/* Returns whether frames to the guest may not reach the device, with the reason in why. */
static bool vif_macvtap_has_other_mac(const struct vif *v, const struct macvtap *m, struct reason *why)
{
	char mac[18];

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", m->mac[0], m->mac[1], m->mac[2], m->mac[3], m->mac[4], m->mac[5]);
	if (!*v->mac || strcmp(mac, v->mac) == 0)
		return false;
	*why = (struct reason){ .what = "the macvtap" };
	reason_about(why, "%s has the address %s and the guest %s: frames to the guest %s; ip link set %s address %s", m->ifname, mac,
		     v->mac, m->passthru ? "may not pass the NIC" : "do not reach it", m->ifname, v->mac);
	return true;
}

/* Has the key error and the log say what is wrong with a device that is served, or that nothing is any more. */
static void vif_macvtap_tell(struct vif *v, const struct macvtap *m)
{
	char text[sizeof(v->port.odd)] = "";
	struct reason why;

	if (vif_macvtap_is_unfit(v, m, &why) || vif_macvtap_has_other_mac(v, m, &why))
		reason_print(text, sizeof(text), &why);
	if (strcmp(text, v->port.odd) == 0)
		return;
	memcpy(v->port.odd, text, sizeof(v->port.odd));
	if (*text)
		log_warn_in(&v->settings.log, "the port may lose frames vif=%s reason=\"%s\"", v->name, text);
	else
		log_info_in(&v->settings.log, "nothing is wrong with the port any more vif=%s", v->name);
	if (v->serving)
		vif_error_settle_or_log(v);
}

/* --- the port's functions ------------------------------------------------------------------ */

/* Returns the VIF that has the same device, which would take half of its frames; NULL: there is none. */
static const struct vif *vif_macvtap_rival(const struct vif *v, unsigned int ifindex)
{
	for (const struct vif *w = v->daemon->vifs; w; w = w->next)
		if (w != v && w->port.macvtap.fd >= 0 && w->port.macvtap.ifindex == ifindex)
			return w;
	return NULL;
}

/* Looks at the device that the key names. Returns 0, or -errno with the reason in why. */
static int vif_macvtap_find(const struct vif *v, struct macvtap *m, struct reason *why)
{
	const struct vif *rival;
	int err = macvtap_look(m, v->port.name.arg);

	*why = (struct reason){ .what = "the port's device" };
	if (err == -ENODEV)
		reason_about(why, "%s is not there: ip link add link NIC name %s type macvtap mode bridge", v->port.name.arg,
			     v->port.name.arg);
	else if (err == -EMEDIUMTYPE)
		reason_about(why, "%s is no macvtap", v->port.name.arg);
	else if (reason_fail(why, "cannot look at the macvtap", ERRTEXT_FILE, err))
		reason_about(why, "%s", v->port.name.arg);
	else if ((rival = vif_macvtap_rival(v, m->ifindex)) != NULL) {
		reason_about(why, "%s is that of %s: each VIF needs a macvtap of its own", m->ifname, rival->name);
		return -EBUSY;
	}
	return err;
}

/* Opens it anew. Returns 0, or -errno with the reason in why. */
static int vif_macvtap_open_new(struct vif_macvtap *p, const struct macvtap *m, struct reason *why)
{
	int err = macvtap_open(&p->fd, m);

	if (err) {
		/* What an errno means does not say it. */
		*why = (struct reason){ .what = "cannot open", .of = ERRTEXT_FILE, .err = err == -EXDEV ? 0 : err };
		reason_about(why, "/dev/tap%u of the macvtap %s%s", m->ifindex, m->ifname,
			     err == -EXDEV ? ": that node is another device's, make it anew" : "");
		return err;
	}
	err = macvtap_take_multicast(m);
	if (err)
		log_warn("the guest gets no multicast and so no IPv6 device=%s error=\"%s\" todo=\"ip link set %s allmulticast on\"",
			 m->ifname, errtext(ERRTEXT_FILE, err), m->ifname);
	return 0;
}

/* Opens it, unless it is open. Returns 0, or -errno with the reason in why. */
static int vif_macvtap_open_fd(struct vif_macvtap *p, const struct macvtap *m, struct reason *why)
{
	if (p->fd >= 0 && !macvtap_is_lost(p->fd) && p->ifindex == m->ifindex)
		return 0;
	vif_macvtap_close_fd(&p->fd);
	p->ifindex = m->ifindex;
	if (p->served_fd < 0 || !macvtap_is(p->served_fd, m))
		return vif_macvtap_open_new(p, m, why);
	p->fd = p->served_fd;
	p->served_fd = -1;
	return 0;
}

static int vif_macvtap_open(struct vif *v, struct reason *why)
{
	struct vif_macvtap *p = &v->port.macvtap;
	struct macvtap m;
	int err = vif_macvtap_find(v, &m, why);

	/* The frontend of a connection that is there would notice. */
	if (!err && !hs_back_is_up(v->state) && vif_macvtap_is_unfit(v, &m, why))
		err = -ENETDOWN;
	if (!err)
		err = vif_macvtap_open_fd(p, &m, why);
	if (err) {
		vif_macvtap_close(v);
		return err;
	}
	p->news = false;
	vif_macvtap_tell(v, &m);
	return 0;
}

/* The device's own MTU stays: what the lower network sends is no frontend's matter. */
static int vif_macvtap_fit(struct vif *v, const struct vif_conf *conf)
{
	return tap_offload_ioctl(v->port.macvtap.fd, vnet_tun_offloads(&conf->peer));
}

static unsigned int vif_macvtap_flush(struct vif *v)
{
	return tap_flush(v->port.macvtap.fd);
}

/* It has that of the device below it. */
static void vif_macvtap_carrier(struct vif *v)
{
	(void)v;
}

static int vif_macvtap_fd(const struct vif *v)
{
	return v->port.macvtap.fd;
}

static int vif_macvtap_another(const struct vif *v, int *fd)
{
	struct macvtap m;
	int err = macvtap_look(&m, v->port.name.arg);

	if (err)
		return err;
	return macvtap_is(v->port.macvtap.fd, &m) ? macvtap_open(fd, &m) : -ENODEV;
}

/* A device that was deleted is not looked for here: the connection ends first. */
static void vif_macvtap_look(struct vif *v)
{
	struct vif_macvtap *p = &v->port.macvtap;
	struct macvtap m;

	if (!p->news || p->fd < 0)
		return;
	p->news = false;
	if (macvtap_look(&m, v->port.name.arg) == 0 && m.ifindex == p->ifindex)
		vif_macvtap_tell(v, &m);
}

/* The kernel has UDP segmentation for both kinds of devices, or for none. */
const struct vif_port_ops vif_macvtap_ops = {
	.open = vif_macvtap_open, .fit = vif_macvtap_fit, .header = vif_tap_header, .flush = vif_macvtap_flush,
	.carrier = vif_macvtap_carrier, .fd = vif_macvtap_fd, .another = vif_macvtap_another,
	.look = vif_macvtap_look,
};

bool vif_macvtap_event(struct vif *v, const struct link_event *ev)
{
	struct vif_macvtap *p = &v->port.macvtap;

	if (v->port.name.kind != PORT_MACVTAP)
		return false;
	if (ev->ifindex && ev->ifindex != p->ifindex && strcmp(ev->ifname, v->port.name.arg) != 0)
		return false;
	p->news = true;
	return true;
}
