/* SPDX-License-Identifier: MIT */
/* vif_fds.c - opens, for vif_fds.h: the device once more for each worker, the limit of its queue,
 * the file of the guest's tables */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/statefile.h"
#include "common/host/statemap.h"
#include "common/host/tap.h"
#include "common/host/taplimit.h"
#include "common/wire/handshake.h"
#include "backend.h"
#include "vif_fds.h"

static_assert(VIF_QUEUES_MAX <= TAPLIMIT_READERS_MAX, "a reader for each worker that a VIF may have");

static void vif_fds_open_taps(struct vif_fds *fds, struct vif *v, unsigned int workers)
{
	fds->tap[0] = v->port.ops->fd(v);
	for (fds->workers = 1; fds->workers < workers; fds->workers++) {
		int err = v->port.ops->another(v, &fds->tap[fds->workers]);

		if (!err)
			continue;
		log_warn_in(&v->settings.log, "fewer workers than the queues could have vif=%s workers=%u reason=\"cannot open the device once more: %s\"",
			    v->name, fds->workers, err == -EPERM ? "the device has an owner" : errtext(ERRTEXT_TAP, err));
		return;
	}
}

/* Only a TAP takes a filter. */
uint32_t vif_fds_limit_bytes(const struct vif *v)
{
	const struct vif_policy *policy = &v->daemon->policy;

	return policy->queue_in_frames || v->port.name.kind != PORT_TAP ? 0 : policy->queue_bytes;
}

/* Without a limit in bytes each queue still takes a limited number of frames. */
static void vif_fds_open_limit(struct vif_fds *fds, struct vif *v)
{
	fds->limit_bytes = vif_fds_limit_bytes(v);
	fds->limit = -1;
	if (!fds->limit_bytes) {
		taplimit_clear(v->tap_fd);
		return;
	}
	fds->limit = taplimit_attach(v->tap_fd, fds->limit_bytes);
	if (fds->limit < 0)
		log_warn_in(&v->settings.log, "what waits for the guest is not limited in bytes vif=%s error=\"%s\"", v->name,
			    errtext(ERRTEXT_TAP, fds->limit));
}

static void vif_fds_tables_path(char *path, size_t len, const char *run_dir, const char *name)
{
	snprintf(path, len, "%s/%s.tables", run_dir, name);
}

static void vif_fds_open_tables(struct vif_fds *fds, struct vif *v)
{
	size_t len = vif_conn_tables_size();
	char path[256];

	vif_fds_tables_path(path, sizeof(path), v->daemon->run_dir, v->name);
	fds->tables = hs_back_is_up(v->state) ? statemap_open(path, len) : -ENOENT;
	if (fds->tables == -EPERM || fds->tables == -EINVAL)
		statefile_set_aside(path, fds->tables == -EPERM ? "not a file of ours" : "of another size");
	if (fds->tables < 0)
		fds->tables = statemap_create(path, len);
	if (fds->tables >= 0)
		return;
	log_warn_in(&v->settings.log, "cannot save the guest's tables for a restart vif=%s file=%s error=\"%s\"", v->name, path,
		    errtext(ERRTEXT_FILE, fds->tables));
	fds->tables = -1;
}

void vif_fds_open(struct vif_fds *fds, struct vif *v, unsigned int workers)
{
	vif_fds_open_taps(fds, v, workers);
	vif_fds_open_limit(fds, v);
	vif_fds_open_tables(fds, v);
}

void vif_fds_put(const struct vif_fds *fds, struct vif_conn_params *params)
{
	params->tap_fds = fds->tap;
	params->workers = fds->workers;
	params->limit_fd = fds->limit;
	params->limit_bytes = fds->limit_bytes;
	params->tables_fd = fds->tables;
}

void vif_fds_close(struct vif_fds *fds)
{
	if (fds->limit >= 0)
		close(fds->limit);
	if (fds->tables >= 0)
		close(fds->tables);
	fds->limit = fds->tables = -1;
}

void vif_fds_drop(struct vif_fds *fds)
{
	for (unsigned int i = 1; i < fds->workers; i++)
		if (fds->tap[i] >= 0)
			close(fds->tap[i]);
	fds->workers = 0;
	vif_fds_close(fds);
}

void vif_fds_forget_tables(const char *run_dir, const char *name)
{
	char path[256];

	vif_fds_tables_path(path, sizeof(path), run_dir, name);
	statemap_remove(path);
}
