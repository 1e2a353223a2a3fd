/* SPDX-License-Identifier: MIT */
/* wire.h - a TAP without a kernel, for fuzz-back and fuzz-front: a socket pair, of which the connection
 * has one end and the target the other
 */
#ifndef NETPAIR_FUZZ_WIRE_H
#define NETPAIR_FUZZ_WIRE_H

#include <linux/virtio_net.h>
#include <stdint.h>

/* The connection's end of the TAP, and the descriptor that wakes its control thread. */
extern int wire_tap, wire_control;

/* The number of frames that the connection wrote. The target resets it. */
extern uint64_t wire_frames;

void wire_open(void);
void wire_close(void);

/* Takes what the connection wrote to the TAP, and checks that it is frames. */
void wire_drain(void);

/* Sends a frame from the input to the connection. *hdr is its header. Returns its length in bytes, or 0
 * if the TAP is full. */
uint32_t wire_send(struct virtio_net_hdr *hdr);

#endif
