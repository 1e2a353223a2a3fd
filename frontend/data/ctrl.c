/* SPDX-License-Identifier: MIT */
/* ctrl.c - the conversation on the control ring
 *
 * One request is under way at a time, so a response to anything else is a
 * fault. Traffic flows meanwhile. When a subject has no further request, the next
 * one begins.
 */
#include <assert.h>
#include <string.h>

#include "conn_internal.h"
#include "ctrl.h"

void nic_ctrl_send(struct nic_conn *l, nic_ctrl_fn *answered, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2)
{
	struct xen_netif_ctrl_request req = { .id = ++l->ctrl.id, .type = type, .data = { d0, d1, d2 } };

	assert(!l->ctrl.answered);
	l->ctrl.answered = answered;
	ctrl_front_post(&l->ctrl.ring, &req);
	if (ctrl_front_push(&l->ctrl.ring))
		worker_notify(&l->w, l->ctrl.doorbell);
}

void *nic_ctrl_page(struct nic_conn *l)
{
	void *page = pool_page(&l->rings, RINGS_LIST);

	memset(page, 0, XEN_PAGE);
	return page;
}

uint32_t nic_ctrl_page_ref(const struct nic_conn *l)
{
	return l->rings.gref[RINGS_LIST].raw;
}

/* Begins with the next subjects, up to one that has something to ask for. */
static void ctrl_next_step(struct nic_conn *l)
{
	while (!l->ctrl.answered && *l->ctrl.next) {
		nic_ctrl_step_fn *step = *l->ctrl.next++;

		step(l);
	}
}

void nic_ctrl_start(struct nic_conn *l, nic_ctrl_step_fn *const *steps)
{
	l->ctrl.next = steps;
	ctrl_next_step(l);
}

static void ctrl_handle_response(struct nic_conn *l, const struct xen_netif_ctrl_response *rsp)
{
	nic_ctrl_fn *answered = l->ctrl.answered;

	if (!answered || rsp->id != l->ctrl.id) {
		worker_fault(&l->w, "control response to nothing");
		return;
	}
	l->ctrl.answered = NULL;
	answered(l, rsp);
	ctrl_next_step(l);
}

unsigned int nic_ctrl_run(struct nic_conn *l)
{
	struct xen_netif_ctrl_response rsp;
	unsigned int n = 0;

	if (!l->conf.ctrl)
		return 0;
	if (ctrl_front_begin(&l->ctrl.ring) < 0) {
		worker_fault(&l->w, "control responses out of range");
		return 0;
	}
	while (!worker_faulted(&l->w) && ctrl_front_take(&l->ctrl.ring, &rsp)) {
		ctrl_handle_response(l, &rsp);
		n++;
	}
	return n;
}
