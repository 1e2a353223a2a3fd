/* SPDX-License-Identifier: MIT */
/* ctrl.c - registering the pool as static grants
 *
 * Theory of operation. Once connected we ask how many refs the backend keeps
 * mapped and send it one list of the pool's pages, receive buffers first, in a
 * page of ours. Traffic flows meanwhile, and goes on by grant copy if the
 * answer is no: Linux netback has a control ring and knows none of this.
 *
 * One message is under way at a time, so an answer to anything else is a lie.
 */
#include <string.h>

#include "../common/log.h"
#include "nic.h"

enum nic_ctrl_state {
	NIC_CTRL_IDLE,	/* nothing asked, or all answered */
	NIC_CTRL_SIZE,	/* GET_GREF_MAPPING_SIZE is under way */
	NIC_CTRL_ADD,	/* ADD_GREF_MAPPING is */
};

#define LIST_MAX (XEN_PAGE / sizeof(struct xen_netif_gref))

static void send_message(struct nic_queue *q, enum nic_ctrl_state state, uint16_t type, uint32_t d1, uint32_t d2)
{
	struct xen_netif_ctrl_request req = { .id = ++q->ctrl_id, .type = type, .data = { 0, d1, d2 } };

	q->ctrl_state = state;
	ctrl_front_post(&q->ctrl, &req);
	if (ctrl_front_push(&q->ctrl))
		worker_notify(&q->w, q->w.ctrl_port);
}

void nic_ctrl_start(struct nic_queue *q)
{
	send_message(q, NIC_CTRL_SIZE, XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE, 0, 0);
}

static uint32_t list_pool(struct xen_netif_gref *list, uint32_t n, uint32_t max, const struct pool *p, uint16_t flags)
{
	for (unsigned int i = 0; i < p->count && n < max; i++)
		list[n++] = (struct xen_netif_gref){ .ref = p->gref[i].raw, .flags = flags };
	return n;
}

static void send_list(struct nic_queue *q, uint32_t max)
{
	struct xen_netif_gref *list = (struct xen_netif_gref *)(void *)pool_page(&q->rings, RINGS_LIST);
	uint32_t n;

	max = max < LIST_MAX ? max : LIST_MAX;
	n = list_pool(list, 0, max, &q->grx_pool, 0);
	n = list_pool(list, n, max, &q->gtx_pool, XEN_NETIF_CTRLF_GREF_readonly);
	if (n)
		send_message(q, NIC_CTRL_ADD, XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING,
			     q->rings.gref[RINGS_LIST].raw, n);
	q->ctrl_listed = n;
}

static void handle_answer(struct nic_queue *q, const struct xen_netif_ctrl_response *rsp)
{
	enum nic_ctrl_state was = q->ctrl_state;
	bool ok = rsp->status == XEN_NETIF_CTRL_STATUS_SUCCESS;

	if (was == NIC_CTRL_IDLE || rsp->id != q->ctrl_id) {
		worker_fault(&q->w, "control response to nothing");
		return;
	}
	q->ctrl_state = NIC_CTRL_IDLE;
	if (was == NIC_CTRL_SIZE && ok)
		send_list(q, rsp->data);
	else
		log_info("static grants nic=%s registered=%u", q->w.name, ok ? q->ctrl_listed : 0);
}

unsigned int nic_ctrl_run(struct nic_queue *q)
{
	struct xen_netif_ctrl_response rsp;
	unsigned int n = 0;

	if (!q->conf.ctrl)
		return 0;
	if (ctrl_front_begin(&q->ctrl) < 0) {
		worker_fault(&q->w, "control responses out of range");
		return 0;
	}
	while (!worker_faulted(&q->w) && ctrl_front_take(&q->ctrl, &rsp)) {
		handle_answer(q, &rsp);
		n++;
	}
	return n;
}
