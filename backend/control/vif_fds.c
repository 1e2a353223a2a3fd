/* SPDX-License-Identifier: MIT */
/* vif_fds.c - opens, for vif_fds.h: the device once more for each worker, the limit of its queue */
#include <errno.h>
#include <unistd.h>

#include "common/base/errtext.h"
#include "common/base/log.h"
#include "common/host/tap.h"
#include "common/host/taplimit.h"
#include "backend.h"
#include "vif_fds.h"

static_assert(VIF_QUEUES_MAX <= TAPLIMIT_READERS_MAX, "a reader for each worker that a VIF may have");

static void vif_fds_open_taps(struct vif_fds *fds, struct vif *v, unsigned int workers)
{
	fds->tap[0] = v->tap_fd;
	for (fds->workers = 1; fds->workers < workers; fds->workers++) {
		int err = tap_open_another(&fds->tap[fds->workers], v->tap_fd);

		if (!err)
			continue;
		log_warn_in(&v->settings.log, "fewer workers than the queues could have vif=%s workers=%u reason=\"cannot open the device once more: %s\"",
			    v->name, fds->workers, err == -EPERM ? "the device has an owner" : errtext(ERRTEXT_TAP, err));
		return;
	}
}

/* Without a limit in bytes each queue still takes a limited number of frames. */
static void vif_fds_open_limit(struct vif_fds *fds, struct vif *v)
{
	const struct vif_policy *policy = &v->daemon->policy;

	fds->limit_bytes = policy->queue_in_frames ? 0 : policy->queue_bytes;
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

void vif_fds_open(struct vif_fds *fds, struct vif *v, unsigned int workers)
{
	vif_fds_open_taps(fds, v, workers);
	vif_fds_open_limit(fds, v);
}

void vif_fds_put(const struct vif_fds *fds, struct vif_conn_params *params)
{
	params->tap_fds = fds->tap;
	params->workers = fds->workers;
	params->limit_fd = fds->limit;
	params->limit_bytes = fds->limit_bytes;
}

void vif_fds_close(struct vif_fds *fds)
{
	if (fds->limit >= 0)
		close(fds->limit);
	fds->limit = -1;
}
