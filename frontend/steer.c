/* SPDX-License-Identifier: MIT */
/* steer.c - which queue a frame goes out on (netif.h leaves it to the sender) */
#include "../common/flow.h"
#include "link.h"

struct nic_queue *nic_steer(const struct nic_link *l, const uint8_t *frame, uint32_t len)
{
	return l->conf.queues == 1 ? l->queue : &l->queue[flow_hash(frame, len) % l->conf.queues];
}
