/* SPDX-License-Identifier: MIT */
/* handshake.h - who moves when: the xenbus states of both ends as tables
 *
 * Pure: what the peer's state, our own and the toolstack's wishes make us do
 * next, one step at a time. The daemons carry the step out, note the new state
 * and ask again until the answer is "stay". netif.md 2.1-2.3 tells what other
 * drivers do; every state of the peer is legal in every state of ours (XSA-465).
 */
#ifndef NETPAIR_HANDSHAKE_H
#define NETPAIR_HANDSHAKE_H

#include <stdbool.h>

#include "abi.h"

#define HS_STATES (XenbusStateReconfigured + 1)

/* "Initialising" and so on; static. Any number may be asked for. */
const char *hs_state_name(unsigned int state);

/* Whether the frontend's rings are in use, by the state that the backend published. */
static inline bool hs_back_is_up(enum xenbus_state ours)
{
	return ours == XenbusStateConnected || ours == XenbusStateReconfigured;
}

/* What a backend does to get from its state to the next. */
enum hs_back_step {
	HS_BACK_STAY,
	HS_BACK_OFFER,		/* publish the features, go to InitWait */
	HS_BACK_CONNECT,	/* attach the rings, go to Connected */
	HS_BACK_RESET,		/* let the rings go, go to InitWait: the frontend started anew */
	HS_BACK_RECONFIGURE,	/* read what it changes while it is up, go to Reconfigured */
	HS_BACK_GO_ON,		/* it is done with that, go to Connected */
	HS_BACK_CLOSING,	/* let the rings go, go to Closing */
	HS_BACK_CLOSED,		/* go to Closed */
	HS_BACK_REMOVE,		/* closed for good: the interface goes */
};

struct hs_back_view {
	enum xenbus_state ours;
	enum xenbus_state theirs;	/* Unknown: the frontend's directory is gone */
	bool online;			/* the toolstack wants the interface */
	bool hotplug;			/* the hotplug script is through, or there is none */
	bool refused;			/* this state of theirs was looked at and turned down */
};

MUST_CHECK enum hs_back_step hs_back_next(const struct hs_back_view *v);

/* What a frontend does. */
enum hs_front_step {
	HS_FRONT_STAY,
	HS_FRONT_INITIALISE,	/* go to Initialising: ask the backend for a new start */
	HS_FRONT_CONNECT,	/* share the rings, go to Connected */
	HS_FRONT_ATTACHED,	/* the backend has the rings: traffic may flow */
	HS_FRONT_CLOSING,	/* stop the traffic, go to Closing */
	HS_FRONT_CLOSED,	/* stop the traffic, take the rings back, go to Closed */
};

struct hs_front_view {
	enum xenbus_state ours;
	enum xenbus_state theirs;	/* Unknown: the backend's directory is gone */
	bool shared;			/* rings of this very process are granted */
	bool attached;			/* HS_FRONT_ATTACHED was done for them */
	bool wanted;			/* neither the toolstack nor the user wants us gone */
};

MUST_CHECK enum hs_front_step hs_front_next(const struct hs_front_view *v);

#endif
