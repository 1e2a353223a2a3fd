/* SPDX-License-Identifier: MIT */
/* handshake.c - the two tables, and the cases outside them */
#include "handshake.h"

static const char *const state_names[] = {
	[XenbusStateUnknown] = "Unknown",
	[XenbusStateInitialising] = "Initialising",
	[XenbusStateInitWait] = "InitWait",
	[XenbusStateInitialised] = "Initialised",
	[XenbusStateConnected] = "Connected",
	[XenbusStateClosing] = "Closing",
	[XenbusStateClosed] = "Closed",
	[XenbusStateReconfiguring] = "Reconfiguring",
	[XenbusStateReconfigured] = "Reconfigured",
};

static_assert(ARRAY_SIZE(state_names) == HS_STATES, "a name for each state");

const char *hs_state_name(unsigned int state)
{
	return state < HS_STATES ? state_names[state] : "?";
}

/* A backend's aim, which follows from the frontend's state. */
enum aim { AIM_NONE, AIM_OFFER, AIM_CONNECTED, AIM_RECONFIGURED, AIM_CLOSING, AIM_CLOSED, AIM_GONE, AIM_MAX };

static const unsigned char aim_of[HS_STATES] = {
	[XenbusStateUnknown] = AIM_GONE,
	[XenbusStateInitialising] = AIM_OFFER,
	[XenbusStateInitWait] = AIM_NONE,
	[XenbusStateInitialised] = AIM_NONE,
	[XenbusStateConnected] = AIM_CONNECTED,
	[XenbusStateClosing] = AIM_CLOSING,
	[XenbusStateClosed] = AIM_CLOSED,
	[XenbusStateReconfiguring] = AIM_RECONFIGURED,
	[XenbusStateReconfigured] = AIM_NONE,
};

/* Rows: our state; columns: the aim. */
#define ROW(offer_, connected_, reconf_, closing_, closed_, gone_) \
	{ [AIM_NONE] = HS_BACK_STAY, [AIM_OFFER] = HS_BACK_##offer_, \
	  [AIM_CONNECTED] = HS_BACK_##connected_, [AIM_RECONFIGURED] = HS_BACK_##reconf_, \
	  [AIM_CLOSING] = HS_BACK_##closing_, [AIM_CLOSED] = HS_BACK_##closed_, [AIM_GONE] = HS_BACK_##gone_ }

static const unsigned char back_table[HS_STATES][AIM_MAX] = {
	/*                               OFFER  CONNECTED RECONFIGURED CLOSING  CLOSED   GONE */
	[XenbusStateUnknown]       = ROW(OFFER, OFFER,    STAY,        CLOSED,  CLOSED,  CLOSED),
	[XenbusStateInitialising]  = ROW(OFFER, OFFER,    STAY,        CLOSING, CLOSED,  CLOSED),
	[XenbusStateInitWait]      = ROW(STAY,  CONNECT,  STAY,        CLOSING, CLOSING, CLOSING),
	[XenbusStateInitialised]   = ROW(OFFER, OFFER,    STAY,        CLOSING, CLOSING, CLOSING),
	[XenbusStateConnected]     = ROW(RESET, STAY,     RECONFIGURE, CLOSING, CLOSING, CLOSING),
	[XenbusStateClosing]       = ROW(RESET, CLOSED,   STAY,        STAY,    CLOSED,  CLOSED),
	[XenbusStateClosed]        = ROW(OFFER, OFFER,    STAY,        STAY,    STAY,    REMOVE),
	[XenbusStateReconfiguring] = ROW(RESET, CLOSING,  STAY,        CLOSING, CLOSING, CLOSING),
	[XenbusStateReconfigured]  = ROW(RESET, GO_ON,    STAY,        CLOSING, CLOSING, CLOSING),
};

static enum hs_back_step handshake_back_table(const struct hs_back_view *v)
{
	bool up = hs_back_is_up(v->ours), online = v->online && !v->closing;
	unsigned char aim = aim_of[v->theirs];

	/* A refused frontend stays refused until its state changes: else we would loop. */
	if ((aim == AIM_CONNECTED || aim == AIM_RECONFIGURED || aim == AIM_OFFER) && v->refused)
		aim = online ? AIM_CLOSED : AIM_GONE;
	/* Without rings there is nothing to reconfigure. */
	else if (aim == AIM_RECONFIGURED && !up)
		aim = AIM_NONE;
	/* Publish the features first; attach the rings once the hotplug script has succeeded. */
	else if (aim == AIM_CONNECTED && !v->hotplug && !up)
		aim = AIM_OFFER;
	/* While the VIF is removed, wait only for a frontend that is still up. */
	if (!online && aim != AIM_CONNECTED && aim != AIM_RECONFIGURED && aim != AIM_CLOSING)
		aim = AIM_GONE;
	return (enum hs_back_step)back_table[v->ours][aim];
}

/* Returns the step for a frontend whose rings are in use while this process has no connection. */
static enum hs_back_step handshake_back_unserved(const struct hs_back_view *v)
{
	/* A frontend that is being detached may end its grants at any moment. */
	if (!v->online && !v->closing)
		return HS_BACK_CLOSING;
	/* Do not try again: each write of a key would cause another attempt. */
	if (v->refused)
		return HS_BACK_CLOSING;
	return v->tables_lost ? HS_BACK_RESET : HS_BACK_CONNECT;
}

enum hs_back_step hs_back_next(const struct hs_back_view *v)
{
	enum hs_back_step step = handshake_back_table(v);

	if (step == HS_BACK_STAY && v->unserved && hs_back_is_up(v->ours))
		step = handshake_back_unserved(v);
	/* A connected frontend sees Closing, and the backend waits for it. */
	if (v->closing && (v->theirs == XenbusStateConnected || v->theirs == XenbusStateReconfiguring))
		step = v->ours == XenbusStateClosing ? HS_BACK_STAY : HS_BACK_CLOSING;
	return step;
}

/* Returns the step of a frontend without granted rings: the backend may be ready,
 * serve an earlier start of ours, be closed, or be gone. */
static enum hs_front_step handshake_front_unshared(const struct hs_front_view *v)
{
	switch (v->theirs) {
	case XenbusStateInitWait:
		return v->ours == XenbusStateInitialising ? HS_FRONT_CONNECT : HS_FRONT_INITIALISE;
	case XenbusStateConnected:
	case XenbusStateReconfiguring:
	case XenbusStateReconfigured:
		return v->ours == XenbusStateClosing ? HS_FRONT_STAY : HS_FRONT_CLOSING;
	case XenbusStateClosing:
		return v->ours == XenbusStateClosed ? HS_FRONT_STAY : HS_FRONT_CLOSED;
	case XenbusStateClosed:
	case XenbusStateInitialising:
	case XenbusStateInitialised:
		return v->ours == XenbusStateInitialising ? HS_FRONT_STAY : HS_FRONT_INITIALISE;
	case XenbusStateUnknown:
		break;
	}
	return v->ours == XenbusStateInitialising || v->ours == XenbusStateClosed ?
	       HS_FRONT_STAY : HS_FRONT_CLOSED;
}

/* Returns the step of a frontend with granted rings. */
static enum hs_front_step handshake_front_shared(const struct hs_front_view *v)
{
	switch (v->theirs) {
	case XenbusStateConnected:
	case XenbusStateReconfiguring:
	case XenbusStateReconfigured:
		return v->attached ? HS_FRONT_STAY : HS_FRONT_ATTACHED;
	case XenbusStateInitWait:
	case XenbusStateInitialised:
		/* It has not attached yet, or it starts anew. */
		return v->attached ? HS_FRONT_INITIALISE : HS_FRONT_STAY;
	case XenbusStateInitialising:
		return v->attached ? HS_FRONT_INITIALISE : HS_FRONT_STAY;
	case XenbusStateClosing:
	case XenbusStateClosed:
	case XenbusStateUnknown:
		break;
	}
	return HS_FRONT_CLOSED;
}

/* Returns whether the backend has attached rings. Our frontend never reconfigures,
 * but a backend may be in those states: that changes nothing. */
static bool handshake_is_serving(enum xenbus_state theirs)
{
	return theirs == XenbusStateConnected || theirs == XenbusStateReconfiguring ||
	       theirs == XenbusStateReconfigured;
}

static enum hs_front_step handshake_front_step(const struct hs_front_view *v)
{
	if (!v->wanted) {
		if (v->ours == XenbusStateClosed)
			return HS_FRONT_STAY;
		/* A backend that has attached our rings must see Closing first. */
		if (v->ours != XenbusStateClosing && v->shared && handshake_is_serving(v->theirs))
			return HS_FRONT_CLOSING;
		return v->ours == XenbusStateClosing && handshake_is_serving(v->theirs) ?
		       HS_FRONT_STAY : HS_FRONT_CLOSED;
	}
	/* Another program wrote our state: after a restore the toolstack's new
	 * directory says Initialising, whatever our state was. */
	if (v->shared && v->ours != XenbusStateConnected)
		return v->ours == XenbusStateInitialising ? HS_FRONT_INITIALISE : HS_FRONT_CLOSED;
	return v->shared ? handshake_front_shared(v) : handshake_front_unshared(v);
}

enum hs_front_step hs_front_next(const struct hs_front_view *v)
{
	struct hs_front_view view = *v;

	/* A connection that is lost is closed as if the backend had asked for it. */
	if (v->lost && v->shared)
		view.theirs = XenbusStateClosing;
	return handshake_front_step(&view);
}
