/* SPDX-License-Identifier: MIT */
/* ctrl.c - the control ring's messages
 *
 * Messages are handled on the connection's only worker, between batches, so a
 * table never changes during the work on a packet. A list is in a page that the
 * guest grants. It is copied once, and the copy is checked and used (XSA-270).
 */
#include <errno.h>
#include <string.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "ctrl.h"
#include "grx_posted.h"
#include "saved.h"

/* The most messages of a run, so that a flood of them does not delay packets. */
#define CTRL_BATCH 8u

/* Copies the list of n entries from the page gref, or back to it. Returns false if the copy fails. */
static bool ctrl_copy_list(struct vif_conn *conn, uint32_t gref, struct xen_netif_gref *list, uint32_t n, bool back)
{
	struct grant_batch *batch = conn->worker->batch;
	uint16_t len = (uint16_t)(n * sizeof(*list));

	grant_batch_reset(batch);
	if (back)
		grant_batch_to_peer(batch, gref_of(gref), list, 0, len);
	else
		grant_batch_from_peer(batch, list, gref_of(gref), 0, len);
	return grant_batch_run(batch) == 0 && grant_batch_ok(batch, 0, 1);
}

/* Saves the tables that have changed: once a run, before its messages are answered. */
static void ctrl_save(struct vif_conn *conn)
{
	if (conn->gref_map_changed) {
		log_debug("static grants vif=%s table=%u", conn->name, gref_map_count(conn->gref_map));
		vif_saved_grants(conn);
	}
	if (conn->hash_changed)
		vif_saved_hash(conn);
	conn->gref_map_changed = conn->hash_changed = false;
}

static uint32_t ctrl_add_mapping(struct vif_conn *conn, const uint32_t *data)
{
	struct xen_netif_gref list[GREF_LIST_MAX];
	int err;

	if (data[0] >= conn->conf.queues || data[2] == 0 || data[2] > GREF_LIST_MAX ||
	    !ctrl_copy_list(conn, data[1], list, data[2], false))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	err = gref_map_add(conn->gref_map, list, data[2]);
	if (err) {
		/* Other errors are caused by the guest. */
		if (err == -EDQUOT)
			log_warn_in(&conn->settings->log, "static grants refused, they are copied vif=%s refs=%u error=\"%s\"", conn->name,
				    data[2], errtext(ERRTEXT_XEN, err));
		else
			log_debug("static grants refused vif=%s refs=%u error=\"%s\"", conn->name, data[2], errtext(ERRTEXT_XEN, err));
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	}
	/* Buffers that were taken before may be static grants now. */
	for (unsigned int i = 0; i < conn->conf.queues; i++)
		vif_posted_refresh(&conn->queue[i]);
	conn->gref_map_changed = true;
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t ctrl_del_mapping(struct vif_conn *conn, const uint32_t *data, uint32_t *deleted)
{
	struct xen_netif_gref list[GREF_LIST_MAX];
	struct gref busy[VIF_QUEUES_MAX * POSTED_MAX];
	unsigned int nbusy = 0;

	if (data[0] >= conn->conf.queues || data[2] == 0 || data[2] > GREF_LIST_MAX ||
	    !ctrl_copy_list(conn, data[1], list, data[2], false))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	for (unsigned int i = 0; i < conn->conf.queues; i++)
		nbusy += vif_posted_list(&conn->queue[i], busy + nbusy);
	*deleted = gref_map_del(conn->gref_map, list, data[2], busy, nbusy);
	/* Pages may be mapped elsewhere now: look up those of taken buffers again. */
	for (unsigned int i = 0; i < conn->conf.queues; i++)
		vif_posted_refresh(&conn->queue[i]);
	conn->gref_map_changed = true;
	if (!ctrl_copy_list(conn, data[1], list, data[2], true))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

/* Copies len bytes of the page gref, for a message about the hash. Returns false if the copy fails. */
static bool ctrl_copy_in(struct vif_conn *conn, void *to, uint32_t gref, size_t len)
{
	struct grant_batch *batch = conn->worker->batch;

	grant_batch_reset(batch);
	grant_batch_from_peer(batch, to, gref_of(gref), 0, (uint16_t)len);
	return grant_batch_run(batch) == 0 && grant_batch_ok(batch, 0, 1);
}

static uint32_t ctrl_set_key(struct vif_conn *conn, const uint32_t *data)
{
	uint8_t key[HASH_KEY_MAX];
	uint32_t status = hash_check_key(data[1]);

	if (status != XEN_NETIF_CTRL_STATUS_SUCCESS)
		return status;
	if (data[1] && !ctrl_copy_in(conn, key, data[0], data[1]))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	return hash_set_key(&conn->hash, key, data[1]);
}

static uint32_t ctrl_set_mapping(struct vif_conn *conn, const uint32_t *data)
{
	uint32_t entry[HASH_MAPPING_MAX], status = hash_check_mapping(&conn->hash, data[1], data[2]);

	if (status != XEN_NETIF_CTRL_STATUS_SUCCESS)
		return status;
	if (data[1] && !ctrl_copy_in(conn, entry, data[0], data[1] * sizeof(entry[0])))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	return hash_set_mapping(&conn->hash, entry, data[1], data[2], conn->conf.queues);
}

/* Handles a message that changes the hash. One that is refused changes nothing. Returns its
 * status. */
static uint32_t ctrl_set_hash(struct vif_conn *conn, const struct xen_netif_ctrl_request *req)
{
	uint32_t status = XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;

	switch (req->type) {
	case XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM:
		status = hash_set_algorithm(&conn->hash, req->data[0]);
		break;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS:
		status = hash_set_flags(&conn->hash, req->data[0]);
		break;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_KEY:
		status = ctrl_set_key(conn, req->data);
		break;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE:
		status = hash_set_size(&conn->hash, req->data[0]);
		break;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING:
		status = ctrl_set_mapping(conn, req->data);
		break;
	default:
		return status;
	}
	conn->hash_changed |= status == XEN_NETIF_CTRL_STATUS_SUCCESS;
	return status;
}

static struct xen_netif_ctrl_response ctrl_answer(struct vif_conn *conn, const struct xen_netif_ctrl_request *req)
{
	struct xen_netif_ctrl_response rsp = { .id = req->id, .type = req->type };
	bool ok = req->data[0] < conn->conf.queues;	/* netif.h: the queue index */

	switch (req->type) {
	case XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE:
		rsp.status = ok ? XEN_NETIF_CTRL_STATUS_SUCCESS : XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
		rsp.data = ok ? GREF_MAP_MAX : 0;
		break;
	case XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING:
		rsp.status = ctrl_add_mapping(conn, req->data);
		break;
	case XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING:
		rsp.status = ctrl_del_mapping(conn, req->data, &rsp.data);
		break;
	case XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS:
		rsp.status = hash_get_flags(&conn->hash, &rsp.data);
		break;
	case XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE:
		rsp.status = XEN_NETIF_CTRL_STATUS_SUCCESS;
		rsp.data = HASH_MAPPING_MAX;
		break;
	default:
		rsp.status = ctrl_set_hash(conn, req);
		break;
	}
	return rsp;
}

unsigned int vif_ctrl_run(struct vif_conn *conn)
{
	struct xen_netif_ctrl_request req;
	unsigned int n = 0;

	if (!conn->ctrl_page)
		return 0;
	if (ctrl_back_begin(&conn->ctrl) < 0) {
		worker_fault(&conn->worker->w, "control producer out of range");
		return 0;
	}
	while (n < CTRL_BATCH && ctrl_back_take(&conn->ctrl, &req)) {
		struct xen_netif_ctrl_response rsp = ctrl_answer(conn, &req);

		ctrl_back_reply(&conn->ctrl, &rsp);
		n++;
	}
	ctrl_save(conn);
	if (ctrl_back_push(&conn->ctrl))
		worker_notify(&conn->worker->w, conn->ctrl_doorbell);
	return n;
}
