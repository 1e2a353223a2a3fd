/* SPDX-License-Identifier: MIT */
/* vif_conf.h - the keys of a VIF: what the frontend wrote, checked; what we offer */
#ifndef NETPAIR_BACKEND_VIF_CONF_H
#define NETPAIR_BACKEND_VIF_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/reason.h"
#include "common/base/util.h"
#include "common/host/offers.h"
#include "common/host/store.h"
#include "backend/data/conf.h"

/* What the daemon's options say of every VIF. */
struct vif_policy {
	uint32_t max_queues;	/* offered to each frontend */
	uint32_t workers;	/* of one VIF, at most */
	uint32_t without;	/* OFFER_* that are not offered */
	uint32_t limited;	/* RATE_* that the key rate is for */
	const char *fill;	/* "all", or MAC addresses with commas between; NULL: of no guest */
	uint32_t hold_ms;	/* how long frames wait for slots, with feature-rx-notify */
	uint32_t stall_ms;	/* how long a VIF lacks slots before its carrier goes down; 0: never */
	uint32_t queue_bytes;	/* what may wait in a VIF's device; 0: no limit in bytes */
	bool queue_in_frames;	/* bytes cannot be limited: a new device gets a shorter queue */
};

/* What was published for this frontend, by us or by the netbackd before. */
struct vif_offered {
	uint32_t max_queues;
	uint32_t header;	/* mask of the offload header; 0: none */
};

/* Reads and checks the frontend's keys, which stay read ahead (store_ahead.h). Returns 0, or -errno with the reason in why;
 * one that store_is_unknown() says nothing of the frontend. */
MUST_CHECK int vif_conf_read(struct vif_conf *conf, struct store *s, const char *fe_path,
			     const struct vif_offered *offered, struct reason *why);

/* Writes the features, with that mask of an offload header, and the state InitWait in one transaction. Returns
 * 0 or -errno. */
MUST_CHECK int vif_conf_publish(struct store *s, const char *be_path, const struct vif_policy *policy, uint32_t header);

/* Returns true if a text is what vif_policy.fill may be. */
MUST_CHECK bool vif_conf_is_fill(const char *text);

/* Returns true if this guest gets no partial checksum, by its key
 * fill-checksums, else by the policy. */
MUST_CHECK bool vif_conf_fills(const struct vif_policy *policy, struct store *s, const char *be_path);

#endif
