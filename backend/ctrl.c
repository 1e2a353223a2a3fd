/* SPDX-License-Identifier: MIT */
/* ctrl.c - the control ring's messages
 *
 * Runs on the connection's only worker, between batches: so no packet is half done when
 * a table changes. Lists come by a grant of the guest's; they are copied once
 * and what is judged is the copy (XSA-270).
 */
#include <errno.h>
#include <string.h>

#include "../common/errtext.h"
#include "../common/log.h"
#include "kept.h"
#include "posted.h"
#include "queue.h"

/* Messages a run: a flood of them must not keep packets waiting. */
#define CTRL_BATCH 8u

/* Copies the list of n entries from, or back to, the page gref. */
static bool copy_list(struct vif_link *l, uint32_t gref, struct xen_netif_gref *list, uint32_t n, bool back)
{
	struct grant_batch *batch = l->worker->batch;
	uint16_t len = (uint16_t)(n * sizeof(*list));

	grant_batch_reset(batch);
	if (back)
		grant_batch_to_peer(batch, gref_of(gref), list, 0, len);
	else
		grant_batch_from_peer(batch, list, gref_of(gref), 0, len);
	return grant_batch_run(batch) == 0 && grant_batch_ok(batch, 0, 1);
}

/* Once a run, however many messages it had, and before they are answered. */
static void save(struct vif_link *l)
{
	if (l->statics_changed) {
		log_debug("static grants vif=%s table=%u", l->name, statics_count(l->statics));
		vif_kept_grants(l);
	}
	if (l->hash_changed)
		vif_kept_hash(l);
	l->statics_changed = l->hash_changed = false;
}

static uint32_t add_mapping(struct vif_link *l, const uint32_t *data)
{
	struct xen_netif_gref list[STATICS_LIST_MAX];
	int err;

	if (data[0] >= l->conf.queues || data[2] == 0 || data[2] > STATICS_LIST_MAX ||
	    !copy_list(l, data[1], list, data[2], false))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	err = statics_add(l->statics, list, data[2]);
	if (err) {
		/* The rest is the guest's own mistake. */
		if (err == -EDQUOT)
			log_warn_in(&l->live->log, "static grants refused, they are copied vif=%s refs=%u error=\"%s\"", l->name,
				    data[2], errtext(ERRTEXT_XEN, err));
		else
			log_debug("static grants refused vif=%s refs=%u error=\"%s\"", l->name, data[2], errtext(ERRTEXT_XEN, err));
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	}
	/* Buffers taken already go on as static grants, too. */
	for (unsigned int i = 0; i < l->conf.queues; i++)
		vif_posted_refresh(&l->queue[i]);
	l->statics_changed = true;
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t del_mapping(struct vif_link *l, const uint32_t *data, uint32_t *deleted)
{
	struct xen_netif_gref list[STATICS_LIST_MAX];
	struct gref busy[VIF_QUEUES_MAX * POSTED_MAX];
	unsigned int nbusy = 0;

	if (data[0] >= l->conf.queues || data[2] == 0 || data[2] > STATICS_LIST_MAX ||
	    !copy_list(l, data[1], list, data[2], false))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	for (unsigned int i = 0; i < l->conf.queues; i++)
		nbusy += vif_posted_list(&l->queue[i], busy + nbusy);
	*deleted = statics_del(l->statics, list, data[2], busy, nbusy);
	/* Pages that moved: what was looked up before is looked up again. */
	for (unsigned int i = 0; i < l->conf.queues; i++)
		vif_posted_refresh(&l->queue[i]);
	l->statics_changed = true;
	if (!copy_list(l, data[1], list, data[2], true))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

/* Copies len bytes of the page gref; the hash's messages have no other list. */
static bool copy_in(struct vif_link *l, void *to, uint32_t gref, size_t len)
{
	struct grant_batch *batch = l->worker->batch;

	grant_batch_reset(batch);
	grant_batch_from_peer(batch, to, gref_of(gref), 0, (uint16_t)len);
	return grant_batch_run(batch) == 0 && grant_batch_ok(batch, 0, 1);
}

static uint32_t set_key(struct vif_link *l, const uint32_t *data)
{
	uint8_t key[HASH_KEY_MAX];
	uint32_t status = hash_check_key(data[1]);

	if (status != XEN_NETIF_CTRL_STATUS_SUCCESS)
		return status;
	if (data[1] && !copy_in(l, key, data[0], data[1]))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	return hash_set_key(&l->hash, key, data[1]);
}

static uint32_t set_mapping(struct vif_link *l, const uint32_t *data)
{
	uint32_t entry[HASH_MAPPING_MAX], status = hash_check_mapping(&l->hash, data[1], data[2]);

	if (status != XEN_NETIF_CTRL_STATUS_SUCCESS)
		return status;
	if (data[1] && !copy_in(l, entry, data[0], data[1] * sizeof(entry[0])))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	return hash_set_mapping(&l->hash, entry, data[1], data[2], l->conf.queues);
}

/* A message that changes the hash; one that was refused changed nothing. */
static uint32_t set_hash(struct vif_link *l, const struct xen_netif_ctrl_request *req)
{
	uint32_t status = XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;

	switch (req->type) {
	case XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM:
		status = hash_set_algorithm(&l->hash, req->data[0]);
		break;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS:
		status = hash_set_flags(&l->hash, req->data[0]);
		break;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_KEY:
		status = set_key(l, req->data);
		break;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE:
		status = hash_set_size(&l->hash, req->data[0]);
		break;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING:
		status = set_mapping(l, req->data);
		break;
	default:
		return status;
	}
	l->hash_changed |= status == XEN_NETIF_CTRL_STATUS_SUCCESS;
	return status;
}

static struct xen_netif_ctrl_response answer(struct vif_link *l, const struct xen_netif_ctrl_request *req)
{
	struct xen_netif_ctrl_response rsp = { .id = req->id, .type = req->type };
	bool ok = req->data[0] < l->conf.queues;	/* netif.h: the queue index */

	switch (req->type) {
	case XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE:
		rsp.status = ok ? XEN_NETIF_CTRL_STATUS_SUCCESS : XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
		rsp.data = ok ? STATICS_MAX : 0;
		break;
	case XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING:
		rsp.status = add_mapping(l, req->data);
		break;
	case XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING:
		rsp.status = del_mapping(l, req->data, &rsp.data);
		break;
	case XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS:
		rsp.status = hash_get_flags(&l->hash, &rsp.data);
		break;
	case XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE:
		rsp.status = XEN_NETIF_CTRL_STATUS_SUCCESS;
		rsp.data = HASH_MAPPING_MAX;
		break;
	default:
		rsp.status = set_hash(l, req);
		break;
	}
	return rsp;
}

unsigned int vif_ctrl_run(struct vif_link *l)
{
	struct xen_netif_ctrl_request req;
	unsigned int n = 0;

	if (!l->ctrl_page)
		return 0;
	if (ctrl_back_begin(&l->ctrl) < 0) {
		worker_fault(&l->worker->w, "control producer out of range");
		return 0;
	}
	while (n < CTRL_BATCH && ctrl_back_take(&l->ctrl, &req)) {
		struct xen_netif_ctrl_response rsp = answer(l, &req);

		ctrl_back_reply(&l->ctrl, &rsp);
		n++;
	}
	save(l);
	if (ctrl_back_push(&l->ctrl))
		worker_notify(&l->worker->w, l->ctrl_bell);
	return n;
}
