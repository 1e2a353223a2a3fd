/* SPDX-License-Identifier: MIT */
/* announce.h - telling the network of the device's addresses after each connect
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
	unsigned int rounds;	/* still to be sent; 0: nothing more to do */
	unsigned int next;	/* frame of this round */
	uint64_t at;		/* not before that, in microseconds */
};

/* Before the worker starts: has it announce these addresses. */
void nic_announce_start(struct nic_conn *conn, const struct announce *what);

/* --- on the worker's thread --- */

/* Returns whether there is a frame to be sent now. */
bool nic_announce_is_due(const struct nic_conn *conn);

/* Writes the next frame to buf, of a page. Returns its length; 0: there is no
 * more for now. */
uint32_t nic_announce_next(struct nic_conn *conn, uint8_t *buf);

/* Has a frame that found no room tried again a little later. */
void nic_announce_put_off(struct nic_conn *conn);

/* Returns the milliseconds until the next frame is due; -1: none will be. */
int nic_announce_wait_ms(const struct nic_conn *conn);

#endif
