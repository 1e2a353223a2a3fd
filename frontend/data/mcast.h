/* SPDX-License-Identifier: MIT */
/* mcast.h - the multicast addresses that the backend shall deliver (netif.h, "multicast-control")
 *
 * The control thread sets the list. The worker requests one change at a time, by dummy
 * requests on the first queue's gtx ring.
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
	struct mcast wanted;		/* written by the control thread */
	atomic_uint asked;		/* number of changes of wanted */
	atomic_uint settled;		/* value of asked up to which the backend has all changes */
	atomic_bool refused;		/* the backend refused one of them */
	/* Private to the worker. */
	struct mcast known;		/* the list that the backend has */
	unsigned int looked;		/* value of asked that the worker works on */
	uint16_t id;			/* of the pending request, or NIC_MCAST_NONE */
	uint8_t type;			/* XEN_NETIF_EXTRA_TYPE_MCAST_* of that request */
	uint8_t addr[6];
};

void nic_mcast_init(struct nic_conn *conn);

/* --- on the worker's thread --- */

/* Returns true if there is a change to request, or if a request is pending. */
bool nic_mcast_busy(const struct nic_conn *conn);

/* Stages the next request, if there is room and none is pending. */
void nic_mcast_post(struct nic_conn *conn);

/* Handles the response to the pending request. */
void nic_mcast_answered(struct nic_conn *conn, int16_t status);

/* --- on the control thread --- */

/* Sets the list to these n addresses, at most MCAST_MAX. */
void nic_mcast_want(struct nic_conn *conn, uint8_t (*addr)[6], unsigned int n);

/* Returns the state of the backend's list. */
enum nic_mcast_state nic_mcast_state(const struct nic_conn *conn);

#endif
