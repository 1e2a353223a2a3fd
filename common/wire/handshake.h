/* SPDX-License-Identifier: MIT */
/* handshake.h - the xenbus state machines of both ends, as tables
 *
 * Pure functions: from the peer's state, our own and what the toolstack wants
 * they return the next step. The daemon carries the step out, records the new
 * state and asks again until the step is "stay". Every state of the peer is
 * legal in every state of ours (XSA-465), as drivers differ in the states that
 * they pass through.
 */
#ifndef NETPAIR_HANDSHAKE_H
#define NETPAIR_HANDSHAKE_H

#include <stdbool.h>

#include "common/base/abi.h"

#define HS_STATES (XenbusStateReconfigured + 1)

/* Returns the name of a state ("Initialising", ...), "?" for an unknown number. The text is static. */
const char *hs_state_name(unsigned int state);

/* Returns whether the frontend's rings are in use, by the state that the backend published. */
static inline bool hs_back_is_up(enum xenbus_state ours)
{
	return ours == XenbusStateConnected || ours == XenbusStateReconfigured;
}

/* The steps of a backend. */
enum hs_back_step {
	HS_BACK_STAY,
	HS_BACK_OFFER,		/* publish the features, go to InitWait */
	HS_BACK_CONNECT,	/* attach the rings, go to Connected */
	HS_BACK_RESET,		/* detach the rings, go to InitWait: the frontend started anew */
	HS_BACK_RECONFIGURE,	/* read what the frontend changed, go to Reconfigured */
	HS_BACK_GO_ON,		/* the frontend has reconfigured, go to Connected */
	HS_BACK_CLOSING,	/* detach the rings, go to Closing */
	HS_BACK_CLOSED,		/* go to Closed */
	HS_BACK_REMOVE,		/* closed for good: remove the VIF */
};

struct hs_back_view {
	enum xenbus_state ours;
	enum xenbus_state theirs;	/* Unknown: the frontend's directory is gone */
	bool online;			/* the toolstack wants the VIF */
	bool hotplug;			/* the hotplug script has succeeded, or there is none */
	bool refused;			/* the backend has refused this state of theirs */
	bool unserved;			/* this process has no connection: an earlier daemon left it, or its device was deleted */
	bool tables_lost;		/* what was agreed with this frontend is not known to this process */
	bool closing;			/* the daemon ends, and its VIFs with it */
};

/* Returns the next step of a backend. */
MUST_CHECK enum hs_back_step hs_back_next(const struct hs_back_view *v);

/* The steps of a frontend. */
enum hs_front_step {
	HS_FRONT_STAY,
	HS_FRONT_INITIALISE,	/* go to Initialising: the backend starts anew */
	HS_FRONT_CONNECT,	/* share the rings, go to Connected */
	HS_FRONT_ATTACHED,	/* the backend has attached the rings: traffic may flow */
	HS_FRONT_CLOSING,	/* stop the traffic, go to Closing */
	HS_FRONT_CLOSED,	/* stop the traffic, end the grants of the rings, go to Closed */
};

struct hs_front_view {
	enum xenbus_state ours;
	enum xenbus_state theirs;	/* Unknown: the backend's directory is gone */
	bool shared;			/* this process has granted rings */
	bool attached;			/* HS_FRONT_ATTACHED was done for them */
	bool wanted;			/* neither the toolstack nor the user has asked for the end */
	bool lost;			/* the connection cannot go on: its worker has failed, or its device is another */
};

/* Returns the next step of a frontend. */
MUST_CHECK enum hs_front_step hs_front_next(const struct hs_front_view *v);

#endif
