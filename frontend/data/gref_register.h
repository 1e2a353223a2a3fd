/* SPDX-License-Identifier: MIT */
/* gref_register.h - registering the pages with the backend as static grants */
#ifndef NETPAIR_FRONTEND_GREF_REGISTER_H
#define NETPAIR_FRONTEND_GREF_REGISTER_H

#include <stdint.h>

struct nic_conn;

struct nic_gref_register {
	unsigned int queue;	/* whose list is under way */
	uint32_t room;		/* refs that the backend still takes */
	uint32_t listed;	/* refs in that list */
	uint32_t registered;	/* refs that it took */
};

/* Begins to register, if that was agreed (a nic_ctrl_step_fn). */
void nic_gref_register_start(struct nic_conn *conn);

#endif
