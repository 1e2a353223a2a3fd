/* SPDX-License-Identifier: MIT */
/* attach.c - connections in data processes, and in threads, for attach.h
 *
 * Theory of operation. The states of a connection in a data process:
 *
 *   NONE -> STARTING	process_need(); CONNECT is sent once the process is READY
 *   STARTING -> UP	CONNECTED
 *   STARTING -> NONE	CONNECTED with an error, or the process cannot be started
 *   any -> STOPPING	DISCONNECT was sent, after the CONNECT
 *   STOPPING -> NONE	DISCONNECTED
 *   NONE -> FOUND	an earlier control's process serves it
 *   FOUND -> UP	it is as it would be made now; else FOUND -> STOPPING, with the process
 *   any -> NONE	the process has ended
 *
 * A message that does not fit the state is a lie, and the end of the process.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "attach.h"
#include "attach_charge.h"
#include "attach_internal.h"
#include "process_deaths.h"
#include "served.h"

/* What a data process may take to connect a VIF, or to disconnect it, in microseconds. */
#define ANSWER_US 10000000u

/* --- settings ------------------------------------------------------------------------------ */

static struct msg_values attach_values(const struct vif_settings *s)
{
	struct msg_values v = { .limited = s->limited, .filter = atomic_load(&s->filter),
				.headroom = atomic_load(&s->headroom) };

	v.rate_bytes = s->rate.bytes;
	v.rate_usecs = s->rate.usecs;
	return v;
}

bool attach_settings(struct attach *a)
{
	union msg m = msg_new(MSG_SETTINGS, a->number);
	struct msg_values now;

	if (a->conn || !a->asked || a->state == ATTACH_STOPPING)
		return true;
	now = attach_values(a->params.settings);
	if (memcmp(&now, &a->sent, sizeof(now)) != 0) {
		m.settings.values = a->sent = now;
		a->unapplied++;
		process_send(a->process, &m, NULL, 0);
	}
	return a->unapplied == 0;
}

/* --- in a data process -------------------------------------------------------------------------- */

static void attach_take_off_list(struct attach *a)
{
	struct attach **at = &a->process->attached;

	while (*at && *at != a)
		at = &(*at)->next;
	if (*at)
		*at = a->next;
}

/* Leaves the process, with what it has there. */
static void attach_leave(struct attach *a)
{
	attach_take_off_list(a);
	if (a->state == ATTACH_STARTING && !a->asked)
		vif_fds_drop(&a->fds);
	attach_uncharge(a);
	a->state = ATTACH_NONE;
	a->asked = a->stalled = a->greeting = a->adopted = false;
	a->unapplied = 0;
	a->changed = true;
	served_free(a->served);
	a->served = NULL;
	if (a->switch_fd)
		close(a->switch_fd - 1);
	a->switch_fd = 0;
	/* A process that serves nobody ends. */
	if (!a->process->attached && !a->process->served)
		process_end(a->process);
	else
		attach_tell_charged(a->process);
}

void attach_join(struct attach *a, enum attach_state state)
{
	a->state = state;
	a->next = a->process->attached;
	a->process->attached = a;
}

/* Returns a number that no other VIF of the process has; MSG_VIFS_MAX: there is none. */
static uint32_t attach_free_number(const struct process *p)
{
	uint64_t used = 0;
	uint32_t n = 0;

	for (const struct served *s = p->served; s; s = s->next)
		used |= 1ull << s->made.head.vif;
	static_assert(MSG_VIFS_MAX == 64, "a bit for each");
	for (const struct attach *a = p->attached; a; a = a->next)
		used |= a->number < MSG_VIFS_MAX ? 1ull << a->number : 0;
	while (n < MSG_VIFS_MAX && used >> n & 1)
		n++;
	return n;
}

static void attach_send_connect(struct attach *a)
{
	const struct vif_conn_params *p = &a->params;
	union msg m = msg_new(MSG_CONNECT, a->number);
	int fds[MSG_FDS_MAX];
	unsigned int n = 0;

	msg_put_conf(&m.connect, &a->conf);
	memcpy(m.connect.name, p->name, strnlen(p->name, sizeof(m.connect.name) - 1));
	a->sent = m.connect.values = attach_values(p->settings);
	m.connect.workers = a->fds.workers;
	m.connect.hold_ms = p->hold_ms;
	m.connect.stall_ms = p->stall_ms;
	m.connect.mappings = attach_may_map(a->process);
	m.connect.flags |= p->adopt ? MSG_CONNECT_ADOPT : 0;
	m.connect.flags |= p->vhost ? MSG_CONNECT_VHOST : 0;
	fds[n++] = p->counters->fd;
	if (a->fds.tables >= 0) {
		m.connect.flags |= MSG_CONNECT_TABLES;
		fds[n++] = a->fds.tables;
	}
	if (a->fds.limit >= 0) {
		m.connect.flags |= MSG_CONNECT_LIMIT;
		m.connect.limit_bytes = a->fds.limit_bytes;
		fds[n++] = a->fds.limit;
	}
	for (unsigned int i = 0; i < (p->vhost ? 1 : a->fds.workers); i++)
		fds[n++] = a->fds.tap[i];
	a->asked = true;
	a->since = now_us();
	process_send(a->process, &m, fds, n);
	vif_fds_drop(&a->fds);
}

static int attach_start_in_process(struct attach *a, struct reason *why)
{
	struct process *p = a->process;
	int err;

	a->number = attach_free_number(p);
	err = a->number < MSG_VIFS_MAX ? process_need(p, a->fds.workers) : -E2BIG;
	if (err && err != -EINPROGRESS) {
		vif_fds_drop(&a->fds);
		*why = (struct reason){ .what = "cannot start the guest's data process", .of = ERRTEXT_FILE, .err = err };
		if (err == -E2BIG)
			*why = (struct reason){ .what = "the guest has more VIFs than one data process serves" };
		else if (err == -ECANCELED)
			*why = (struct reason){ .what = "the guest's data process ended too often, the log has the reason: "
							"the frontend has to start anew" };
		return err;
	}
	(void)!attach_charge(a);
	attach_join(a, ATTACH_STARTING);
	if (!err)
		attach_send_connect(a);
	return -EINPROGRESS;
}

static void attach_process_ready(struct process *p)
{
	for (struct attach *a = p->attached, *next; a; a = next) {
		next = a->next;
		if (a->greeting) {
			attach_take_off_list(a);
			a->greeting = false;
			a->changed = true;
		} else if (a->state == ATTACH_STARTING && !a->asked) {
			attach_send_connect(a);
		}
	}
}

static void attach_connected(struct attach *a, const struct msg_connected *m)
{
	if (a->state == ATTACH_STOPPING)
		return;		/* what was asked for since counts */
	if (a->state != ATTACH_STARTING || !a->asked) {
		process_kill(a->process, "it is connected unasked");
		return;
	}
	a->changed = true;
	if (!m->err) {
		a->state = ATTACH_UP;
		return;
	}
	a->failed = true;
	reason_list_get(&a->why, m->reason, m->err);
	attach_leave(a);
}

static void attach_disconnected(struct attach *a)
{
	if (a->state == ATTACH_STOPPING)
		attach_leave(a);
	else
		process_kill(a->process, "it is disconnected unasked");
}

static void attach_process_message(struct process *p, const union msg *m)
{
	struct attach *a = p->attached;

	while (a && a->number != m->head.vif)
		a = a->next;
	if (!a && served_has_number(p->served, m->head.vif)) {
		/* An earlier control connected that VIF, and it is not claimed yet. Its fault would be lost here:
		 * all that the process serves goes on in a new one, which finds the fault again. */
		process_end(p);
		return;
	}
	if (!a) {
		process_kill(p, "it speaks of a VIF that it does not serve");
		return;
	}
	switch ((enum msg_kind)m->head.kind) {
	case MSG_CONNECTED:
		attach_connected(a, &m->connected);
		break;
	case MSG_DISCONNECTED:
		attach_disconnected(a);
		break;
	case MSG_APPLIED:
		if (a->unapplied-- == 0)
			process_kill(p, "it applies settings unasked");
		a->changed = true;
		break;
	case MSG_FAULT:
		reason_list_get(&a->why, m->fault.reason, 0);
		a->changed = true;
		break;
	case MSG_CARRIER:
		a->stalled = m->carrier.stalled;
		a->changed = true;
		break;
	case MSG_HELLO:
	case MSG_CONNECT:
	case MSG_SETTINGS:
	case MSG_DISCONNECT:
	case MSG_MAPPINGS:
	case MSG_LOG_LEVEL:
	case MSG_END:
	case MSG_CAPTURE:
	case MSG_SWITCH:
	case MSG_SERVING:
	case MSG_READY:
	case MSG_LOG:
		break;		/* msg_receive() and process.c take these */
	}
}

static void attach_process_ended(struct process *p)
{
	while (p->attached) {
		struct attach *a = p->attached;

		a->lost = a->state == ATTACH_UP;
		attach_leave(a);
	}
}

const struct process_ops attach_process_ops = {
	.ready = attach_process_ready,
	.message = attach_process_message,
	.ended = attach_process_ended,
};

static int attach_start_here(struct attach *a, struct reason *why)
{
	int err;

	vif_fds_put(&a->fds, &a->params);
	err = vif_conn_start(&a->conn, &a->params, &a->conf, why);
	vif_fds_close(&a->fds);
	if (!err)
		a->state = ATTACH_UP;
	return err;
}

int attach_start(struct attach *a, struct processes *all, const struct vif_conn_params *params,
		 struct vif_fds *fds, const struct vif_conf *conf, struct reason *why)
{
	a->params = *params;
	a->fds = *fds;
	a->conf = *conf;
	a->changed = a->lost = a->failed = a->captured = false;
	a->why = (struct reason){ .what = NULL };
	if (!all)
		return attach_start_here(a, why);
	if (!a->process)
		a->process = process_get(all, params->peer);
	if (a->process)
		return attach_start_in_process(a, why);
	vif_fds_drop(&a->fds);
	return reason_fail(why, "cannot start the guest's data process", ERRTEXT_FILE, -ENOMEM);
}

bool attach_failed(struct attach *a, struct reason *why)
{
	bool failed = a->failed;

	*why = a->why;
	a->failed = false;
	return failed;
}

bool attach_stop(struct attach *a)
{
	union msg m = msg_new(MSG_DISCONNECT, a->number);
	struct stats sum;

	if (a->conn && a->state == ATTACH_UP) {
		vif_conn_stop(a->conn, &sum);
		a->conn = NULL;
		a->state = ATTACH_NONE;
	} else if (a->state == ATTACH_STARTING && !a->asked) {
		attach_leave(a);
	} else if (a->state == ATTACH_FOUND) {
		/* The process ends, and with it what was found. */
		a->state = ATTACH_STOPPING;
		process_end(a->process);
	} else if (a->state == ATTACH_STARTING || a->state == ATTACH_UP) {
		a->state = ATTACH_STOPPING;
		a->since = now_us();
		process_send(a->process, &m, NULL, 0);
	}
	a->lost = false;
	return a->state == ATTACH_NONE;
}

void attach_free(struct attach *a)
{
	struct process *p = a->process;
	struct stats sum;

	if (a->conn)
		vif_conn_stop(a->conn, &sum);
	if (!p)
		return;
	if (a->state != ATTACH_NONE || a->greeting)
		attach_leave(a);
	process_put(p);
}

bool attach_faulted(const struct attach *a, struct reason *why)
{
	if (a->conn)
		return vif_conn_faulted(a->conn, why);
	*why = a->why;
	return a->state == ATTACH_UP && a->why.what;
}

bool attach_stalled(const struct attach *a)
{
	return a->conn ? vif_conn_stalled(a->conn) : a->stalled;
}

bool attach_lost(struct attach *a)
{
	bool lost = a->lost;

	a->lost = false;
	return lost;
}

void attach_forget(struct attach *a, bool anew)
{
	a->failed = false;
	if (anew && a->process)
		process_pardon(a->process);
}

void attach_tick(struct attach *a)
{
	if (a->asked && a->state != ATTACH_UP && now_us() - a->since > ANSWER_US)
		process_kill(a->process, "it does not answer");
}
