/* SPDX-License-Identifier: MIT */
/* conf.h - the configuration of a connection: the frontend's keys, after they were read and checked */
#ifndef NETPAIR_BACKEND_CONF_H
#define NETPAIR_BACKEND_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/abi.h"
#include "common/wire/offload.h"

/* The most queues of one VIF. */
#define VIF_QUEUES_MAX 16u

struct vif_conf {
	unsigned int queues;			/* 1..VIF_QUEUES_MAX */
	struct {
		struct gref gtx_ref, grx_ref;
		struct evport gtx_port, grx_port;	/* remote; equal unless split; none with a mask */
	} queue[VIF_QUEUES_MAX];
	bool mask;				/* one channel for all rings; the next two are set */
	struct gref mask_ref;
	struct evport mask_port;
	bool ctrl;				/* there is a control ring; the next two are set */
	struct gref ctrl_ref;
	struct evport ctrl_port;		/* not set with a mask */
	bool rx_notify;
	uint32_t headroom;			/* in bytes, as the frontend asked for; not bounded yet */
	struct vnet_peer peer;
	uint16_t header;		/* with peer.header: the mask that we published, by which packets are checked; else 0 */
	uint16_t device;		/* what of it the device takes; frames of other kinds are segmented for it */
};

/* Returns "mask", "split" or "one": the kind of the first queue's channels; static. */
const char *vif_conf_channels(const struct vif_conf *conf);

/* Writes the connection's grant references and ports as text, by which one connection is told
 * from another. */
void vif_conf_describe(const struct vif_conf *conf, char *text, size_t len);

#endif
