/* SPDX-License-Identifier: MIT */
/* msg.c - messages of msg.h: made and checked */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "common/base/log.h"
#include "common/wire/capring.h"
#include "common/wire/pkt.h"
#include "common/wire/vnethdr.h"
#include "msg.h"
#include "settings.h"

/* Limits of numbers, the same as those of the options. */
#define MSG_MS_MAX 3600000u
#define MSG_LIMIT_MAX (1u << 30)
#define MSG_MAPPINGS_MAX (1u << 20)
#define MSG_ERRNO_MAX 4095
#define MSG_UID_MAX 0xfffffffeu
#define MSG_STAGES_MAX 32u

static_assert(sizeof(struct msg_connect) == 8 + 16 + 32 + 12 * 4 + 16 * VIF_QUEUES_MAX, "no padding");
static_assert(sizeof(struct msg_hello) == 32 && sizeof(struct msg_settings) == 40 &&
	      sizeof(struct msg_ready) == 24 && sizeof(struct msg_log) == 16 + MSG_TEXT_MAX, "no padding");

union msg msg_new(enum msg_kind kind, uint32_t vif)
{
	union msg m;

	memset(&m, 0, sizeof(m));
	m.head = (struct msg_head){ .version = MSG_VERSION, .kind = (uint16_t)kind, .vif = vif };
	return m;
}

size_t msg_size(uint16_t kind, enum msg_from from)
{
	static const struct {
		uint16_t kind;
		enum msg_from from;
		size_t size;
	} sizes[] = {
		{ MSG_HELLO, MSG_FROM_CONTROL, sizeof(struct msg_hello) },
		{ MSG_CONNECT, MSG_FROM_CONTROL, sizeof(struct msg_connect) },
		{ MSG_SETTINGS, MSG_FROM_CONTROL, sizeof(struct msg_settings) },
		{ MSG_DISCONNECT, MSG_FROM_CONTROL, sizeof(struct msg_disconnect) },
		{ MSG_LOG_LEVEL, MSG_FROM_CONTROL, sizeof(struct msg_log_level) },
		{ MSG_MAPPINGS, MSG_FROM_CONTROL, sizeof(struct msg_mappings) },
		{ MSG_END, MSG_FROM_CONTROL, sizeof(struct msg_end) },
		{ MSG_CAPTURE, MSG_FROM_CONTROL, sizeof(struct msg_capture) },
		{ MSG_SWITCH, MSG_FROM_CONTROL, sizeof(struct msg_switch) },
		{ MSG_APPLIED, MSG_FROM_DATA, sizeof(struct msg_applied) },
		{ MSG_SERVING, MSG_FROM_DATA, sizeof(struct msg_serving) },
		{ MSG_READY, MSG_FROM_DATA, sizeof(struct msg_ready) },
		{ MSG_CONNECTED, MSG_FROM_DATA, sizeof(struct msg_connected) },
		{ MSG_DISCONNECTED, MSG_FROM_DATA, sizeof(struct msg_disconnected) },
		{ MSG_FAULT, MSG_FROM_DATA, sizeof(struct msg_fault) },
		{ MSG_CARRIER, MSG_FROM_DATA, sizeof(struct msg_carrier) },
		{ MSG_LOG, MSG_FROM_DATA, sizeof(struct msg_log) },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
		if (sizes[i].kind == kind && sizes[i].from == from)
			return sizes[i].size;
	return 0;
}

/* --- checks: one function for each kind checks each of its fields ------------------- */

static bool msg_all_zero(const void *p, size_t len)
{
	const unsigned char *bytes = p;

	while (len--)
		if (bytes[len])
			return false;
	return true;
}

/* Returns true if text of len bytes is one string of printable characters, followed by zeros. */
static bool msg_text_ok(const char *text, size_t len)
{
	size_t used = strnlen(text, len);

	for (size_t i = 0; i < used; i++)
		if (!isprint((unsigned char)text[i]))
			return false;
	return used < len && msg_all_zero(text + used, len - used);
}

/* Returns true if name has the form of a device's name. It is used in a path and in a thread's name, so it
 * must have no other characters. */
static bool msg_name_ok(const char *name, size_t len)
{
	return msg_text_ok(name, len) && name[0] &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.")] == '\0';
}

static bool msg_hello_ok(const struct msg_hello *m)
{
	return m->domid < DOMID_FIRST_RESERVED && m->workers >= 1 && m->workers <= MSG_WORKERS_MAX &&
	       m->uid != 0 && m->uid <= MSG_UID_MAX && m->gid != 0 && m->gid <= MSG_UID_MAX &&
	       !(m->flags & ~MSG_HELLO_FLAGS) && m->log_level <= LOG_LEVEL_DEBUG;
}

static bool msg_values_ok(const struct msg_values *v)
{
	return !(v->limited & ~(RATE_GTX | RATE_GRX)) && v->filter <= 1 && v->headroom <= PKT_HEADROOM_MAX && v->zero == 0;
}

static bool msg_queues_ok(const struct msg_connect *m)
{
	bool one = m->flags & (MSG_CONNECT_MASK | MSG_CONNECT_CTRL);

	return m->queues >= 1 && m->queues <= VIF_QUEUES_MAX && m->workers >= 1 && m->workers <= m->queues &&
	       (!one || m->workers == 1) &&
	       msg_all_zero(&m->queue[m->queues], (VIF_QUEUES_MAX - m->queues) * sizeof(m->queue[0]));
}

/* Checks the masks of an offload header. */
static bool msg_header_ok(const struct msg_connect *m)
{
	if (!(m->flags & MSG_CONNECT_HEADER))
		return m->header == 0 && m->device == 0 && !(m->flags & MSG_CONNECT_USO);
	return m->header != 0 && vnethdr_usable(m->header) == m->header && (m->device & ~m->header) == 0;
}

static bool msg_connect_ok(const struct msg_connect *m, uint32_t flags)
{
	return !(m->flags & ~flags) && msg_name_ok(m->name, sizeof(m->name)) &&
	       msg_values_ok(&m->values) && msg_queues_ok(m) &&
	       ((m->flags & MSG_CONNECT_MASK) || (m->mask_ref.raw == 0 && m->mask_port.raw == 0)) &&
	       ((m->flags & MSG_CONNECT_CTRL) || (m->ctrl_ref.raw == 0 && m->ctrl_port.raw == 0)) &&
	       m->hold_ms >= 1 && m->hold_ms <= MSG_MS_MAX && m->stall_ms <= MSG_MS_MAX &&
	       m->limit_bytes <= MSG_LIMIT_MAX && !(m->flags & MSG_CONNECT_LIMIT) == (m->limit_bytes == 0) &&
	       m->mappings <= MSG_MAPPINGS_MAX && msg_header_ok(m);
}

static bool msg_err_ok(int32_t err)
{
	return err <= 0 && err >= -MSG_ERRNO_MAX;
}

static bool msg_ready_ok(const struct msg_ready *m)
{
	return msg_err_ok(m->err) && m->stage < MSG_STAGES_MAX && (m->err || m->stage == 0) && m->sets <= MSG_WORKERS_MAX;
}

static bool msg_connected_ok(const struct msg_connected *m)
{
	return msg_err_ok(m->err) && m->reason < REASON_MAX && (m->err || m->reason == 0);
}

static bool msg_capture_ok(const struct msg_capture *m)
{
	if (m->flags == 0)
		return m->snap == 0;
	return !(m->flags & ~(uint32_t)CAPRING_FLAGS) && (m->flags & (CAPRING_FROM_GUEST | CAPRING_TO_GUEST)) && m->snap <= CAPRING_SNAP_MAX;
}

static bool msg_log_ok(const struct msg_log *m)
{
	return m->level <= LOG_LEVEL_DEBUG && m->zero == 0 && msg_text_ok(m->text, sizeof(m->text));
}

static bool msg_fields_ok(const union msg *m)
{
	switch ((enum msg_kind)m->head.kind) {
	case MSG_HELLO:
		return msg_hello_ok(&m->hello);
	case MSG_CONNECT:
		return msg_connect_ok(&m->connect, MSG_CONNECT_FLAGS);
	case MSG_SETTINGS:
		return msg_values_ok(&m->settings.values);
	case MSG_LOG_LEVEL:
		return m->log_level.level <= LOG_LEVEL_DEBUG && m->log_level.zero == 0;
	case MSG_MAPPINGS:
		return m->mappings.all <= MSG_MAPPINGS_MAX && m->mappings.zero == 0;
	case MSG_READY:
		return msg_ready_ok(&m->ready);
	case MSG_CONNECTED:
		return msg_connected_ok(&m->connected);
	case MSG_FAULT:
		return m->fault.reason < REASON_MAX && m->fault.zero == 0;
	case MSG_CARRIER:
		return m->carrier.stalled <= 1 && m->carrier.zero == 0;
	case MSG_LOG:
		return msg_log_ok(&m->log);
	case MSG_CAPTURE:
		return msg_capture_ok(&m->capture);
	case MSG_SERVING:
		return msg_connect_ok(&m->serving.connect, MSG_CONNECT_FLAGS | MSG_SERVING_SWITCH) &&
		       !((m->serving.connect.flags & MSG_SERVING_SWITCH) && !(m->serving.connect.flags & MSG_CONNECT_VHOST));
	case MSG_DISCONNECT:
	case MSG_DISCONNECTED:
	case MSG_APPLIED:
	case MSG_END:
	case MSG_SWITCH:
		return true;
	}
	return false;
}

/* Returns true if the message is about one of the process's VIFs, or about none. */
static bool msg_vif_ok(const struct msg_head *head)
{
	bool none = head->kind == MSG_HELLO || head->kind == MSG_READY || head->kind == MSG_LOG_LEVEL || head->kind == MSG_LOG ||
		    head->kind == MSG_END || head->kind == MSG_MAPPINGS;

	return head->vif < (none ? 1 : MSG_VIFS_MAX);
}

/* Returns the number of descriptors that the message must have. */
static unsigned int msg_fds_of(const union msg *m)
{
	if (m->head.kind == MSG_SERVING)
		return 2 + !!(m->serving.connect.flags & MSG_SERVING_SWITCH);
	if (m->head.kind == MSG_SWITCH || (m->head.kind == MSG_CAPTURE && m->capture.flags))
		return 2;
	if (m->head.kind != MSG_CONNECT)
		return 0;
	return 1 + !!(m->connect.flags & MSG_CONNECT_TABLES) + !!(m->connect.flags & MSG_CONNECT_LIMIT) +
	       (m->connect.flags & MSG_CONNECT_VHOST ? 1 : m->connect.workers);
}

int msg_check(const union msg *m, size_t len, unsigned int nfds, enum msg_from from)
{
	if (len < sizeof(m->head))
		return -EPROTO;
	if (m->head.version != MSG_VERSION)
		return -EPROTONOSUPPORT;
	if (len != msg_size(m->head.kind, from) || !msg_vif_ok(&m->head) || !msg_fields_ok(m) || nfds != msg_fds_of(m))
		return -EPROTO;
	return 0;
}

/* --- configuration ------------------------------------------------------------------- */

static uint32_t msg_flag(bool on, uint32_t flag)
{
	return on ? flag : 0;
}

void msg_put_conf(struct msg_connect *m, const struct vif_conf *conf)
{
	m->flags |= msg_flag(conf->mask, MSG_CONNECT_MASK) | msg_flag(conf->ctrl, MSG_CONNECT_CTRL) |
		    msg_flag(conf->rx_notify, MSG_CONNECT_RX_NOTIFY) | msg_flag(conf->peer.csum4, MSG_CONNECT_CSUM4) |
		    msg_flag(conf->peer.csum6, MSG_CONNECT_CSUM6) | msg_flag(conf->peer.gso4, MSG_CONNECT_GSO4) |
		    msg_flag(conf->peer.gso6, MSG_CONNECT_GSO6) | msg_flag(conf->peer.sg, MSG_CONNECT_SG) |
		    msg_flag(conf->peer.header, MSG_CONNECT_HEADER) | msg_flag(conf->peer.uso, MSG_CONNECT_USO);
	m->header = conf->header;
	m->device = conf->device;
	m->queues = conf->queues;
	if (conf->mask) {
		m->mask_ref = conf->mask_ref;
		m->mask_port = conf->mask_port;
	}
	if (conf->ctrl) {
		m->ctrl_ref = conf->ctrl_ref;
		m->ctrl_port = conf->ctrl_port;
	}
	for (unsigned int i = 0; i < conf->queues; i++)
		m->queue[i] = (struct msg_queue){ conf->queue[i].gtx_ref, conf->queue[i].grx_ref,
						  conf->queue[i].gtx_port, conf->queue[i].grx_port };
}

void msg_get_conf(struct vif_conf *conf, const struct msg_connect *m)
{
	*conf = (struct vif_conf){
		.queues = m->queues,
		.mask = m->flags & MSG_CONNECT_MASK, .mask_ref = m->mask_ref, .mask_port = m->mask_port,
		.ctrl = m->flags & MSG_CONNECT_CTRL, .ctrl_ref = m->ctrl_ref, .ctrl_port = m->ctrl_port,
		.rx_notify = m->flags & MSG_CONNECT_RX_NOTIFY,
		.headroom = m->values.headroom,
		.peer = { .csum4 = m->flags & MSG_CONNECT_CSUM4, .csum6 = m->flags & MSG_CONNECT_CSUM6,
			  .gso4 = m->flags & MSG_CONNECT_GSO4, .gso6 = m->flags & MSG_CONNECT_GSO6,
			  .sg = m->flags & MSG_CONNECT_SG, .header = m->flags & MSG_CONNECT_HEADER,
			  .uso = m->flags & MSG_CONNECT_USO },
		.header = m->header, .device = m->device,
	};
	for (unsigned int i = 0; i < m->queues; i++) {
		conf->queue[i].gtx_ref = m->queue[i].gtx_ref;
		conf->queue[i].grx_ref = m->queue[i].grx_ref;
		conf->queue[i].gtx_port = m->queue[i].gtx_port;
		conf->queue[i].grx_port = m->queue[i].grx_port;
	}
}

bool msg_same_conf(const struct msg_connect *a, const struct msg_connect *b)
{
	const uint32_t flags = MSG_CONNECT_MASK | MSG_CONNECT_CTRL | MSG_CONNECT_RX_NOTIFY | MSG_CONNECT_CSUM4 |
			       MSG_CONNECT_CSUM6 | MSG_CONNECT_GSO4 | MSG_CONNECT_GSO6 | MSG_CONNECT_SG |
			       MSG_CONNECT_HEADER | MSG_CONNECT_USO;

	return (a->flags & flags) == (b->flags & flags) && a->queues == b->queues && a->header == b->header && a->device == b->device &&
	       a->mask_ref.raw == b->mask_ref.raw && a->mask_port.raw == b->mask_port.raw &&
	       a->ctrl_ref.raw == b->ctrl_ref.raw && a->ctrl_port.raw == b->ctrl_port.raw &&
	       memcmp(a->queue, b->queue, sizeof(a->queue)) == 0;
}
