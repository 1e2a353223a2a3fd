/* SPDX-License-Identifier: MIT */
/* gref_register.h - registers the pages with the backend as static grants */
#ifndef NETPAIR_FRONTEND_GREF_REGISTER_H
#define NETPAIR_FRONTEND_GREF_REGISTER_H

#include <stdint.h>

struct nic_conn;

struct nic_gref_register {
	unsigned int queue;	/* the queue whose list was sent last */
	uint32_t room;		/* grant references that the backend still accepts */
	uint32_t listed;	/* grant references in that list */
	uint32_t registered;	/* grant references that it has accepted */
};

/* Begins to register, if that was agreed (a nic_ctrl_step_fn). */
void nic_gref_register_start(struct nic_conn *conn);

#endif
