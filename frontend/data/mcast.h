/* SPDX-License-Identifier: MIT */
/* mcast.h - the multicast addresses that the backend is to let through (netif.h, "multicast-control")
 *
 * The control thread says which they should be; the worker tells the backend of
 * one change at a time, by dummy requests on the first queue's gtx ring.
 */
#ifndef NETPAIR_FRONTEND_MCAST_H
#define NETPAIR_FRONTEND_MCAST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"
#include "common/wire/mcast.h"
#include "conf.h"

struct nic_conn;

/* The number of no page. */
#define NIC_MCAST_NONE UINT16_MAX

struct nic_mcast {
	struct mcast wanted;		/* the control thread's */
	atomic_uint asked;		/* counts its changes */
	atomic_uint settled;		/* the asked that the worker is done with */
	atomic_bool refused;		/* the backend would not take one of those */
	/* The worker's own. */
	struct mcast known;		/* to the backend */
	unsigned int looked;		/* the asked that it is at */
	uint16_t id;			/* of the request under way, or NONE */
	uint8_t type;			/* XEN_NETIF_EXTRA_TYPE_MCAST_* of that */
	uint8_t addr[6];
};

void nic_mcast_init(struct nic_conn *conn);

/* --- on the worker's thread --- */

/* Returns whether the backend has to be told something, or owes an answer. */
bool nic_mcast_busy(const struct nic_conn *conn);

/* Stages the next request, if there is room and none is under way. */
void nic_mcast_post(struct nic_conn *conn);

/* Handles the response to the request under way. */
void nic_mcast_answered(struct nic_conn *conn, int16_t status);

/* --- on the control thread --- */

/* Asks for exactly these; n is at most MCAST_MAX. */
void nic_mcast_want(struct nic_conn *conn, uint8_t (*addr)[6], unsigned int n);

/* Returns how far the backend's list is. */
enum nic_mcast_state nic_mcast_state(const struct nic_conn *conn);

#endif
