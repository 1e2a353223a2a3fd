/* SPDX-License-Identifier: MIT */
/* queue_limit.c - the workers' part in the limit of the device's queues */
#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/worker.h"
#include "queue_limit.h"

void vif_queue_limit(struct vif_conn *conn, const struct vif_conn_params *params)
{
	int err;

	if (params->limit_fd < 0)
		return;
	err = taplimit_init(&conn->limit, params->limit_fd, params->limit_bytes, conn->nworkers);
	if (err)
		log_warn_in(&params->settings->log, "what waits for the guest is not limited in bytes vif=%s error=\"%s\"",
			    params->name, errtext(ERRTEXT_FILE, err));
	for (unsigned int i = 0; i < conn->nworkers; i++)
		conn->worker[i].reader = (struct taplimit_reader){ .limit = err ? NULL : &conn->limit, .index = i };
}

void vif_queue_limit_kick(const struct vif_worker *vw)
{
	for (unsigned int i = 0; i < vw->conn->nworkers; i++)
		if (&vw->conn->worker[i] != vw)
			worker_kick(&vw->conn->worker[i].w);
}
