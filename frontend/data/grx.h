/* SPDX-License-Identifier: MIT */
/* grx.h - guest receive: packets of a grx ring to the TAP */
#ifndef NETPAIR_FRONTEND_GRX_H
#define NETPAIR_FRONTEND_GRX_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "common/base/util.h"
#include "common/wire/capring.h"
#include "common/wire/frame.h"

struct nic_queue;

/* A packet in a burst: what must stay valid until the burst is written. */
struct nic_send {
	uint32_t len;			/* bytes of the frame */
	struct capring_record rec;	/* it and runs only while somebody captures */
	unsigned int runs;		/* of iov */
	ssize_t put;
	struct frame_head head;
	struct iovec iov[1 + PKT_SLOTS_FATAL];
};

/* Moves at most one batch of packets. Returns how many it moved or dropped. May
 * fault the worker. */
MUST_CHECK unsigned int nic_grx_run(struct nic_queue *q);

#endif
