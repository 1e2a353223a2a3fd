/* SPDX-License-Identifier: MIT */
/* ctrl.c - the conversation on the control ring
 *
 * One message is under way at a time, and who sent it takes its answer: so an
 * answer to anything else is a lie. Traffic flows meanwhile. Static grants come
 * first, then hashing; Linux netback knows only the latter.
 */
#include <string.h>

#include "link.h"

void nic_ctrl_send(struct nic_link *l, nic_ctrl_fn *answered, uint16_t type, uint32_t d0, uint32_t d1, uint32_t d2)
{
	struct xen_netif_ctrl_request req = { .id = ++l->ctrl_id, .type = type, .data = { d0, d1, d2 } };

	assert(!l->ctrl_answered);
	l->ctrl_answered = answered;
	ctrl_front_post(&l->ctrl, &req);
	if (ctrl_front_push(&l->ctrl))
		worker_notify(&l->w, l->ctrl_bell);
}

void *nic_ctrl_page(struct nic_link *l)
{
	void *page = pool_page(&l->rings, RINGS_LIST);

	memset(page, 0, XEN_PAGE);
	return page;
}

uint32_t nic_ctrl_page_ref(const struct nic_link *l)
{
	return l->rings.gref[RINGS_LIST].raw;
}

void nic_ctrl_start(struct nic_link *l)
{
	if (l->conf.statics)
		nic_statics_start(l);
	else
		nic_rss_start(l);
}

static void handle_answer(struct nic_link *l, const struct xen_netif_ctrl_response *rsp)
{
	nic_ctrl_fn *answered = l->ctrl_answered;

	if (!answered || rsp->id != l->ctrl_id) {
		worker_fault(&l->w, "control response to nothing");
		return;
	}
	l->ctrl_answered = NULL;
	answered(l, rsp);
}

unsigned int nic_ctrl_run(struct nic_link *l)
{
	struct xen_netif_ctrl_response rsp;
	unsigned int n = 0;

	if (!l->conf.ctrl)
		return 0;
	if (ctrl_front_begin(&l->ctrl) < 0) {
		worker_fault(&l->w, "control responses out of range");
		return 0;
	}
	while (!worker_faulted(&l->w) && ctrl_front_take(&l->ctrl, &rsp)) {
		handle_answer(l, &rsp);
		n++;
	}
	return n;
}
