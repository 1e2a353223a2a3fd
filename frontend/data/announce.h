/* SPDX-License-Identifier: MIT */
/* announce.h - announces the device's addresses to the network after each connect
 *
 * The control thread lists them before the worker starts; the worker sends the
 * frames (common/host/announce.h) on the first queue, where no qdisc and no
 * firewall stops them. It sends them three times, a second apart, as RFC 4861
 * 7.2.6 allows: the first may come before the backend's bridge port forwards.
 */
#ifndef NETPAIR_FRONTEND_ANNOUNCE_H
#define NETPAIR_FRONTEND_ANNOUNCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"
#include "common/host/announce.h"

struct nic_conn;

struct nic_announce {
	struct announce what;
	unsigned int rounds;	/* rounds that are still to be sent; 0: none */
	unsigned int next;	/* the next frame of this round */
	uint64_t at;		/* the time to send it, in microseconds */
};

/* Sets the addresses that the worker announces. Called before the worker starts. */
void nic_announce_start(struct nic_conn *conn, const struct announce *what);

/* --- on the worker's thread --- */

/* Returns true if a frame must be sent now. */
bool nic_announce_is_due(const struct nic_conn *conn);

/* Writes the next frame to buf, which has room for a page. Returns its length; 0: there is
 * none for now. */
uint32_t nic_announce_next(struct nic_conn *conn, uint8_t *buf);

/* Delays the frame, which found no room on the ring, by a short time. */
void nic_announce_put_off(struct nic_conn *conn);

/* Returns the milliseconds until the next frame is due; -1: there will be none. */
int nic_announce_wait_ms(const struct nic_conn *conn);

#endif
