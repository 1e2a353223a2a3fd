/* SPDX-License-Identifier: MIT */
/* statics.c - registering the pool as static grants
 *
 * Theory of operation. Once connected we ask how many refs the backend keeps
 * mapped and send it a list of each queue's pages, receive buffers first, in a
 * page of ours. Traffic goes on by grant copy if the answer is no.
 */
#include "../common/log.h"
#include "link.h"

#define LIST_MAX (XEN_PAGE / sizeof(struct xen_netif_gref))

static uint32_t list_pool(struct xen_netif_gref *list, uint32_t n, uint32_t max, const struct pool *p, uint16_t flags)
{
	for (unsigned int i = 0; i < p->count && n < max; i++)
		list[n++] = (struct xen_netif_gref){ .ref = p->gref[i].raw, .flags = flags };
	return n;
}

static void finish(struct nic_link *l)
{
	log_info_in(l->log, "static grants nic=%s registered=%u", l->w.name, l->ctrl_registered);
	nic_rss_start(l);
}

static void on_list(struct nic_link *l, const struct xen_netif_ctrl_response *rsp);

/* The receive pages of the queue whose turn it is; with the last queue's come
 * the transmit pages, which all queues share. */
static void send_list(struct nic_link *l)
{
	uint32_t n, max = l->ctrl_room < LIST_MAX ? l->ctrl_room : LIST_MAX;
	struct xen_netif_gref *list = nic_ctrl_page(l);

	n = list_pool(list, 0, max, &l->queue[l->ctrl_queue].grx_pool, 0);
	if (l->ctrl_queue == l->conf.queues - 1)
		n = list_pool(list, n, max, &l->gtx_pool, XEN_NETIF_CTRLF_GREF_readonly);
	l->ctrl_listed = n;
	if (n)
		nic_ctrl_send(l, on_list, XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, l->ctrl_queue,
			      nic_ctrl_page_ref(l), n);
	else
		finish(l);
}

static void on_list(struct nic_link *l, const struct xen_netif_ctrl_response *rsp)
{
	bool ok = rsp->status == XEN_NETIF_CTRL_STATUS_SUCCESS;

	if (ok) {
		l->ctrl_room -= l->ctrl_listed;
		l->ctrl_registered += l->ctrl_listed;
	}
	if (ok && ++l->ctrl_queue < l->conf.queues)
		send_list(l);
	else
		finish(l);
}

static void on_size(struct nic_link *l, const struct xen_netif_ctrl_response *rsp)
{
	if (rsp->status != XEN_NETIF_CTRL_STATUS_SUCCESS) {
		finish(l);
		return;
	}
	l->ctrl_room = rsp->data;
	send_list(l);
}

void nic_statics_start(struct nic_link *l)
{
	nic_ctrl_send(l, on_size, XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE, 0, 0, 0);
}
