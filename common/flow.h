/* SPDX-License-Identifier: MIT */
/* flow.h - a number for the flow that a frame belongs to */
#ifndef NETPAIR_FLOW_H
#define NETPAIR_FLOW_H

#include <stddef.h>
#include <stdint.h>

/* The same for all frames of one flow (addresses, and ports of what is no
 * fragment), whatever else they hold; 0 for what is not IP. */
uint32_t flow_hash(const uint8_t *frame, size_t len);

#endif
