/* SPDX-License-Identifier: MIT */
/* ctrl.c - the requests on the control ring
 *
 * One request is pending at a time, so a response to anything else is a fault.
 * Traffic goes on meanwhile. When a subject has no further request, the next
 * subject begins.
 */
#include <assert.h>
#include <string.h>

#include "conn_internal.h"
#include "ctrl.h"

void nic_ctrl_send(struct nic_conn *conn, nic_ctrl_fn *answered, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2)
{
	struct xen_netif_ctrl_request req = { .id = ++conn->ctrl.id, .type = type, .data = { d0, d1, d2 } };

	assert(!conn->ctrl.answered);
	conn->ctrl.answered = answered;
	ctrl_front_post(&conn->ctrl.ring, &req);
	if (ctrl_front_push(&conn->ctrl.ring))
		worker_notify(&conn->w, conn->ctrl.doorbell);
}

void *nic_ctrl_page(struct nic_conn *conn)
{
	void *page = pool_page(&conn->rings, RINGS_LIST);

	memset(page, 0, XEN_PAGE);
	return page;
}

uint32_t nic_ctrl_page_ref(const struct nic_conn *conn)
{
	return conn->rings.gref[RINGS_LIST].raw;
}

/* Begins the next subject that has a request to send. */
static void ctrl_next_step(struct nic_conn *conn)
{
	while (!conn->ctrl.answered && *conn->ctrl.next) {
		nic_ctrl_step_fn *step = *conn->ctrl.next++;

		step(conn);
	}
}

void nic_ctrl_start(struct nic_conn *conn, nic_ctrl_step_fn *const *steps)
{
	conn->ctrl.next = steps;
	ctrl_next_step(conn);
}

static void ctrl_handle_response(struct nic_conn *conn, const struct xen_netif_ctrl_response *rsp)
{
	nic_ctrl_fn *answered = conn->ctrl.answered;

	if (!answered || rsp->id != conn->ctrl.id) {
		worker_fault(&conn->w, "control response to nothing");
		return;
	}
	conn->ctrl.answered = NULL;
	answered(conn, rsp);
	ctrl_next_step(conn);
}

unsigned int nic_ctrl_run(struct nic_conn *conn)
{
	struct xen_netif_ctrl_response rsp;
	unsigned int n = 0;

	if (!conn->conf.ctrl)
		return 0;
	if (ctrl_front_begin(&conn->ctrl.ring) < 0) {
		worker_fault(&conn->w, "control responses out of range");
		return 0;
	}
	while (!worker_faulted(&conn->w) && ctrl_front_take(&conn->ctrl.ring, &rsp)) {
		ctrl_handle_response(conn, &rsp);
		n++;
	}
	return n;
}
