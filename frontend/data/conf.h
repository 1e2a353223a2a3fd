/* SPDX-License-Identifier: MIT */
/* conf.h - the configuration of a connection to a backend: the control thread agrees on it, and it is
 * fixed while connected */
#ifndef NETPAIR_FRONTEND_CONF_H
#define NETPAIR_FRONTEND_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "common/host/offers.h"
#include "common/wire/offload.h"

/* The most queues of one NIC. */
#define NIC_QUEUES_MAX 16u

/* What the backend offers, after checks and without what the command line leaves out. */
struct nic_conf {
	uint32_t without;	/* OFFER_* that we do not offer */
	unsigned int queues;	/* 1..NIC_QUEUES_MAX */
	struct vnet_peer peer;
	uint32_t header_offer;	/* the backend's mask of the offload header; 0: it has none */
	uint32_t header;	/* with peer.header: our mask, which we publish, and by which packets are checked; else 0 */
	bool split;		/* gtx and grx have a channel each; never with a mask */
	bool mask;		/* all rings have one channel and an event mask */
	bool ctrl;		/* there is a control ring */
	bool static_grants, rss;	/* the control ring is used for that */
	bool mcast;		/* the backend can filter multicast for us */
	bool mcast_dynamic;	/* and the filter can be switched while connected */
	bool mcast_on;		/* the filter is requested when we connect */
};

/* The state of the backend's list of multicast addresses. */
enum nic_mcast_state {
	NIC_MCAST_WORKING,	/* the backend does not have all of it yet */
	NIC_MCAST_DONE,
	NIC_MCAST_REFUSED,	/* it did not accept one of the addresses */
};

#endif
