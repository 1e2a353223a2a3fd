/* SPDX-License-Identifier: MIT */
/* attach_switch.h - the switch at a vhost-user port is handed to the connection, wherever that is served */
#ifndef NETPAIR_BACKEND_ATTACH_SWITCH_H
#define NETPAIR_BACKEND_ATTACH_SWITCH_H

#include "attach.h"

/* Hands a switch's socket, which stays the caller's too, to a connection that is up, with memory for so many workers. Returns 0 or
 * -errno. */
MUST_CHECK int attach_switch(struct attach *a, int sock, unsigned int workers);

/* Returns the socket of the switch that the data process of an earlier control had when the connection was adopted, once, which the caller
 * owns then; -1: there is none. */
int attach_take_switch(struct attach *a);

/* Where the connection is served here: speaks with the switch. */
void attach_run_switch(struct attach *a);

#endif
