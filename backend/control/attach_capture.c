/* SPDX-License-Identifier: MIT */
/* attach_capture.c - begins and ends captures in data processes and in threads, for attach_capture.h */
#include <errno.h>

#include "attach_capture.h"

int attach_capture(struct attach *a, const struct capring_wish *wish, const struct capture_fds *fds)
{
	union msg m = msg_new(MSG_CAPTURE, a->number);
	const int both[] = { fds->block, fds->doorbell };
	struct capture_fds mine;
	int err;

	if (a->state != ATTACH_UP)
		return -ENOTCONN;
	if (a->conn) {
		err = capture_fds_dup(&mine, fds);
		if (!err)
			err = vif_conn_capture(a->conn, wish, &mine);
		a->captured = !err;
		return err;
	}
	m.capture.flags = wish->flags;
	m.capture.snap = wish->snap;
	process_send(a->process, &m, both, ARRAY_SIZE(both));
	a->captured = true;
	return 0;
}

void attach_capture_stop(struct attach *a)
{
	const union msg m = msg_new(MSG_CAPTURE, a->number);

	if (!attach_is_captured(a))
		return;
	a->captured = false;
	if (a->conn)
		vif_conn_capture_stop(a->conn);
	else
		process_send(a->process, &m, NULL, 0);
}

bool attach_is_captured(const struct attach *a)
{
	return a->captured && a->state == ATTACH_UP;
}

void attach_capture_tick(struct attach *a)
{
	if (a->conn)
		vif_conn_capture_reap(a->conn);
}
