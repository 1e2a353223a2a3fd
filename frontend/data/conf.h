/* SPDX-License-Identifier: MIT */
/* conf.h - what a connection to a backend is made with: agreed by the control thread, fixed while connected */
#ifndef NETPAIR_FRONTEND_CONF_H
#define NETPAIR_FRONTEND_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "common/host/offers.h"
#include "common/wire/offload.h"

/* The most queues of one NIC. */
#define NIC_QUEUES_MAX 16u

/* What the backend offers, checked, less what the command line leaves out. */
struct nic_conf {
	uint32_t without;	/* OFFER_* that we do not offer */
	unsigned int queues;	/* 1..NIC_QUEUES_MAX */
	struct vnet_peer peer;
	bool split;		/* a channel each for gtx and grx; not with a mask */
	bool mask;		/* one channel and an event mask for all rings */
	bool ctrl;		/* it has a control ring */
	bool static_grants, rss;	/* what that is used for */
	bool mcast;		/* it filters multicast for us */
	bool mcast_dynamic;	/* and may be asked to while connected */
	bool mcast_on;		/* what is asked as we connect */
};

/* How far the backend's list of multicast addresses is. */
enum nic_mcast_state {
	NIC_MCAST_WORKING,	/* the backend does not have all of it yet */
	NIC_MCAST_DONE,
	NIC_MCAST_REFUSED,	/* it did not accept one of the addresses */
};

#endif
