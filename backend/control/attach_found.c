/* SPDX-License-Identifier: MIT */
/* attach_found.c - connections that an earlier control's data process serves, for attach_found.h */
#include <errno.h>

#include "common/base/log.h"
#include "attach_charge.h"
#include "attach_found.h"
#include "attach_internal.h"
#include "served.h"

int attach_find(struct attach *a, struct processes *all, struct domid peer, const char *name, int *tap_fd)
{
	*tap_fd = -1;
	if (!a->process)
		a->process = process_get(all, peer);
	if (!a->process)
		return 0;	/* the start says so */
	/* Until the process is READY or has ended: it may have been killed meanwhile. */
	if (a->greeting)
		return -EINPROGRESS;
	if (process_greet(a->process) == -EINPROGRESS) {
		a->number = MSG_VIFS_MAX;	/* none yet */
		attach_join(a, ATTACH_NONE);
		a->greeting = true;
		return -EINPROGRESS;
	}
	a->served = served_claim(&a->process->served, name);
	if (!a->served)
		return 0;
	a->number = a->served->made.head.vif;
	/* From now on its faults count, also those that it tells before it is adopted. */
	a->failed = a->stalled = false;
	a->why = (struct reason){ .what = NULL };
	attach_join(a, ATTACH_FOUND);
	*tap_fd = a->served->tap_fd;
	a->served->tap_fd = -1;
	return 0;
}

/* Returns whether a connection was made as it would be made now. */
static bool attach_is_same(const struct msg_connect *made, const struct vif_conn_params *params, const struct vif_conf *conf)
{
	union msg want = msg_new(MSG_CONNECT, made->head.vif);

	msg_put_conf(&want.connect, conf);
	return msg_same_conf(made, &want.connect) && made->workers == params->workers &&
	       !(made->flags & MSG_CONNECT_VHOST) == !params->vhost && made->limit_bytes == params->limit_bytes && made->hold_ms == params->hold_ms && made->stall_ms == params->stall_ms;
}

bool attach_adopt(struct attach *a, const struct vif_conn_params *params, const struct vif_conf *conf,
		  struct vif_counters *counters)
{
	const struct msg_connect *made;
	bool same;
	int fd;

	if (a->state != ATTACH_FOUND)
		return false;
	made = &a->served->made;
	a->params = *params;
	a->conf = *conf;
	same = attach_charge(a) || attach_charged(a->process) >= made->mappings;
	same = same && attach_is_same(made, params, conf);
	fd = a->served->counters_fd;
	if (same)
		a->served->counters_fd = -1;
	if (!same || vif_counters_map(counters, fd, made->queues, made->workers)) {
		log_info("a connection is made anew, as options or its data process are others vif=%s", params->name);
		(void)!attach_stop(a);
		return false;
	}
	a->lost = a->changed = a->captured = false;
	a->sent = made->values;
	a->asked = a->adopted = true;
	a->state = ATTACH_UP;
	a->switch_fd = a->served->switch_fd + 1;
	a->served->switch_fd = -1;
	served_free(a->served);
	a->served = NULL;
	attach_tell_charged(a->process);
	return true;
}
