/* SPDX-License-Identifier: MIT */
/* steer.h - which queue a frame goes out on */
#ifndef NETPAIR_FRONTEND_STEER_H
#define NETPAIR_FRONTEND_STEER_H

#include <stdint.h>

struct nic_conn;
struct nic_queue;

/* Returns the queue for a frame of len bytes. All frames of a flow have the same queue. */
struct nic_queue *nic_steer(const struct nic_conn *conn, const uint8_t *frame, uint32_t len);

#endif
