/* SPDX-License-Identifier: MIT */
/* flow.h - a hash of the flow that a frame belongs to */
#ifndef NETPAIR_FLOW_H
#define NETPAIR_FLOW_H

#include <stddef.h>
#include <stdint.h>

/* Returns a hash of the IP addresses and, unless the frame is a fragment, of the
 * ports: it is the same for all frames of one flow. 0: the frame is not IP. */
uint32_t flow_hash(const uint8_t *frame, size_t len);

#endif
