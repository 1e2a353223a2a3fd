/* SPDX-License-Identifier: MIT */
/* steer.c - which queue a frame goes out on (netif.h leaves it to the sender) */
#include "common/wire/flow.h"
#include "conn_internal.h"
#include "steer.h"

struct nic_queue *nic_steer(const struct nic_conn *conn, const uint8_t *frame, uint32_t len)
{
	return conn->conf.queues == 1 ? conn->queue : &conn->queue[flow_hash(frame, len) % conn->conf.queues];
}
