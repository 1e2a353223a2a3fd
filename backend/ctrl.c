/* SPDX-License-Identifier: MIT */
/* ctrl.c - the control ring's messages
 *
 * Runs on the queue's worker, between batches: so no packet is half done when
 * a table changes. Lists come by a grant of the guest's; they are copied once
 * and what is judged is the copy (XSA-270).
 */
#include <errno.h>
#include <string.h>

#include "../common/log.h"
#include "vif.h"

/* Messages a run: a flood of them must not keep packets waiting. */
#define CTRL_BATCH 8u

/* Copies the list of n entries from, or back to, the page gref. */
static bool copy_list(struct vif_queue *q, uint32_t gref, struct xen_netif_gref *list, uint32_t n, bool back)
{
	uint16_t len = (uint16_t)(n * sizeof(*list));

	grant_batch_reset(q->batch);
	if (back)
		grant_batch_to_peer(q->batch, gref_of(gref), list, 0, len);
	else
		grant_batch_from_peer(q->batch, list, gref_of(gref), 0, len);
	return grant_batch_run(q->batch) == 0 && grant_batch_ok(q->batch, 0, 1);
}

/* Once a run, however many messages it had, and before they are answered. */
static void save(struct vif_queue *q)
{
	int err;

	if (!q->statics_changed)
		return;
	q->statics_changed = false;
	log_debug("static grants vif=%s table=%u", q->w.name, statics_count(q->statics));
	err = statics_save(q->statics, q->statics_path, q->connection);

	/* Without it a restarted daemon copies until the next connection. */
	if (err)
		log_warn("cannot note static grants vif=%s error=%s", q->w.name, strerror(-err));
}

static uint32_t add_mapping(struct vif_queue *q, const uint32_t *data)
{
	struct xen_netif_gref list[STATICS_LIST_MAX];
	int err;

	if (data[0] != 0 || data[2] == 0 || data[2] > STATICS_LIST_MAX ||
	    !copy_list(q, data[1], list, data[2], false))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	err = statics_add(q->statics, list, data[2]);
	if (err) {
		log_debug("static grants refused vif=%s refs=%u error=%s", q->w.name, data[2], strerror(-err));
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	}
	q->statics_changed = true;
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t del_mapping(struct vif_queue *q, const uint32_t *data, uint32_t *deleted)
{
	struct xen_netif_gref list[STATICS_LIST_MAX];
	struct gref busy[POSTED_MAX];
	unsigned int nbusy = vif_grx_posted(q, busy);

	if (data[0] != 0 || data[2] == 0 || data[2] > STATICS_LIST_MAX ||
	    !copy_list(q, data[1], list, data[2], false))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	*deleted = statics_del(q->statics, list, data[2], busy, nbusy);
	/* Pages that moved: what was looked up before is looked up again. */
	vif_grx_refresh(q);
	q->statics_changed = true;
	if (!copy_list(q, data[1], list, data[2], true))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static struct xen_netif_ctrl_response answer(struct vif_queue *q, const struct xen_netif_ctrl_request *req)
{
	struct xen_netif_ctrl_response rsp = { .id = req->id, .type = req->type };

	switch (req->type) {
	case XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE:
		rsp.status = req->data[0] ? XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER : XEN_NETIF_CTRL_STATUS_SUCCESS;
		rsp.data = req->data[0] ? 0 : STATICS_MAX;
		break;
	case XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING:
		rsp.status = add_mapping(q, req->data);
		break;
	case XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING:
		rsp.status = del_mapping(q, req->data, &rsp.data);
		break;
	default:
		rsp.status = XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
		break;
	}
	return rsp;
}

unsigned int vif_ctrl_run(struct vif_queue *q)
{
	struct xen_netif_ctrl_request req;
	unsigned int n = 0;

	if (!q->ctrl_page)
		return 0;
	if (ctrl_back_begin(&q->ctrl) < 0) {
		worker_fault(&q->w, "control producer out of range");
		return 0;
	}
	while (n < CTRL_BATCH && ctrl_back_take(&q->ctrl, &req)) {
		struct xen_netif_ctrl_response rsp = answer(q, &req);

		ctrl_back_reply(&q->ctrl, &rsp);
		n++;
	}
	save(q);
	if (ctrl_back_push(&q->ctrl))
		worker_notify(&q->w, q->w.ctrl_port);
	return n;
}
