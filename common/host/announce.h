/* SPDX-License-Identifier: MIT */
/* announce.h - the frames that tell a network where a device's addresses are now
 *
 * Switches and neighbours keep their entries for a guest that moved, or for a
 * bridge port that was down, until the guest sends a frame. So the guest sends
 * frames, as Linux's drivers do with netdev_notify_peers(): for each IPv4 address
 * a gratuitous ARP request (RFC 5944 4.6), for each IPv6 address an unsolicited
 * neighbour advertisement (RFC 4861 7.2.6), and where there is no address a
 * reverse ARP request, which tells the MAC only.
 */
#ifndef NETPAIR_ANNOUNCE_H
#define NETPAIR_ANNOUNCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

/* The most addresses that are announced. */
#define ANNOUNCE_MAX 64u

/* The longest frame, in bytes. */
#define ANNOUNCE_FRAME_MAX 86u

struct announce_address {
	uint8_t version;	/* 4 or 6 */
	uint8_t addr[16];	/* in network order; of version 4 the first four */
};

/* The addresses to announce; the zero value has none. */
struct announce {
	uint8_t mac[6];
	bool router;		/* the device forwards IPv6: without the flag neighbours stop using it as a router */
	unsigned int count;
	struct announce_address addr[ANNOUNCE_MAX];
};

/* Adds an address. Returns false if it must not be announced (unspecified,
 * loopback, multicast), or if there are ANNOUNCE_MAX already. */
bool announce_add(struct announce *a, uint8_t version, const uint8_t *addr);

/* Returns the number of frames, at least one. */
unsigned int announce_frames(const struct announce *a);

/* Writes frame i to buf, which has room for ANNOUNCE_FRAME_MAX bytes. Its
 * checksums are filled in. Returns its length, at least 60 bytes. */
MUST_CHECK uint32_t announce_frame(const struct announce *a, unsigned int i, uint8_t *buf);

#endif
