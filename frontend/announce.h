/* SPDX-License-Identifier: MIT */
/* announce.h - telling the network of the device's addresses after each connect
 *
 * The control thread lists them before the worker starts; the worker sends the
 * frames (../common/announce.h) on the first queue, behind no one's qdisc or
 * firewall. It sends them three times, a second apart, as RFC 4861 7.2.6 allows:
 * the first may come before the backend's bridge port forwards.
 */
#ifndef NETPAIR_NIC_ANNOUNCE_H
#define NETPAIR_NIC_ANNOUNCE_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/announce.h"

struct nic;
struct nic_link;

struct nic_announce {
	struct announce what;
	unsigned int rounds;	/* still to be sent; 0: nothing more to do */
	unsigned int next;	/* frame of this round */
	uint64_t at;		/* not before that, in microseconds */
};

/* On the control thread, before the worker starts: lists the addresses. A
 * device that is down has nothing to announce: the kernel does when it goes up. */
void nic_announce_prepare(struct nic *n);

/* --- on the worker's thread --- */

/* Returns whether there is a frame to be sent now. */
bool nic_announce_is_due(const struct nic_link *l);

/* Writes the next frame to buf, of a page. Returns its length; 0: there is no
 * more for now. */
uint32_t nic_announce_next(struct nic_link *l, uint8_t *buf);

/* There was no room for a frame: it is tried again a little later. */
void nic_announce_put_off(struct nic_link *l);

/* Returns the milliseconds until the next frame is due; -1: none will be. */
int nic_announce_wait_ms(const struct nic_link *l);

#endif
