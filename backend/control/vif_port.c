/* SPDX-License-Identifier: MIT */
/* vif_port.c - the kinds of ports, for vif_port.h */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/reason.h"
#include "common/host/tap.h"
#include "common/wire/vnethdr.h"
#include "backend.h"
#include "refuse.h"
#include "vif_port.h"
#include "vif_tap.h"

/* --- the VIF's own TAP --------------------------------------------------------------------- */

/* The VIF has its device from its birth. */
static int vif_port_tap_open(struct vif *v, struct reason *why)
{
	(void)v;
	(void)why;
	return 0;
}

static unsigned int vif_port_tap_flush(struct vif *v)
{
	return tap_flush(v->tap_fd);
}

static void vif_port_tap_carrier(struct vif *v)
{
	tap_set_carrier(v->tap_fd, v->carrier);
}

static bool vif_port_tap_is_single(const struct vif *v)
{
	return tap_kind_of(v->tap_fd) == TAP_SINGLE;
}

static int vif_port_tap_fd(const struct vif *v)
{
	return v->tap_fd;
}

static int vif_port_tap_another(const struct vif *v, int *fd)
{
	return tap_open_another(fd, v->tap_fd);
}

static const struct vif_port_ops vif_port_tap = {
	.open = vif_port_tap_open, .fit = vif_tap_fit, .header = vif_tap_header, .flush = vif_port_tap_flush,
	.carrier = vif_port_tap_carrier, .is_single = vif_port_tap_is_single,
	.fd = vif_port_tap_fd, .another = vif_port_tap_another,
};

/* --- vhost-user ------------------------------------------------------------------------------ */

static int vif_port_vhost_open(struct vif *v, struct reason *why)
{
	return vif_vhost_open(v, v->port.name.arg, why);
}

/* The switch is asked for the offloads when it connects. */
static int vif_port_vhost_fit(struct vif *v, const struct vif_conf *conf)
{
	(void)v;
	(void)conf;
	return 0;
}

/* The data side does what the switch leaves to it. */
static uint32_t vif_port_vhost_header(const struct vif *v)
{
	(void)v;
	return VNETHDR_ALL;
}

/* Each switch gets queues of its own, in which nothing is old. */
static unsigned int vif_port_vhost_flush(struct vif *v)
{
	(void)v;
	return 0;
}

static void vif_port_vhost_carrier(struct vif *v)
{
	(void)v;
}

/* The TAP, which is not read: a data process holds a device. */
static int vif_port_vhost_fd(const struct vif *v)
{
	return v->tap_fd;
}

static int vif_port_vhost_another(const struct vif *v, int *fd)
{
	(void)v;
	*fd = -1;
	return 0;
}

static const struct vif_port_ops vif_port_vhost = {
	.open = vif_port_vhost_open, .fit = vif_port_vhost_fit, .header = vif_port_vhost_header, .flush = vif_port_vhost_flush,
	.carrier = vif_port_vhost_carrier, .fd = vif_port_vhost_fd, .another = vif_port_vhost_another,
};

/* --- the port that the key names ------------------------------------------------------------- */

static const struct vif_port_ops *vif_port_ops(const struct vif *v)
{
	switch (v->port.name.kind) {
	case PORT_TAP:
		break;
	case PORT_VHOST_USER:
		return &vif_port_vhost;
	case PORT_MACVTAP:
		return &vif_macvtap_ops;
	}
	return &vif_port_tap;
}

int vif_port_fit(struct vif *v, const struct vif_conf *conf)
{
	return vif_port_ops(v)->fit(v, conf);
}

uint32_t vif_port_header(const struct vif *v)
{
	return vif_port_ops(v)->header(v);
}

unsigned int vif_port_flush(struct vif *v)
{
	return vif_port_ops(v)->flush(v);
}

unsigned int vif_port_workers(const struct vif *v, const struct vif_conf *conf)
{
	const struct vif_port_ops *ops = vif_port_ops(v);

	if (conf->ctrl || conf->mask || (ops->is_single && ops->is_single(v)))
		return 1;
	return conf->queues < v->daemon->policy.workers ? conf->queues : v->daemon->policy.workers;
}

void vif_port_offer(struct vif *v, int fd)
{
	v->port.tap_served = !vif_macvtap_offer(v, fd);
	if (v->port.tap_served)
		vif_tap_offer(v, fd);
}

bool vif_port_event(struct vif *v, const struct link_event *ev)
{
	bool tap = vif_tap_event(v, ev);

	return vif_macvtap_event(v, ev) || tap;
}

bool vif_port_is_lost(const struct vif *v)
{
	return vif_macvtap_is_lost(v);
}

void vif_port_close(struct vif *v)
{
	vif_macvtap_close(v);
}

bool vif_port_was_other(struct vif *v)
{
	bool tap = v->port.tap_served && v->port.name.kind == PORT_MACVTAP;

	if (v->port.unread)
		return false;
	v->port.tap_served = false;
	return vif_macvtap_is_other(v) || tap;
}

/* Reads the key. Returns 0; -EINVAL with the reason in why; other -errno: xenstored failed. */
static int vif_port_read(struct vif *v, struct port_name *name, struct reason *why)
{
	char text[STORE_VALUE_MAX];
	int err = store_read(v->daemon->store, text, sizeof(text), v->be_path, "port");

	if (err == -ENOENT)
		snprintf(text, sizeof(text), "%s", port_kind_word(PORT_TAP));
	else if (err && err != -EINVAL)
		return err;
	if (!err || err == -ENOENT)
		err = port_name_parse(name, text);
	if (!err) {
		snprintf(v->port.text, sizeof(v->port.text), "%.*s", (int)sizeof(v->port.text) - 1, text);
		return 0;
	}
	*why = (struct reason){ .what = "the backend key port is not acceptable, it may be" };
	reason_about(why, "%s", port_name_forms());
	return -EINVAL;
}

bool vif_port_choose(struct vif *v)
{
	struct reason why = { .what = NULL };
	struct port_name name;
	int err = vif_port_read(v, &name, &why);

	v->port.unread = store_is_unknown(err);
	if (v->port.unread) {
		vif_look_again(v, err);
		return false;
	}
	if (!err) {
		if (v->port.name.kind != name.kind)
			vif_vhost_close(v);
		v->port.name = name;
		/* Frames that reach the TAP would be lost. */
		if (name.kind != PORT_TAP)
			tap_set_carrier(v->tap_fd, false);
		v->port.ops = vif_port_ops(v);
		err = v->port.ops->open(v, &why);
	}
	if (err)
		vif_wait(v, &why);
	return !err;
}

void vif_port_carrier(struct vif *v)
{
	bool stalled = v->serving && attach_stalled(&v->attach), up = v->serving && !stalled;

	if (up == v->carrier)
		return;
	v->carrier = up;
	vif_port_ops(v)->carrier(v);
	if (stalled)
		log_warn_in(&v->settings.log, "stalled, carrier down vif=%s reason=\"the frontend posts too few receive buffers\"", v->name);
}

void vif_port_look(struct vif *v)
{
	bool was = v->carrier;

	if (vif_port_ops(v)->look)
		vif_port_ops(v)->look(v);
	vif_port_carrier(v);
	if (v->carrier && !was)
		log_info_in(&v->settings.log, "recovered, carrier up vif=%s", v->name);
}
