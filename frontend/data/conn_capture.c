/* SPDX-License-Identifier: MIT */
/* conn_capture.c - gives the worker of a connection a ring for its frames, for conn_capture.h */
#include "conn_capture.h"
#include "conn_internal.h"

int nic_conn_capture(struct nic_conn *conn, const struct capring_wish *wish, const struct capture_fds *fds)
{
	struct capture *worker = &conn->w.capture;
	int err = capture_begin(&conn->captured, &worker, 1, wish, fds);

	if (!err)
		worker_kick(&conn->w);
	return err;
}

void nic_conn_capture_stop(struct nic_conn *conn)
{
	struct capture *worker = &conn->w.capture;

	if (!conn->captured.set)
		return;
	capture_stop(&conn->captured, &worker, 1);
	worker_kick(&conn->w);
}

bool nic_conn_is_captured(const struct nic_conn *conn)
{
	return conn->captured.set;
}

void nic_conn_capture_reap(struct nic_conn *conn)
{
	struct capture *worker = &conn->w.capture;

	if (conn->captured.old)
		capture_reap(&conn->captured, &worker, 1);
}
