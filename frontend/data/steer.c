/* SPDX-License-Identifier: MIT */
/* steer.c - which queue a frame goes out on (netif.h leaves it to the sender) */
#include "common/wire/flow.h"
#include "conn_internal.h"
#include "steer.h"

struct nic_queue *nic_steer(const struct nic_conn *l, const uint8_t *frame, uint32_t len)
{
	return l->conf.queues == 1 ? l->queue : &l->queue[flow_hash(frame, len) % l->conf.queues];
}
