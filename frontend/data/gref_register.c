/* SPDX-License-Identifier: MIT */
/* gref_register.c - registers the pool as static grants
 *
 * Theory of operation. Once connected, netfrontd asks how many grant references the
 * backend keeps mapped. Then it sends a list of each queue's pages, receive buffers first,
 * in a page of its own. If the backend refuses, traffic goes on by grant copy.
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

static void gref_register_end(struct nic_conn *conn)
{
	log_info_in(conn->log, "static grants nic=%s registered=%u", conn->w.name, conn->gref_register.registered);
}

static void gref_register_on_list(struct nic_conn *conn, const struct xen_netif_ctrl_response *rsp);

/* Sends the list of one queue's receive pages; the last queue's also has the
 * transmit pages, which all queues share. */
static void gref_register_send_list(struct nic_conn *conn)
{
	uint32_t n, max = conn->gref_register.room < LIST_MAX ? conn->gref_register.room : LIST_MAX;
	struct xen_netif_gref *list = nic_ctrl_page(conn);

	n = gref_register_list_pool(list, 0, max, &conn->queue[conn->gref_register.queue].grx_pool, 0);
	if (conn->gref_register.queue == conn->conf.queues - 1)
		n = gref_register_list_pool(list, n, max, &conn->gtx_pool, XEN_NETIF_CTRLF_GREF_readonly);
	conn->gref_register.listed = n;
	if (n)
		nic_ctrl_send(conn, gref_register_on_list, XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, conn->gref_register.queue,
			      nic_ctrl_page_ref(conn), n);
	else
		gref_register_end(conn);
}

static void gref_register_on_list(struct nic_conn *conn, const struct xen_netif_ctrl_response *rsp)
{
	bool ok = rsp->status == XEN_NETIF_CTRL_STATUS_SUCCESS;

	if (ok) {
		conn->gref_register.room -= conn->gref_register.listed;
		conn->gref_register.registered += conn->gref_register.listed;
	}
	if (ok && ++conn->gref_register.queue < conn->conf.queues)
		gref_register_send_list(conn);
	else
		gref_register_end(conn);
}

static void gref_register_on_size(struct nic_conn *conn, const struct xen_netif_ctrl_response *rsp)
{
	if (rsp->status != XEN_NETIF_CTRL_STATUS_SUCCESS) {
		gref_register_end(conn);
		return;
	}
	conn->gref_register.room = rsp->data;
	gref_register_send_list(conn);
}

void nic_gref_register_start(struct nic_conn *conn)
{
	if (conn->conf.static_grants)
		nic_ctrl_send(conn, gref_register_on_size, XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE, 0, 0, 0);
}
