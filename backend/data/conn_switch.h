/* SPDX-License-Identifier: MIT */
/* conn_switch.h - the vhost-user port of a connection, and the switch at it; conn.h includes this file */
#ifndef NETPAIR_BACKEND_CONN_SWITCH_H
#define NETPAIR_BACKEND_CONN_SWITCH_H

#include <stdbool.h>

#include "common/base/util.h"

struct net_port;
struct reason;
struct vif_conn;
struct vif_conn_params;
struct vif_worker;

/* Makes what a vhost-user port consists of, if the connection has one. Called before its workers are made. Returns 0, or -errno with
 * the reason in why. */
MUST_CHECK int vif_conn_init_port(struct vif_conn *conn, const struct vif_conn_params *params, struct reason *why);

/* Initialises the port of a worker, which is to be initialised next. */
void vif_conn_port_of(struct vif_worker *vw, struct net_port *net);

/* Gives a connection with a vhost-user port the switch that connected: its socket, and memory of vhost_memory_new(), which
 * the connection owns. One that it cannot serve is hung up. */
void vif_conn_switch(struct vif_conn *conn, int sock, int memory_fd);

/* Speaks with the switch, as far as that goes without waiting. Called once there is news: at switch_fd, at control_fd, and
 * within a second while it returns true. */
bool vif_conn_run_switch(struct vif_conn *conn);

/* Returns the socket of the switch, which is borrowed; -1: there is none. */
int vif_conn_switch_socket(const struct vif_conn *conn);

#endif
