/* SPDX-License-Identifier: MIT */
/* settings.h - what may change while connected: rate, multicast filter, headroom
 *
 * The control thread writes the settings when xenstore's keys change; workers
 * read them with every batch. All are atomic. They belong to the VIF, so that a
 * frontend that connects anew gets no new credit. The multicast list belongs to
 * the connection.
 */
#ifndef NETPAIR_BACKEND_SETTINGS_H
#define NETPAIR_BACKEND_SETTINGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/log.h"
#include "common/wire/credit.h"
#include "common/wire/mcast.h"

/* The directions that a rate can limit. */
#define RATE_GTX 1u
#define RATE_GRX 2u

struct vif_settings {
	struct credit_rate rate;	/* what credit was set to; the control thread's */
	struct credit credit;		/* one for all queues, and for both directions */
	uint32_t limited;		/* RATE_*; fixed */
	atomic_bool filter;		/* multicast to addresses that are not in the list is dropped */
	_Atomic uint16_t headroom;	/* bytes left free in front of the data of each slot */
	struct mcast *mcast;		/* the connection's (saved.h) */
	atomic_bool all_multicast;	/* the list lost some addresses: deliver all multicast */
	struct log_bucket log;		/* for the lines that the guest can cause */
};

/* Returns true if the rate allows a frame in that direction now. */
MUST_CHECK bool vif_settings_allows(struct vif_settings *settings, uint32_t direction);

/* Returns true if frames of that direction are charged. */
static inline bool vif_settings_charges(const struct vif_settings *settings, uint32_t direction)
{
	return settings->limited & direction;
}

/* Charges a frame that was taken in that direction. */
static inline void vif_settings_charge(struct vif_settings *settings, uint32_t direction, uint32_t bytes)
{
	if (vif_settings_charges(settings, direction))
		credit_charge(&settings->credit, bytes);
}

/* Returns the milliseconds after which a direction without credit should be tried again; 0: now. */
int vif_settings_wait_ms(struct vif_settings *settings);

/* Returns true if the multicast filter drops a frame for that address. */
bool vif_settings_filtered(const struct vif_settings *settings, const uint8_t *addr);

/* Returns the bytes to leave free in front of the data of each slot, at most PKT_HEADROOM_MAX. */
uint16_t vif_settings_headroom(const struct vif_settings *settings);

#endif
