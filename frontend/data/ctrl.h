/* SPDX-License-Identifier: MIT */
/* ctrl.h - the control ring: one request at a time, one subject after the other */
#ifndef NETPAIR_FRONTEND_CTRL_H
#define NETPAIR_FRONTEND_CTRL_H

#include <stdint.h>

#include "common/base/abi.h"
#include "common/base/util.h"
#include "common/host/worker.h"
#include "common/wire/ctrlring.h"

struct nic_conn;

/* Receives the response to a request. */
typedef void nic_ctrl_fn(struct nic_conn *conn, const struct xen_netif_ctrl_response *rsp);

/* A subject of the control ring: sends its first request, or none if there is
 * nothing to ask for. It ends when a response leads to no further request. */
typedef void nic_ctrl_step_fn(struct nic_conn *conn);

struct nic_ctrl {
	struct ctrl_front ring;
	struct doorbell doorbell;
	nic_ctrl_fn *answered;		/* receives the response to the pending request; NULL: there is none */
	uint16_t id;			/* of the pending request */
	nic_ctrl_step_fn *const *next;	/* the subjects that follow, ended by NULL */
};

/* Begins the first of these subjects, a list that ends with NULL and must stay valid. Called
 * before the worker starts. nic_ctrl_run() handles the responses. */
void nic_ctrl_start(struct nic_conn *conn, nic_ctrl_step_fn *const *steps);

/* Handles the responses that are there. Returns their number. May fault the worker. */
MUST_CHECK unsigned int nic_ctrl_run(struct nic_conn *conn);

/* Sends a request of the present subject; answered receives the response. */
void nic_ctrl_send(struct nic_conn *conn, nic_ctrl_fn *answered, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2);

/* Returns the page that requests refer to, zeroed. The backend may read it until its
 * response comes. nic_ctrl_page_ref() returns its grant reference. */
void *nic_ctrl_page(struct nic_conn *conn);
uint32_t nic_ctrl_page_ref(const struct nic_conn *conn);

#endif
