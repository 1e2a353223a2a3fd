/* SPDX-License-Identifier: MIT */
/* conn_capture.c - gives the workers of a connection a ring for their frames, for conn_capture.h */
#include "conn_capture.h"
#include "conn_internal.h"

static unsigned int conn_capture_workers(struct vif_conn *conn, struct capture *worker[])
{
	unsigned int n = 0;

	for (; n < conn->nworkers && n < CAPRING_WORKERS_MAX; n++)
		worker[n] = &conn->worker[n].w.capture;
	return n;
}

static void conn_capture_kick(struct vif_conn *conn)
{
	for (unsigned int i = 0; i < conn->nworkers; i++)
		worker_kick(&conn->worker[i].w);
}

int vif_conn_capture(struct vif_conn *conn, const struct capring_wish *wish, const struct capture_fds *fds)
{
	struct capture *worker[CAPRING_WORKERS_MAX];
	unsigned int n = conn_capture_workers(conn, worker);
	int err = capture_begin(&conn->captured, worker, n, wish, fds);

	static_assert(VIF_QUEUES_MAX <= CAPRING_WORKERS_MAX, "a ring for each worker");
	if (!err)
		conn_capture_kick(conn);
	return err;
}

void vif_conn_capture_stop(struct vif_conn *conn)
{
	struct capture *worker[CAPRING_WORKERS_MAX];

	if (!conn->captured.set)
		return;
	capture_stop(&conn->captured, worker, conn_capture_workers(conn, worker));
	conn_capture_kick(conn);
}

void vif_conn_capture_reap(struct vif_conn *conn)
{
	struct capture *worker[CAPRING_WORKERS_MAX];

	if (conn->captured.old)
		capture_reap(&conn->captured, worker, conn_capture_workers(conn, worker));
}
