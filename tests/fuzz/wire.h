/* SPDX-License-Identifier: MIT */
/* wire.h - a TAP without a kernel, for fuzz-back and fuzz-front: a socket pair, whose far end is the
 * network's
 */
#ifndef NETPAIR_FUZZ_WIRE_H
#define NETPAIR_FUZZ_WIRE_H

#include <linux/virtio_net.h>
#include <stdint.h>

/* The connection's end of the TAP, and the descriptor that wakes its control thread. */
extern int wire_tap, wire_control;

/* Frames that came out of the far end; the target sets it back. */
extern uint64_t wire_frames;

void wire_open(void);
void wire_close(void);

/* Takes what the connection put into the TAP; promises that it is frames. */
void wire_drain(void);

/* Sends a frame of the input's into the TAP. Returns its length in bytes, or 0 if the TAP is full; hdr is
 * its header. */
uint32_t wire_send(struct virtio_net_hdr *hdr);

#endif
