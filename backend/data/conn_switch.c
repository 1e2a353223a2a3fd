/* SPDX-License-Identifier: MIT */
/* conn_switch.c - the workers' ports, for conn_switch.h */
#include <unistd.h>

#include "common/host/vhost_hub.h"
#include "conn.h"
#include "conn_internal.h"
#include "reason_list.h"

/* #syscalls close */

int vif_conn_init_port(struct vif_conn *conn, const struct vif_conn_params *params, struct reason *why)
{
	const struct vhost_hub_params hub = {
		.name = params->name, .log = &conn->settings->log, .owner_fd = params->control_fd, .epoll_fd = params->switch_fd,
		.offloads = vnet_tun_offloads(&conn->conf.peer), .ends = conn->nworkers,
	};

	return params->vhost ? reason_list_fail(why, "cannot make the vhost-user port", vhost_hub_new(&conn->hub, &hub)) : 0;
}

void vif_conn_port_of(struct vif_worker *vw, struct net_port *net)
{
	unsigned int i = (unsigned int)(vw - vw->conn->worker);

	if (!vw->conn->hub)
		port_init_tap(net, vw->tap_fd);
	else	/* What all workers count together the first one has. */
		vhost_hub_port(vw->conn->hub, i, net, &vw->w, i ? NULL : &vif_counters_all_of_worker(&vw->conn->counters, i)->stats);
}

void vif_conn_switch(struct vif_conn *conn, int sock, int memory_fd)
{
	if (!conn->hub) {
		close(sock);
		close(memory_fd);
		return;
	}
	vhost_hub_switch(conn->hub, sock, memory_fd);
	(void)vhost_hub_run(conn->hub);
}

bool vif_conn_run_switch(struct vif_conn *conn)
{
	return conn->hub && vhost_hub_run(conn->hub);
}

int vif_conn_switch_socket(const struct vif_conn *conn)
{
	return conn->hub ? vhost_hub_socket(conn->hub) : -1;
}
