/* SPDX-License-Identifier: MIT */
/* serve_vif.c - connects and disconnects a VIF in a data process, for serve_vif.h */
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/errtext.h"
#include "common/base/log.h"
#include "reason_list.h"
#include "serve_vif.h"

/* #syscalls close */

static void serve_vif_set_rate(struct vif_settings *s, const struct msg_values *values)
{
	struct credit_rate rate = { values->rate_bytes, values->rate_usecs };

	if (rate.bytes == s->rate.bytes && rate.usecs == s->rate.usecs)
		return;
	s->rate = rate;
	credit_set(&s->credit, &rate, now_us());
}

void serve_vif_set(struct serve_vif *v, const struct msg_values *values)
{
	v->made.values = *values;
	serve_vif_set_rate(&v->settings, values);
	atomic_store(&v->settings.filter, values->filter != 0);
	atomic_store(&v->settings.headroom, (uint16_t)values->headroom);
}

/* A number may have been another VIF's before. */
static void serve_vif_name(struct serve_vif *v, const struct msg_connect *m)
{
	if (strcmp(v->made.name, m->name) != 0)
		*v = (struct serve_vif){ .tap_fd = -1 };
	v->made = *m;
	v->fault_told = v->stalled_told = false;
	v->settings.limited = m->values.limited;
	serve_vif_set(v, &m->values);
}

void serve_vif_may_map(struct serve_shared *shared, unsigned int pages)
{
	atomic_store(&shared->quota.guest_max, pages);
	atomic_store(&shared->quota.all_max, pages);
}

static void serve_vif_release(struct serve_vif *v)
{
	vif_counters_free(&v->counters);
	close(v->tap_fd);
	v->tap_fd = -1;
}

static void serve_vif_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

int serve_vif_connect(struct serve_vif *v, struct serve_shared *shared, const struct msg_connect *m,
		      const int *fds, struct reason *why)
{
	struct vif_conn_params params = {
		.peer = shared->peer, .name = v->made.name, .settings = &v->settings, .counters = &v->counters,
		.workers = m->workers, .control_fd = shared->wake_fd, .hold_ms = m->hold_ms, .stall_ms = m->stall_ms,
		.limit_bytes = m->limit_bytes, .quota = &shared->quota, .handles = shared->handles,
		.adopt = m->flags & MSG_CONNECT_ADOPT, .vhost = m->flags & MSG_CONNECT_VHOST, .switch_fd = shared->switch_fd,
	};
	int taps[VIF_QUEUES_MAX];
	struct vif_conf conf;
	int err;

	serve_vif_name(v, m);
	msg_get_conf(&conf, m);
	/* In the order that msg.h gives. */
	err = reason_list_fail(why, "cannot make the connection", vif_counters_map(&v->counters, *fds++, m->queues, m->workers));
	params.tables_fd = m->flags & MSG_CONNECT_TABLES ? *fds++ : -1;
	params.limit_fd = m->flags & MSG_CONNECT_LIMIT ? *fds++ : -1;
	for (unsigned int i = 0; i < m->workers; i++)
		taps[i] = i && params.vhost ? -1 : fds[i];
	params.tap_fds = taps;
	v->tap_fd = fds[0];
	serve_vif_may_map(shared, m->mappings);
	if (!err)
		err = vif_conn_start(&v->conn, &params, &conf, why);
	else
		for (unsigned int i = 1; i < m->workers; i++)
			serve_vif_close(taps[i]);
	serve_vif_close(params.tables_fd);
	serve_vif_close(params.limit_fd);
	if (err)
		serve_vif_release(v);
	return err;
}

void serve_vif_disconnect(struct serve_vif *v)
{
	struct stats sum;

	if (!v->conn)
		return;
	vif_conn_stop(v->conn, &sum);
	v->conn = NULL;
	serve_vif_release(v);
}

void serve_vif_capture(struct serve_vif *v, const struct msg_capture *m, const int *fds)
{
	const struct capring_wish wish = { m->flags, m->snap };
	struct capture_fds given = { -1, -1 };
	int err;

	if (m->flags)
		given = (struct capture_fds){ fds[0], fds[1] };
	if (!v->conn) {
		capture_fds_close(&given);
	} else if (!m->flags) {
		vif_conn_capture_stop(v->conn);
	} else {
		err = vif_conn_capture(v->conn, &wish, &given);
		if (err)
			log_warn("its frames cannot be captured vif=%s error=\"%s\"", v->made.name, errtext(ERRTEXT_FILE, err));
	}
}

bool serve_vif_news(struct serve_vif *v, uint32_t number, union msg *m)
{
	struct reason why;
	bool fault = vif_conn_faulted(v->conn, &why), stalled = vif_conn_stalled(v->conn);

	if (stalled != v->stalled_told) {
		*m = msg_new(MSG_CARRIER, number);
		m->carrier.stalled = v->stalled_told = stalled;
		return true;
	}
	if (fault && !v->fault_told) {
		*m = msg_new(MSG_FAULT, number);
		m->fault.reason = reason_list_number(&why);
		v->fault_told = true;
		return true;
	}
	return false;
}

void serve_vif_untold(struct serve_vif *v, const union msg *m)
{
	if (m->head.kind == MSG_CARRIER)
		v->stalled_told = !v->stalled_told;
	else
		v->fault_told = false;
}
