/* SPDX-License-Identifier: MIT */
/* conf.h - the keys of a VIF: what the frontend wrote, checked; what we offer */
#ifndef NETPAIR_CONF_H
#define NETPAIR_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/offload.h"
#include "../common/store.h"
#include "../common/util.h"

/* The most queues of one VIF. */
#define VIF_QUEUES_MAX 16u

/* What the daemon's options say of every VIF. */
struct vif_policy {
	uint32_t max_queues;	/* offered to each frontend */
	uint32_t workers;	/* of one VIF, at most */
	uint32_t without;	/* OFFER_* that are not offered */
	uint32_t limited;	/* RATE_* that the key rate is for */
	const char *fill;	/* "all", or MAC addresses with commas between; NULL: nobody's */
	uint32_t hold_ms;	/* how long frames wait for slots, with feature-rx-notify */
	uint32_t stall_ms;	/* how long until a link without slots is down; 0: never */
	uint32_t queue_bytes;	/* what may wait in a VIF's device; 0: no limit in bytes */
	bool queue_in_frames;	/* bytes cannot be limited: a new device gets a shorter queue */
};

#define OFFER_SG 1u
#define OFFER_GSO4 2u
#define OFFER_GSO6 4u
#define OFFER_CSUM4 8u
#define OFFER_CSUM6 16u
#define OFFER_SPLIT 32u
#define OFFER_CTRL 64u
#define OFFER_MASK 128u
#define OFFER_XDP 256u

/* What the frontend wrote, checked. */
struct vif_conf {
	unsigned int queues;			/* 1..VIF_QUEUES_MAX */
	struct {
		struct gref gtx_ref, grx_ref;
		struct evport gtx_port, grx_port;	/* remote; equal unless split; none with a mask */
	} queue[VIF_QUEUES_MAX];
	bool mask;				/* one channel for all, the next two are there */
	struct gref mask_ref;
	struct evport mask_port;
	bool ctrl;				/* the next two are there */
	struct gref ctrl_ref;
	struct evport ctrl_port;		/* but with a mask */
	bool rx_notify;
	uint32_t headroom;			/* as asked for */
	struct vnet_peer peer;
};

/* Reads and checks the frontend's keys; why gets a text on failure. -errno. */
MUST_CHECK int vif_conf_read(struct vif_conf *conf, struct store *s, const char *fe_path,
			     uint32_t max_queues, char *why, size_t why_len);

/* "mask", "split" or "one": of the first queue; static. */
const char *vif_conf_channels(const struct vif_conf *conf);

/* Writes the features and the state InitWait in one transaction. -errno. */
MUST_CHECK int vif_conf_publish(struct store *s, const char *be_path, const struct vif_policy *policy);

/* Whether a text is what vif_policy.fill may be. */
MUST_CHECK bool vif_conf_is_fill(const char *text);

/* Whether this guest gets no blank checksum: its key fill-checksums, else the policy. */
MUST_CHECK bool vif_conf_fills(const struct vif_policy *policy, struct store *s, const char *be_path);

/* What makes a connection another than the last, as text: its refs and ports. */
void vif_conf_describe(const struct vif_conf *conf, char *text, size_t len);

#endif
