/* SPDX-License-Identifier: MIT */
/* ctrl.c - registering the pool as static grants
 *
 * Theory of operation. Once connected we ask how many refs the backend keeps
 * mapped and send it a list of each queue's pages, receive buffers first, in a
 * page of ours. Traffic flows meanwhile, and goes on by grant copy if the
 * answer is no: Linux netback has a control ring and knows none of this.
 *
 * One message is under way at a time, so an answer to anything else is a lie.
 */
#include <string.h>

#include "../common/log.h"
#include "link.h"

enum nic_ctrl_state {
	NIC_CTRL_IDLE,	/* nothing asked, or all answered */
	NIC_CTRL_SIZE,	/* GET_GREF_MAPPING_SIZE is under way */
	NIC_CTRL_ADD,	/* ADD_GREF_MAPPING is */
};

#define LIST_MAX (XEN_PAGE / sizeof(struct xen_netif_gref))

static void send_message(struct nic_link *l, enum nic_ctrl_state state, uint16_t type, uint32_t d1, uint32_t d2)
{
	struct xen_netif_ctrl_request req = { .id = ++l->ctrl_id, .type = type, .data = { l->ctrl_queue, d1, d2 } };

	l->ctrl_state = state;
	ctrl_front_post(&l->ctrl, &req);
	if (ctrl_front_push(&l->ctrl))
		worker_notify(&l->w, l->ctrl_bell);
}

void nic_ctrl_start(struct nic_link *l)
{
	send_message(l, NIC_CTRL_SIZE, XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE, 0, 0);
}

static uint32_t list_pool(struct xen_netif_gref *list, uint32_t n, uint32_t max, const struct pool *p, uint16_t flags)
{
	for (unsigned int i = 0; i < p->count && n < max; i++)
		list[n++] = (struct xen_netif_gref){ .ref = p->gref[i].raw, .flags = flags };
	return n;
}

/* The receive pages of the queue whose turn it is; with the last queue's come
 * the transmit pages, which all queues share. */
static void send_list(struct nic_link *l)
{
	struct xen_netif_gref *list = (struct xen_netif_gref *)(void *)pool_page(&l->rings, RINGS_LIST);
	uint32_t n, max = l->ctrl_room < LIST_MAX ? l->ctrl_room : LIST_MAX;

	n = list_pool(list, 0, max, &l->queue[l->ctrl_queue].grx_pool, 0);
	if (l->ctrl_queue == l->conf.queues - 1)
		n = list_pool(list, n, max, &l->gtx_pool, XEN_NETIF_CTRLF_GREF_readonly);
	l->ctrl_listed = n;
	if (n)
		send_message(l, NIC_CTRL_ADD, XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING,
			     l->rings.gref[RINGS_LIST].raw, n);
}

static void handle_answer(struct nic_link *l, const struct xen_netif_ctrl_response *rsp)
{
	enum nic_ctrl_state was = l->ctrl_state;
	bool ok = rsp->status == XEN_NETIF_CTRL_STATUS_SUCCESS;

	if (was == NIC_CTRL_IDLE || rsp->id != l->ctrl_id) {
		worker_fault(&l->w, "control response to nothing");
		return;
	}
	l->ctrl_state = NIC_CTRL_IDLE;
	if (was == NIC_CTRL_SIZE && ok) {
		l->ctrl_room = rsp->data;
		send_list(l);
	} else if (was == NIC_CTRL_ADD && ok) {
		l->ctrl_room -= l->ctrl_listed;
		l->ctrl_registered += l->ctrl_listed;
		if (++l->ctrl_queue < l->conf.queues)
			send_list(l);
	}
	if (l->ctrl_state == NIC_CTRL_IDLE)
		log_info("static grants nic=%s registered=%u", l->w.name, l->ctrl_registered);
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
