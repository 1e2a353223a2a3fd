/* SPDX-License-Identifier: MIT */
/* link.h - a connection to a frontend, as the VIF's state machine sees it
 *
 * From vif_link_start() to vif_link_stop() it is its workers': see queue.h.
 * What crosses threads is in struct worker: stop, fault and the counters; and
 * patience.stalled.
 */
#ifndef NETPAIR_LINK_H
#define NETPAIR_LINK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "../common/util.h"
#include "../common/stats.h"
#include "conf.h"
#include "live.h"

struct vif_link;

/* Where a connection belongs. */
struct vif_place {
	struct domid peer;
	const char *name;	/* borrowed */
	const char *run_dir;	/* borrowed */
	struct vif_live *live;	/* borrowed */
	int tap_fd;		/* borrowed; the first worker's */
	unsigned int workers;	/* the most; above one only without control ring and mask, on a multi-queue TAP */
	int wake_fd;		/* borrowed */
	uint32_t hold_ms, stall_ms;	/* of the policy */
	uint32_t queue_bytes;	/* what may wait in the device; 0: no limit */
	struct mapquota *quota;	/* borrowed; what static grants are charged to */
	bool resume;		/* an earlier daemon served this very connection */
};

/* Maps the rings, binds the channels and starts the workers. why gets the
 * reason of a failure, static. -errno. */
MUST_CHECK int vif_link_start(struct vif_link **out, const struct vif_place *place,
			      const struct vif_conf *conf, const char **why);

/* Removes what a connection of that name left for a restart. */
void vif_link_forget(const char *run_dir, const char *name);

/* How many workers it has: fewer than the most where the TAP cannot be opened again. */
unsigned int vif_link_workers(const struct vif_link *l);

/* Why a worker stands still, or NULL. */
const char *vif_link_faulted(const struct vif_link *l);

/* Whether a queue has not delivered for long. */
MUST_CHECK bool vif_link_stalled(const struct vif_link *l);

/* The counters of all of it. */
void vif_link_stats(const struct vif_link *l, struct stats *sum);

/* The counters of queue i, where there is more than one; false: no such queue. */
MUST_CHECK bool vif_link_queue_stats(const struct vif_link *l, unsigned int i, struct stats *out);

/* Ends the workers once they have answered what they took, and gives all back;
 * sum gets the counters with the last packet in them. */
void vif_link_stop(struct vif_link *l, struct stats *sum);

#endif
