/* SPDX-License-Identifier: MIT */
/* gref_register.c - registering the pool as static grants
 *
 * Theory of operation. Once connected we ask how many refs the backend keeps
 * mapped and send it a list of each queue's pages, receive buffers first, in a
 * page of ours. Traffic goes on by grant copy if the answer is no.
 */
#include "common/base/log.h"
#include "conn_internal.h"
#include "ctrl.h"
#include "gref_register.h"

#define LIST_MAX (XEN_PAGE / sizeof(struct xen_netif_gref))

static uint32_t gref_register_list_pool(struct xen_netif_gref *list, uint32_t n, uint32_t max, const struct pool *p, uint16_t flags)
{
	for (unsigned int i = 0; i < p->count && n < max; i++)
		list[n++] = (struct xen_netif_gref){ .ref = p->gref[i].raw, .flags = flags };
	return n;
}

static void gref_register_end(struct nic_conn *l)
{
	log_info_in(l->log, "static grants nic=%s registered=%u", l->w.name, l->gref_register.registered);
}

static void gref_register_on_list(struct nic_conn *l, const struct xen_netif_ctrl_response *rsp);

/* Sends the list of one queue's receive pages; the last queue's also has the
 * transmit pages, which all queues share. */
static void gref_register_send_list(struct nic_conn *l)
{
	uint32_t n, max = l->gref_register.room < LIST_MAX ? l->gref_register.room : LIST_MAX;
	struct xen_netif_gref *list = nic_ctrl_page(l);

	n = gref_register_list_pool(list, 0, max, &l->queue[l->gref_register.queue].grx_pool, 0);
	if (l->gref_register.queue == l->conf.queues - 1)
		n = gref_register_list_pool(list, n, max, &l->gtx_pool, XEN_NETIF_CTRLF_GREF_readonly);
	l->gref_register.listed = n;
	if (n)
		nic_ctrl_send(l, gref_register_on_list, XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, l->gref_register.queue,
			      nic_ctrl_page_ref(l), n);
	else
		gref_register_end(l);
}

static void gref_register_on_list(struct nic_conn *l, const struct xen_netif_ctrl_response *rsp)
{
	bool ok = rsp->status == XEN_NETIF_CTRL_STATUS_SUCCESS;

	if (ok) {
		l->gref_register.room -= l->gref_register.listed;
		l->gref_register.registered += l->gref_register.listed;
	}
	if (ok && ++l->gref_register.queue < l->conf.queues)
		gref_register_send_list(l);
	else
		gref_register_end(l);
}

static void gref_register_on_size(struct nic_conn *l, const struct xen_netif_ctrl_response *rsp)
{
	if (rsp->status != XEN_NETIF_CTRL_STATUS_SUCCESS) {
		gref_register_end(l);
		return;
	}
	l->gref_register.room = rsp->data;
	gref_register_send_list(l);
}

void nic_gref_register_start(struct nic_conn *l)
{
	if (l->conf.static_grants)
		nic_ctrl_send(l, gref_register_on_size, XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE, 0, 0, 0);
}
