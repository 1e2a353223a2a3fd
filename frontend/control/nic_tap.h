/* SPDX-License-Identifier: MIT */
/* nic_tap.h - the TAP of a NIC: made, found again, fitted to what the backend takes, removed */
#ifndef NETPAIR_FRONTEND_NIC_TAP_H
#define NETPAIR_FRONTEND_NIC_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/util.h"

struct link_event;
struct nic;
struct nic_conf;

/* Opens or makes the TAP, if it is not open. Returns 0 or -errno. */
MUST_CHECK int nic_tap_make(struct nic *n);

/* Removes the TAP with what was saved of it. */
void nic_tap_remove(struct nic *n);

/* Makes a new device if somebody deleted the one that we hold, and ends the
 * worker that has it: the connection must be made anew then. */
void nic_tap_replace(struct nic *n);

/* Handles an event of rtnetlink, as taplink_event(). For a device that was deleted a new one
 * is made, and the connection is made anew with it. */
MUST_CHECK bool nic_tap_event(struct nic *n, const struct link_event *ev);

/* Sets the carrier: up while we are attached, unless the backend's key says down. */
void nic_tap_carrier(struct nic *n);

/* Applies the toolstack's mac and mtu where they have changed; absent ones are
 * left alone. The MTU is no more than the backend takes. */
void nic_tap_fit(struct nic *n, const struct nic_conf *conf);

/* Gives the TAP the offloads that the backend takes. Returns 0 or -errno. */
MUST_CHECK int nic_tap_offloads(struct nic *n, const struct nic_conf *conf);

/* Returns what the TAP takes in an offload header, as a mask (tap_takes()). */
MUST_CHECK uint32_t nic_tap_takes(const struct nic *n);

/* Before the connection starts: has it announce the device's addresses. A device
 * that is down has nothing to announce: the kernel does so when it goes up. */
void nic_tap_announce(struct nic *n);

#endif
